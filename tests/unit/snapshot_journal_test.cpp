// Snapshots beside a journal: which files there are at each step, what is left
// when one fails, what a failed sync is made good for by.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "harness/process.h"
#include "unit/node.h"

namespace klh::test {
namespace {

class SnapshotJournal : public testing::Test {
 protected:
  using Names = std::set<std::string>;

  SnapshotJournal() { EXPECT_EQ(node_->start(), ""); }

  Names names() const { return names_in(path()); }
  const std::string& path() const { return directory_.path(); }
  std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }
  std::string run(const Words& words) { return node_->run(words); }

  // Until changes go to the next journal and a child writes the dump.
  void begin() {
    ASSERT_EQ(node_->snapshots().start(node_->store()).text(), "");
    while (node_->snapshots().is_rotating()) {
      const auto outcome = node_->snapshots().poll(node_->store());
      ASSERT_FALSE(outcome) << outcome->text();
    }
  }

  // Until the child has ended; what went wrong.
  std::string wait() {
    for (;;) {
      if (const auto outcome = node_->snapshots().poll(node_->store())) {
        return outcome->text();
      }
    }
  }
  // What a start finds, whatever it is that we hold.
  void restart() {
    const Contents before = node_->contents();
    node_.reset();
    node_.emplace(path());
    ASSERT_EQ(node_->start(), "");
    EXPECT_EQ(node_->contents(), before);
  }

  TemporaryDirectory directory_;
  std::optional<Node> node_{std::in_place, path()};
};

TEST_F(SnapshotJournal, BeginsBesideAnEmptyDump) {
  EXPECT_EQ(
      files_in(path()),
      (Files{{"dump-1.klh", "# klh 1 journal-1.klh\n# end 0 FFA3EB49\n"},
             {"journal-1.klh", "# klh 1 journal-1.klh follows nothing\n"}}));
}

TEST_F(SnapshotJournal, BeginsBesideADumpWrittenByHand) {
  node_.reset();
  put_files(path(), {{"dump-4.klh", "K a 1\n"}});
  node_.emplace(path());
  ASSERT_EQ(node_->start(), "");
  EXPECT_EQ(
      files_in(path()),
      (Files{{"dump-4.klh", "K a 1\n"},
             {"journal-4.klh", "# klh 1 journal-4.klh follows dump-4.klh\n"}}));
  run({"APPEND", "a", "2"});
  restart();
}

TEST_F(SnapshotJournal, ChangesGoToTheNextFromTheMomentItIsBegun) {
  run({"SET", "a", "1"});
  begin();
  EXPECT_EQ(names().count("journal-2.klh"), 1u);
  run({"APPEND", "a", "2"});
  EXPECT_EQ(wait(), "");
  EXPECT_EQ(names(), (Names{"dump-2.klh", "journal-2.klh"}));
  EXPECT_EQ(node_->snapshots().dump_size(),
            std::filesystem::file_size(path("dump-2.klh")));
  restart();
  EXPECT_EQ(node_->loaded().changes, 1u);
}

TEST_F(SnapshotJournal, OneThatIsGivenUpCostsOnlyANumber) {
  run({"SET", "a", "1"});
  for (int i = 0; i < 3; ++i) {
    begin();
    run({"APPEND", "a", "2"});
    node_->snapshots().cancel();
    EXPECT_FALSE(node_->snapshots().is_running());
  }
  EXPECT_EQ(names(), (Names{"dump-1.klh", "journal-1.klh", "journal-2.klh",
                            "journal-3.klh", "journal-4.klh"}));
  restart();
  ASSERT_EQ(node_->snapshots().save(node_->store()).text(), "");
  EXPECT_EQ(names(), (Names{"dump-5.klh", "journal-5.klh"}));
  restart();
}

TEST_F(SnapshotJournal, OneThatCannotBeRenamedIsTold) {
  for (int i = 0; i < 1000; ++i) run({"SET", std::to_string(i), "x"});
  std::filesystem::create_directory(path("dump-2.klh"));
  begin();
  EXPECT_TRUE(wait().starts_with("rename " + path("dump-2.klh.tmp")));
  std::filesystem::remove(path("dump-2.klh"));
  restart();
  ASSERT_EQ(node_->snapshots().save(node_->store()).text(), "");
  restart();
}

TEST_F(SnapshotJournal, LeftOversOfOlderNumbersAreRemoved) {
  node_.reset();
  put_files(path(), {{"dump-4.klh", "K a 1\n"},
                     {"dump-3.klh", "old"},
                     {"journal-3.klh", "old"},
                     {"journal-2.klh.tmp", "old"},
                     {"dump-4.klh.tmp", "old"},
                     {"dump-2.klh.damaged", "kept"},
                     {"dump-3.klh.repaired", "kept"},
                     {"notes", "kept"}});
  node_.emplace(path());
  ASSERT_EQ(node_->start(), "");
  EXPECT_EQ(names().size(), 9u) << "a start removes nothing";
  ASSERT_EQ(node_->snapshots().save(node_->store()).text(), "");
  EXPECT_EQ(names(), (Names{"dump-5.klh", "journal-5.klh", "notes",
                            "dump-2.klh.damaged", "dump-3.klh.repaired"}));
}

// A pipe cannot be synced: its end is put where the journal's file was.
TEST_F(SnapshotJournal, AFailedSyncIsMadeGoodForByADump) {
  run({"SET", "a", "1"});
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor reads(ends[0]);
  const FileDescriptor writes(ends[1]);
  for (const auto& each :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(each.path(), error);
    if (target.filename() != "journal-1.klh") continue;
    const int fd = std::stoi(each.path().filename().string());
    ASSERT_EQ(dup2(writes.get(), fd), fd);
  }
  node_->journal().set_policy(SyncPolicy::always);
  run({"SET", "b", "2"});
  EXPECT_TRUE(node_->journal().has_lost_data());
  EXPECT_EQ(node_->journal().failure().text(),
            "fsync " + path("journal-1.klh") + ": Invalid argument");
  EXPECT_EQ(node_->journal().tick(10'000), INT64_MAX);
  EXPECT_FALSE(node_->journal().commit());

  begin();
  EXPECT_EQ(names(), (Names{"dump-1.klh", "journal-1.klh", "dump-3.klh.tmp",
                            "sync-failed"}));
  run({"SET", "c", "3"});  // waits for the new file
  EXPECT_EQ(wait(), "");
  EXPECT_FALSE(node_->journal().has_lost_data());
  EXPECT_TRUE(node_->journal().commit());
  EXPECT_EQ(names(), (Names{"dump-3.klh", "journal-3.klh"}));
  run({"SET", "d", "4"});
  restart();
  EXPECT_EQ(node_->loaded().changes, 2u);
}

// The one who found it has been killed before the dump was complete.
TEST_F(SnapshotJournal, AStartMakesGoodForAFailedSyncBeforeIt) {
  run({"SET", "a", "1"});
  write_file(path("sync-failed"), "");
  restart();
  EXPECT_EQ(names(), (Names{"dump-3.klh", "journal-3.klh"}));
  EXPECT_FALSE(node_->journal().has_lost_data());
  run({"SET", "b", "2"});
  restart();
  EXPECT_EQ(node_->loaded().changes, 1u);
  EXPECT_EQ(node_->store().size(), 2u);
}

// Nor is it served what may not be there tomorrow.
TEST_F(SnapshotJournal, AStartThatCannotMakeGoodForItIsRefused) {
  run({"SET", "a", "1"});
  node_.reset();
  write_file(path("sync-failed"), "");
  node_.emplace(path());
  const FileSizeLimit full(10);
  EXPECT_EQ(node_->start(),
            "write " + path("dump-3.klh.tmp") + ": File too large");
  EXPECT_EQ(names(), (Names{"dump-1.klh", "journal-1.klh", "sync-failed"}));
}

}  // namespace
}  // namespace klh::test
