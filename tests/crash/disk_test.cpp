// The disk of the tests of a power failure: does it keep what it must, and lose
// what it may? See disk.h.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "crash/crash_server.h"
#include "crash/disk.h"
#include "harness/process.h"

namespace klh::test {

namespace {

class DiskOfATest : public testing::Test {
 protected:
  using Files = std::map<std::string, std::string>;

  // What the steps leave on the disk if nothing survives that need not.
  Files after(const std::vector<std::string>& steps,
              Disk::Kindness kindness = Disk::Kindness::none) {
    Disk disk(data_, record_);
    run(disk, steps);
    disk.fail(kindness, random_);
    return files();
  }

  void run(const Disk& disk, const std::vector<std::string>& steps) {
    std::vector<std::string> command = {shim_probe(), data_};
    command.insert(command.end(), steps.begin(), steps.end());
    ProcessOptions options{.environment = disk.environment()};
    options.environment.push_back("LD_PRELOAD=" + shim("power_loss"));
    const Outcome outcome = run_program(command, "", options);
    ASSERT_TRUE(outcome.ending.with(0)) << outcome.errors;
  }

  Files files() const {
    Files files;
    for (const auto& each :
         std::filesystem::recursive_directory_iterator(data_)) {
      if (each.is_directory()) continue;
      std::ostringstream bytes;
      bytes << std::ifstream(each.path()).rdbuf();
      files[each.path().lexically_relative(data_)] = bytes.str();
    }
    return files;
  }

  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  const std::string record_ = directory_.path() + "/record";
  std::mt19937_64 random_{1};

 private:
  void SetUp() override { std::filesystem::create_directory(data_); }
};

TEST_F(DiskOfATest, KeepsWhatWasSynced) {
  EXPECT_EQ(after({"create:a", "write:a:12", "sync:a", "names"}),
            (Files{{"a", "12"}}));
  EXPECT_EQ(after({"create:b", "write:b:34", "sync:b", "names", "write:b:5"}),
            (Files{{"a", "12"}, {"b", "34"}}));
}

TEST_F(DiskOfATest, LosesContentOrNameOrBoth) {
  EXPECT_EQ(after({"create:a", "write:a:12", "names"}), (Files{{"a", ""}}));
  EXPECT_EQ(after({"create:b", "write:b:12", "sync:b"}), (Files{{"a", ""}}));
  EXPECT_EQ(after({"create:c", "write:c:12"}), (Files{{"a", ""}}));
}

TEST_F(DiskOfATest, UndoesChangesOfNames) {
  after({"create:a", "write:a:1", "sync:a", "names"});
  EXPECT_EQ(after({"rename:a:b"}), (Files{{"a", "1"}}));
  EXPECT_EQ(after({"remove:a"}), (Files{{"a", "1"}}));
  EXPECT_EQ(after({"create:b", "write:b:2", "sync:b", "rename:b:a"}),
            (Files{{"a", "1"}}));
  EXPECT_EQ(after({"rename:a:b", "names", "create:a", "write:a:3"}),
            (Files{{"b", "1"}}));
  EXPECT_EQ(after({"remove:b", "names"}), Files());
}

TEST_F(DiskOfATest, KnowsFilesThatAreCut) {
  EXPECT_EQ(after({"create:a", "write:a:123", "sync:a", "names", "cut:a:1",
                   "write:a:45"}),
            (Files{{"a", "1"}}));
  EXPECT_EQ(after({"create:a", "write:a:6", "sync:a"}), (Files{{"a", "6"}}));
  EXPECT_EQ(after({"create:a", "write:a:7"}), (Files{{"a", ""}}));
}

// As redis-server names its files, and by the calls that it uses.
TEST_F(DiskOfATest, KnowsDirectoriesBelow) {
  EXPECT_EQ(after({"make-below:d", "create-below:d/a", "write:d/a:12",
                   "sync:d/a", "names-below:d"}),
            Files());
  EXPECT_EQ(after({"make-below:d", "names-below:.", "create-below:d/a",
                   "write:d/a:12", "sync:d/a", "names-below:d", "write:d/a:3"}),
            (Files{{"d/a", "12"}}));
  EXPECT_EQ(after({"create-below:d/b", "write:d/b:4", "sync:d/b", "names"}),
            (Files{{"d/a", "12"}}));
  EXPECT_EQ(after({"remove-below:d/a", "names-below:."}),
            (Files{{"d/a", "12"}}));
  EXPECT_EQ(after({"cut-below:d/a:1"}), (Files{{"d/a", "1"}}));
  EXPECT_EQ(after({"remove-below:d/a", "names-below:d"}), Files());
}

TEST_F(DiskOfATest, KnowsFilesThatMoveBetweenDirectories) {
  after({"make-below:d", "names"});
  EXPECT_EQ(after({"stream-below:a", "write:a:1", "sync:a",
                   "rename-below:a:d/b", "names"}),
            (Files{{"d/b", "1"}}));
  EXPECT_EQ(after({"stream-below:c", "write:c:2", "sync:c",
                   "rename-below:c:d/b", "names-below:d"}),
            (Files{{"d/b", "2"}}));
}

// What is synced in one directory keeps what was done before in another, and
// of what is not synced nothing is kept without what was done before.
TEST_F(DiskOfATest, KeepsNamesInOrder) {
  EXPECT_EQ(after({"make-below:d", "create-below:d/a", "write:d/a:1",
                   "sync:d/a", "names-below:d"},
                  Disk::Kindness::in_order),
            (Files{{"d/a", "1"}}));
  std::map<size_t, int> counts;
  for (int i = 0; i < 50; ++i) {
    const Files found =
        after({"create:x", "create:y", "create:d/z"}, Disk::Kindness::in_order);
    ASSERT_TRUE(found.count("x") || !found.count("y"));
    ASSERT_TRUE(found.count("y") || !found.count("d/z"));
    ++counts[found.size()];
    std::filesystem::remove_all(data_ + "/x");
    std::filesystem::remove_all(data_ + "/y");
    std::filesystem::remove_all(data_ + "/d/z");
  }
  EXPECT_EQ(counts.size(), 4u);
}

// Of two unsynced bytes: none, one or both, or zeros; and one of the names.
TEST_F(DiskOfATest, KeepsMoreAtRandom) {
  std::map<std::string, int> contents;
  std::map<std::string, int> names;
  for (int i = 0; i < 200; ++i) {
    std::filesystem::remove_all(data_);
    std::filesystem::create_directory(data_);
    Disk disk(data_, record_);
    run(disk, {"create:a", "names", "write:a:12", "rename:a:b"});
    disk.fail(Disk::Kindness::any, random_);
    ASSERT_EQ(files().size(), 1u);
    ++names[files().begin()->first];
    ++contents[files().begin()->second];
  }
  const auto zeros = [](size_t count) { return std::string(count, '\0'); };
  for (const std::string& each :
       {std::string(), std::string("1"), std::string("12"), zeros(1), zeros(2),
        "1" + zeros(1)}) {
    EXPECT_GT(contents[each], 0) << each.size();
  }
  EXPECT_EQ(contents.size(), 6u);
  EXPECT_EQ(names.size(), 2u);
}

}  // namespace

}  // namespace klh::test
