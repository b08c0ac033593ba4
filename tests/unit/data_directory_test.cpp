// Names of files, and what is done to them.
#include "persistence/data_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "harness/process.h"
#include "unit/node.h"

namespace klh::test {
namespace {

TEST(FileName, IsReadAsItIsWritten) {
  for (const uint64_t number : {uint64_t{1}, uint64_t{10}, UINT64_MAX}) {
    const std::string name = file_name(FileKind::journal, number);
    EXPECT_EQ(number_in(name, FileKind::journal), number);
    EXPECT_EQ(number_in(name, FileKind::dump), std::nullopt);
    EXPECT_EQ(number_in(unfinished(name), FileKind::journal), std::nullopt);
  }
  EXPECT_EQ(file_name(FileKind::dump, 7), "dump-7.klh");
  EXPECT_EQ(unfinished("dump-7.klh"), "dump-7.klh.tmp");
}

TEST(FileName, OthersAreNotOurs) {
  for (const std::string_view name :
       {"", "dump-", "dump-.klh", "dump-0.klh", "dump-01.klh", "dump-1.klh ",
        "dump-1.klh.repaired", "dump--1.klh", "dump-1", "Dump-1.klh",
        "dump-18446744073709551616.klh"}) {
    EXPECT_EQ(number_in(name, FileKind::dump), std::nullopt) << name;
  }
}

class DataDirectoryTest : public testing::Test {
 protected:
  using Use = DataDirectory::Use;
  const std::string& path() const { return scratch_.path(); }
  TemporaryDirectory scratch_;
};

TEST_F(DataDirectoryTest, MakesWritesAndNamesFiles) {
  const DataDirectory directory(path());
  Buffer bytes;
  bytes.append("content");
  EXPECT_TRUE(write_all(directory.create("a.tmp").get(), bytes));
  EXPECT_TRUE(bytes.empty());
  EXPECT_TRUE(directory.finish("a"));
  EXPECT_TRUE(directory.sync());
  EXPECT_EQ(files_in(path()), (Files{{"a", "content"}}));
  bytes.append(" more");
  EXPECT_TRUE(write_all(directory.open_to_append("a").get(), bytes));
  EXPECT_EQ(files_in(path()), (Files{{"a", "content more"}}));
  EXPECT_FALSE(directory.create_new("a").is_open());
  EXPECT_EQ(errno, EEXIST);
  EXPECT_TRUE(directory.create("a").is_open());
  EXPECT_EQ(files_in(path()), (Files{{"a", ""}}));
  EXPECT_TRUE(directory.remove("a"));
  EXPECT_FALSE(directory.remove("a"));
  EXPECT_FALSE(directory.finish("a"));
  EXPECT_FALSE(directory.open_to_read("a").is_open());
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(complaint_of("open a"), "open a: No such file or directory");
}

// Whoever still writes to the old file, a child of a server that was killed for
// instance, does not write to the new one.
TEST_F(DataDirectoryTest, CreatesAFileAnew) {
  const DataDirectory directory(path());
  const FileDescriptor old = directory.create("a");
  const FileDescriptor anew = directory.create("a");
  Buffer bytes;
  bytes.append("late");
  EXPECT_TRUE(write_all(old.get(), bytes));
  EXPECT_EQ(files_in(path()), (Files{{"a", ""}}));
}

TEST_F(DataDirectoryTest, BelongsToOneServerOrToThoseThatLook) {
  constexpr const char* kUsed = "^klh: directory .* is used by another server";
  {
    const DataDirectory server(path());
    EXPECT_EXIT(DataDirectory(path(), Use::check), testing::ExitedWithCode(1),
                kUsed);
    EXPECT_EXIT(DataDirectory(path(), Use::serve), testing::ExitedWithCode(1),
                kUsed);
  }
  const DataDirectory one(path(), Use::check);
  const DataDirectory two(path(), Use::check);
  EXPECT_EXIT(DataDirectory(path(), Use::serve), testing::ExitedWithCode(1),
              kUsed);
}

TEST_F(DataDirectoryTest, IsMadeToServeOnly) {
  EXPECT_EXIT(DataDirectory(path() + "/new", Use::check),
              testing::ExitedWithCode(1), "No such file or directory");
  const DataDirectory directory(path() + "/new");
  EXPECT_EQ(directory.names()->size(), 2u);  // . and ..
}

TEST_F(DataDirectoryTest, WritesThatFailKeepTheRest) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor reads(ends[0]);
  const FileDescriptor writes(ends[1]);
  ASSERT_TRUE(set_nonblocking(writes.get()));
  Buffer bytes;
  bytes.append(std::string(1'000'000, 'x'));
  EXPECT_FALSE(write_all(writes.get(), bytes));
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_GT(bytes.size(), 0u);
  EXPECT_LT(bytes.size(), 1'000'000u);
}

}  // namespace
}  // namespace klh::test
