// The journal: what is written byte for byte and when, rotation, writes that
// fail, going on with a file that is there.
#include "persistence/journal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/process.h"
#include "unit/node.h"
#include "unit/syncs.h"

namespace klh::test {
namespace {

const std::string kHeader = "# klh 1 journal-1.klh follows nothing\n";
const std::string kFirst = "SET name Alice ~F44BDCED\n";
const std::string kSecond = "RPUSH list a%20b % ~0E9CF582\n";

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    EXPECT_EQ(journal_.prepare(1, std::string(kNothing)).text(), "");
    EXPECT_EQ(journal_.take_prepared().text(), "");
  }

  void append(std::initializer_list<std::string_view> words) {
    journal_.append(std::vector<std::string_view>(words));
  }
  void append_first() { append({"SET", "name", "Alice"}); }
  void append_second() { append({"RPUSH", "list", "a b", ""}); }

  std::string path(const std::string& name) const {
    return scratch_.path() + "/" + name;
  }
  std::string content(int number = 1) const {
    return read_file(path("journal-" + std::to_string(number) + ".klh"));
  }
  Files files() const { return files_in(scratch_.path()); }

  TemporaryDirectory scratch_;
  DataDirectory directory_{scratch_.path()};
  Journal journal_{directory_};
};

TEST_F(JournalTest, IsWrittenByteForByteAsTheFormatSays) {
  append_first();
  append_second();
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(content(), kHeader + kFirst + kSecond);
  EXPECT_EQ(journal_.size(), content().size());
  EXPECT_EQ(journal_.number(), 1u);
}

TEST_F(JournalTest, IsWrittenAtACommitAndNotBefore) {
  append_first();
  EXPECT_EQ(content(), kHeader);
  EXPECT_EQ(journal_.pending_size(), kFirst.size());
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(content(), kHeader + kFirst);
  EXPECT_EQ(journal_.pending_size(), 0u);
  EXPECT_TRUE(journal_.commit());  // of nothing
  EXPECT_EQ(content(), kHeader + kFirst);
}

TEST_F(JournalTest, IsMadeUnderItsUnfinishedName) {
  EXPECT_EQ(journal_.prepare(2, "journal-1.klh").text(), "");
  EXPECT_EQ(files(),
            (Files{{"journal-1.klh", kHeader},
                   {"journal-2.klh.tmp",
                    "# klh 1 journal-2.klh follows journal-1.klh\n"}}));
  EXPECT_EQ(journal_.number(), 1u);
  EXPECT_EQ(journal_.take_prepared().text(), "");
  EXPECT_EQ(journal_.number(), 2u);
  EXPECT_EQ(files().count("journal-2.klh"), 1u);
}

TEST_F(JournalTest, IsClosedByTheNameOfTheNext) {
  append_first();
  EXPECT_EQ(journal_.rotate().text(),
            "");  // what is pending belongs to the old one
  append_first();
  EXPECT_EQ(journal_.rotate().text(), "");
  EXPECT_EQ(journal_.finish().text(), "");
  EXPECT_EQ(files(), (Files{{"journal-1.klh", kHeader + kFirst +
                                                  "# next journal-2.klh "
                                                  "~57C9101C\n"},
                            {"journal-2.klh",
                             "# klh 1 journal-2.klh follows journal-1.klh\n"
                             "SET name Alice ~B5A410F1\n"
                             "# next journal-3.klh ~61400B45\n"},
                            {"journal-3.klh",
                             "# klh 1 journal-3.klh follows "
                             "journal-2.klh\n"}}));
}

TEST_F(JournalTest, GoesOnWhereAnotherHasStopped) {
  append_first();
  EXPECT_EQ(journal_.finish().text(), "");
  const uint64_t size = content().size();
  write_file(path("journal-1.klh"), content() + "RPUSH li");
  Journal next(directory_);
  EXPECT_EQ(next.resume(1, size, 0xF44BDCED).text(), "");
  EXPECT_EQ(content(), kHeader + kFirst) << "the torn end is cut off";
  const std::string_view words[] = {"RPUSH", "list", "a b", ""};
  next.append(words);
  EXPECT_TRUE(next.commit());
  EXPECT_EQ(content(), kHeader + kFirst + kSecond);
}

TEST_F(JournalTest, WhatIsDroppedIsNotWritten) {
  append_second();
  journal_.drop_pending(2, "dump-2.klh");
  EXPECT_EQ(journal_.prepare(2, "dump-2.klh").text(), "");
  append_first();  // while the dump is written
  EXPECT_EQ(journal_.take_prepared().text(), "");
  append_second();
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(content(1), kHeader);
  EXPECT_EQ(content(2),
            "# klh 1 journal-2.klh follows dump-2.klh\n"
            "SET name Alice ~FD161384\n"
            "RPUSH list a%20b % ~1A925BDF\n");
}

// None at all, in the middle of a line, at its end.
TEST_F(JournalTest, AWriteThatFailsIsTriedAgain) {
  const std::string whole = kHeader + kFirst + kSecond;
  for (const size_t room : {size_t{0}, size_t{7}, kFirst.size()}) {
    TemporaryDirectory scratch;
    const DataDirectory directory(scratch.path());
    Journal journal(directory);
    ASSERT_EQ(journal.prepare(1, std::string(kNothing)).text(), "");
    ASSERT_EQ(journal.take_prepared().text(), "");
    const std::string name = scratch.path() + "/journal-1.klh";
    const std::string complaint = "write " + name + ": File too large";
    std::optional<FileSizeLimit> full(kHeader.size() + room);
    const std::string_view first[] = {"SET", "name", "Alice"};
    const std::string_view second[] = {"RPUSH", "list", "a b", ""};
    journal.append(first);
    journal.append(second);
    EXPECT_FALSE(journal.commit());
    EXPECT_EQ(journal.failure().text(), complaint);
    EXPECT_FALSE(journal.has_lost_data());
    EXPECT_EQ(read_file(name), whole.substr(0, kHeader.size() + room));
    EXPECT_FALSE(journal.commit()) << "until tick() has tried";
    EXPECT_EQ(journal.rotate().text(), complaint);

    EXPECT_EQ(journal.tick(5000), 6000);  // no better
    EXPECT_TRUE(journal.has_failed());
    full.reset();
    EXPECT_EQ(journal.tick(5999), 6999);  // too early
    EXPECT_TRUE(journal.has_failed());
    journal.tick(6000);
    EXPECT_FALSE(journal.has_failed());
    EXPECT_TRUE(journal.commit());
    EXPECT_EQ(read_file(name), whole);
  }
}

TEST_F(JournalTest, FinishTriesOnceMore) {
  append_first();
  {
    const FileSizeLimit full(kHeader.size() + 3);
    EXPECT_FALSE(journal_.commit());
    EXPECT_EQ(journal_.finish().text(),
              "write " + path("journal-1.klh") + ": File too large");
  }
  EXPECT_EQ(journal_.finish().text(), "");
  EXPECT_EQ(content(), kHeader + kFirst);
}

// The file stays in use, and has no end.
TEST_F(JournalTest, ARotationThatFailsCostsNothing) {
  append_first();
  EXPECT_TRUE(journal_.commit());
  const std::string next = "# klh 1 journal-2.klh follows journal-1.klh\n";
  {
    const FileSizeLimit full(10);
    EXPECT_EQ(journal_.rotate().text(),
              path("journal-2.klh.tmp") + ": File too large");
    EXPECT_EQ(files().size(), 1u);
  }
  {
    // Room for the header of the next, not for the end of this one.
    ASSERT_GT(content().size() + 5, next.size());
    const FileSizeLimit full(content().size() + 5);
    EXPECT_EQ(journal_.rotate().text(),
              "write " + path("journal-1.klh") + ": File too large");
  }
  EXPECT_EQ(content(), kHeader + kFirst);
  EXPECT_FALSE(journal_.has_failed());
  std::filesystem::create_directory(path("journal-2.klh"));
  EXPECT_TRUE(journal_.rotate().text().starts_with("rename ")) << content();
  EXPECT_EQ(content(), kHeader + kFirst) << "the end is taken back";
  std::filesystem::remove(path("journal-2.klh"));
  append_second();
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(content(), kHeader + kFirst + kSecond);
  EXPECT_EQ(journal_.rotate().text(), "");
  EXPECT_EQ(content(2), next);
}

// When tick() wants to be called again says what it has to do.
TEST_F(JournalTest, IsSyncedOnceASecond) {
  EXPECT_EQ(journal_.tick(10'000), INT64_MAX);  // nothing to sync
  append_first();
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(journal_.tick(10'000), 11'000);  // begun
  while (journal_.is_syncing()) continue;
  EXPECT_EQ(journal_.tick(10'100), INT64_MAX);
  append_second();
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(journal_.tick(10'400), 11'000);  // not yet
  EXPECT_EQ(journal_.tick(11'000), 12'000);
  while (journal_.is_syncing()) continue;
  EXPECT_TRUE(journal_.commit());
  EXPECT_EQ(journal_.tick(11'000), INT64_MAX);
  EXPECT_FALSE(journal_.has_failed());
}

// A crash may come before the loop looks.
TEST_F(JournalTest, TheThreadNotesASyncThatFails) {
  append_first();
  EXPECT_TRUE(journal_.commit());
  next_sync_error = EIO;
  journal_.tick(10'000);
  while (journal_.is_syncing()) continue;
  EXPECT_EQ(files().count("sync-failed"), 1u);
  EXPECT_FALSE(journal_.has_failed());
  EXPECT_FALSE(journal_.commit());
  EXPECT_TRUE(journal_.has_lost_data());
  EXPECT_EQ(read_file(path("sync-failed")),
            "fsync " + path("journal-1.klh") +
                ": Input/output error\nThe next start writes a new dump.\n");
}

TEST_F(JournalTest, IsSyncedByOthersUnderTheOtherPolicies) {
  for (const SyncPolicy policy : {SyncPolicy::always, SyncPolicy::no}) {
    journal_.set_policy(policy);
    append_first();
    EXPECT_TRUE(journal_.commit());
    EXPECT_EQ(journal_.tick(10'000), INT64_MAX);
    EXPECT_FALSE(journal_.is_syncing());
  }
}

}  // namespace
}  // namespace klh::test
