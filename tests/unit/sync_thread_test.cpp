// The thread that syncs.
#include "persistence/sync_thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "common/net.h"
#include "harness/process.h"

namespace klh::test {
namespace {

FileDescriptor some_file(const TemporaryDirectory& directory) {
  const std::string path = directory.path() + "/file";
  return FileDescriptor(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
}

TEST(SyncThread, IsIdleAtFirstAndNeedsNoWork) {
  SyncThread thread;
  EXPECT_FALSE(thread.is_busy());
  EXPECT_EQ(thread.wait(), 0);
}

TEST(SyncThread, SyncsAgainAndAgain) {
  const TemporaryDirectory directory;
  const FileDescriptor file = some_file(directory);
  SyncThread thread;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(write(file.get(), "x", 1), 1);
    thread.start(file.get());
    if (i % 2 == 0) {
      while (thread.is_busy()) continue;
    }
    ASSERT_EQ(thread.wait(), 0);
    ASSERT_FALSE(thread.is_busy());
  }
}

TEST(SyncThread, TellsWhatHasFailedUntilTheNext) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor reads(ends[0]);
  const FileDescriptor writes(ends[1]);
  const TemporaryDirectory directory;
  const FileDescriptor file = some_file(directory);
  SyncThread thread;
  thread.start(writes.get());
  EXPECT_EQ(thread.wait(), EINVAL);  // fsync(2): a pipe cannot be synced
  EXPECT_EQ(thread.wait(), EINVAL);
  thread.start(file.get());
  EXPECT_EQ(thread.wait(), 0);
}

TEST(SyncThread, FinishesWhatItHasBegun) {
  const TemporaryDirectory directory;
  const FileDescriptor file = some_file(directory);
  SyncThread thread;
  thread.start(file.get());
}

TEST(SyncThread, LeavesSignalsToTheOthers) {
  const TemporaryDirectory directory;
  const FileDescriptor file = some_file(directory);
  SyncThread thread;
  thread.start(file.get());
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0) << "ours is as it was";
  EXPECT_EQ(thread.wait(), 0);
}

}  // namespace
}  // namespace klh::test
