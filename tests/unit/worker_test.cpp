// The thread that does one job at a time.
#include "persistence/worker.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <thread>

namespace klh::test {
namespace {

TEST(Worker, IsIdleAtFirstAndNeedsNoWork) {
  Worker worker;
  EXPECT_FALSE(worker.is_busy());
  EXPECT_EQ(worker.wait(), 0);
}

TEST(Worker, WorksAgainAndAgainBesideUs) {
  Worker worker;
  std::thread::id id;
  for (int i = 0; i < 200; ++i) {
    worker.start([&id] {
      id = std::this_thread::get_id();
      return 0;
    });
    if (i % 2 == 0) {
      while (worker.is_busy()) continue;
    }
    ASSERT_EQ(worker.wait(), 0);
    ASSERT_FALSE(worker.is_busy());
    ASSERT_NE(id, std::this_thread::get_id());
  }
}

TEST(Worker, TellsWhatHasFailedUntilTheNext) {
  Worker worker;
  worker.start([] { return EINVAL; });
  EXPECT_EQ(worker.wait(), EINVAL);
  EXPECT_EQ(worker.wait(), EINVAL);
  worker.start([] { return 0; });
  EXPECT_EQ(worker.wait(), 0);
}

TEST(Worker, FinishesWhatItHasBegun) {
  bool is_done = false;
  {
    Worker worker;
    worker.start([&is_done] {
      is_done = true;
      return 0;
    });
  }
  EXPECT_TRUE(is_done);
}

TEST(Worker, LeavesSignalsToTheOthers) {
  Worker worker;
  sigset_t theirs;
  worker.start([&theirs] { return pthread_sigmask(0, nullptr, &theirs); });
  ASSERT_EQ(worker.wait(), 0);
  EXPECT_EQ(sigismember(&theirs, SIGTERM), 1);
  sigset_t ours;
  pthread_sigmask(0, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGTERM), 0);
}

}  // namespace
}  // namespace klh::test
