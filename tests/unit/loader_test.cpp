// Which files a start reads, in which order, and what it says when one of them
// is missing, damaged or of another number.
#include "persistence/loader.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "harness/process.h"
#include "persistence/crc32c.h"
#include "persistence/effect.h"
#include "persistence/journal.h"
#include "unit/node.h"

namespace klh::test {
namespace {

std::string journal_name(int number) {
  return "journal-" + std::to_string(number) + ".klh";
}

// A dump that names its journal, with the one string "log".
std::string dump(int number, const std::string& log) {
  const std::string bytes =
      "# klh 1 " + journal_name(number) + "\nK log " + log + "\n";
  char footer[32];
  std::snprintf(footer, sizeof footer, "# end 1 %08X\n", crc32c(bytes));
  return bytes + footer;
}

// A journal that appends these letters to it, one by one.
std::string journal(int number, const std::string& follows,
                    const std::string& letters, bool has_next = false) {
  Buffer bytes;
  bytes.append(journal_header(static_cast<uint64_t>(number), follows));
  uint32_t checksum = crc32c(bytes.view());
  for (const char& letter : letters) {
    const std::string_view words[] = {"APPEND", "log", {&letter, 1}};
    checksum = append_effect(bytes, words, checksum);
  }
  if (has_next) {
    bytes.append(journal_end(static_cast<uint64_t>(number) + 1, checksum));
  }
  return std::string(bytes.view());
}

constexpr bool kClosed = true;

class LoaderTest : public testing::Test {
 protected:
  const std::string& path() const { return directory_.path(); }
  std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

  // What "log" is after a start on these files, or what is wrong.
  std::string log_of(const Files& files) {
    put_files(path(), files);
    const LoadOutcome outcome = load(path());
    EXPECT_EQ(files_in(path()), files) << "a load changes nothing";
    loaded_ = outcome.loaded;
    if (!outcome.complaint.empty()) {
      EXPECT_TRUE(outcome.complaint.starts_with(path())) << outcome.complaint;
      return outcome.complaint.substr(path().size() + 1);
    }
    const auto log = outcome.contents.find("log");
    return log == outcome.contents.end() ? "" : log->second;
  }

  TemporaryDirectory directory_;
  Loaded loaded_;
};

// "string 3:abc"
std::string text(const std::string& log) {
  return "string " + std::to_string(log.size()) + ":" + log;
}

// The lines of the table in snapshot.h, one after the other.
TEST_F(LoaderTest, FindsEverythingAtEachStepOfASnapshot) {
  const std::string old = journal(7, "dump-7.klh", "bc", kClosed);
  const std::string next = journal(8, "journal-7.klh", "d");
  EXPECT_EQ(log_of({{"dump-7.klh", dump(7, "a")},
                    {"journal-7.klh", journal(7, "dump-7.klh", "bc")}}),
            text("abc"));
  EXPECT_EQ(loaded_.journal, 7u);
  Files files = {{"dump-7.klh", dump(7, "a")},
                 {"journal-7.klh", old},
                 {"journal-8.klh", next}};
  EXPECT_EQ(log_of(files), text("abcd"));
  files["dump-8.klh.tmp"] = "# klh 1 journal-8.klh\nK lo";
  EXPECT_EQ(log_of(files), text("abcd"));
  EXPECT_EQ(loaded_.dump, 7u);
  files.erase("dump-8.klh.tmp");
  files["dump-8.klh"] = dump(8, "abc");
  EXPECT_EQ(log_of(files), text("abcd"));
  EXPECT_EQ(loaded_.dump, 8u);
  EXPECT_EQ(loaded_.journal, 8u);
  EXPECT_EQ(loaded_.changes, 1u);
  files.erase("dump-7.klh");
  EXPECT_EQ(log_of(files), text("abcd"));
  files.erase("journal-7.klh");
  EXPECT_EQ(log_of(files), text("abcd"));
  EXPECT_EQ(loaded_.journal_size, next.size());
  EXPECT_EQ(loaded_.total_bytes, next.size() + dump(8, "abc").size());
  EXPECT_EQ(loaded_.files.size(), 2u);
}

// What a power failure leaves of a rename that was not on the disk.
TEST_F(LoaderTest, FindsAJournalThatIsLedToByItsUnfinishedName) {
  Files files = {{"dump-7.klh", dump(7, "a")},
                 {"journal-7.klh", journal(7, "dump-7.klh", "b", kClosed)},
                 {"journal-8.klh.tmp", journal(8, "journal-7.klh", "c")}};
  EXPECT_EQ(log_of(files), text("abc"));
  EXPECT_EQ(loaded_.unfinished_journal, "journal-8.klh.tmp");
  EXPECT_EQ(log_of({{"dump-8.klh", dump(8, "ab")},
                    {"journal-8.klh.tmp", journal(8, "dump-8.klh", "c")}}),
            text("abc"));
  EXPECT_EQ(loaded_.unfinished_journal, "journal-8.klh.tmp");
  // Not one that was only prepared.
  files["journal-7.klh"] = journal(7, "dump-7.klh", "b");
  files["journal-8.klh.tmp"] = journal(8, "journal-7.klh", "");
  EXPECT_EQ(log_of(files), text("ab"));
  EXPECT_EQ(loaded_.journal, 7u);
}

TEST_F(LoaderTest, GoesOnInAJournalByItsUnfinishedName) {
  put_files(path(), {{"dump-7.klh", dump(7, "a")},
                     {"journal-7.klh", journal(7, "dump-7.klh", "b", kClosed)},
                     {"journal-8.klh.tmp", journal(8, "journal-7.klh", "c")}});
  {
    Node node(path());
    ASSERT_EQ(node.start(), "");
    EXPECT_EQ(node.run({"APPEND", "log", "d"}), ":4\r\n");
  }
  EXPECT_EQ(read_file(path("journal-8.klh")),
            journal(8, "journal-7.klh", "cd"));
  EXPECT_EQ(files_in(path()).size(), 3u);
}

TEST_F(LoaderTest, BeginsWithNothing) {
  EXPECT_EQ(log_of({}), "");
  EXPECT_EQ(loaded_.dump, 0u);
  EXPECT_EQ(loaded_.journal, 0u);
  EXPECT_EQ(log_of({{"journal-1.klh", journal(1, "nothing", "ab")}}),
            text("ab"));
  EXPECT_EQ(log_of({{"dump-1.klh", dump(1, "a")},
                    {"journal-1.klh", journal(1, "nothing", "b")}}),
            text("ab"));
}

TEST_F(LoaderTest, OlderFilesDoNotCount) {
  EXPECT_EQ(log_of({{"dump-6.klh", "damaged"},
                    {"journal-6.klh", "damaged"},
                    {"journal-5.klh.tmp", "damaged"},
                    {"dump-7.klh.tmp", "damaged"},
                    {"dump-7.klh", dump(7, "a")},
                    {"journal-7.klh", journal(7, "journal-6.klh", "b")}}),
            text("ab"));
}

TEST_F(LoaderTest, MissesWhatIsMissing) {
  const Files files = {
      {"dump-7.klh", dump(7, "a")},
      {"journal-7.klh", journal(7, "journal-6.klh", "b", kClosed)},
      {"journal-8.klh", journal(8, "journal-7.klh", "c", kClosed)},
      {"journal-9.klh", journal(9, "journal-8.klh", "d")}};
  EXPECT_EQ(log_of(files), text("abcd"));
  const auto without = [&](const std::string& name) {
    Files rest = files;
    rest.erase(name);
    return log_of(rest);
  };
  EXPECT_EQ(without("dump-7.klh"),
            "dump-7.klh: missing, journal-7.klh goes on where it ends");
  EXPECT_EQ(without("journal-7.klh"),
            "journal-7.klh: missing, dump-7.klh leads to it");
  EXPECT_EQ(without("journal-8.klh"),
            "journal-8.klh: missing, journal-7.klh leads to it");
  EXPECT_EQ(without("journal-9.klh"),
            "journal-9.klh: missing, journal-8.klh leads to it");
}

TEST_F(LoaderTest, MissesAnEnd) {
  EXPECT_EQ(log_of({{"dump-7.klh", dump(7, "a")},
                    {"journal-7.klh", journal(7, "dump-7.klh", "b")},
                    {"journal-8.klh", journal(8, "journal-7.klh", "c")}}),
            "journal-8.klh: journal-7.klh does not lead to it");
  EXPECT_EQ(log_of({{"dump-7.klh", dump(7, "a")},
                    {"journal-7.klh", journal(7, "dump-7.klh", "b")},
                    {"journal-8.klh.tmp", journal(8, "journal-7.klh", "c")}}),
            "journal-8.klh.tmp: journal-7.klh does not lead to it");
  EXPECT_EQ(log_of({{"dump-7.klh", "K log a\n"},
                    {"journal-8.klh", journal(8, "journal-7.klh", "c")}}),
            "journal-8.klh: dump-7.klh does not lead to it");
}

TEST_F(LoaderTest, RefusesAFileOfAnotherNumber) {
  EXPECT_EQ(log_of({{"dump-8.klh", dump(7, "a")},
                    {"journal-8.klh", journal(8, "dump-8.klh", "b")}}),
            "dump-8.klh:1: is dump-7.klh by its header; give it that name");
  EXPECT_EQ(
      log_of({{"dump-8.klh", dump(8, "a")},
              {"journal-8.klh", journal(7, "dump-7.klh", "b")}}),
      "journal-8.klh:1: is journal-7.klh by its header; give it that name");
}

TEST_F(LoaderTest, SaysInWhichLineWhatIsWrong) {
  const std::string header = "# klh 1 journal-7.klh follows dump-7.klh\n";
  const auto complaint = [&](const std::string& bytes) {
    const std::string whole =
        log_of({{"dump-7.klh", dump(7, "a")}, {"journal-7.klh", bytes}});
    const std::string begin = "journal-7.klh:";
    EXPECT_TRUE(whole.starts_with(begin)) << whole;
    return whole.substr(std::min(begin.size(), whole.size()));
  };
  const std::string no_header = "1: damaged: no header of this journal";
  const std::string no_fit = "2: damaged: the line does not fit its checksum";
  EXPECT_EQ(complaint(""), no_header);
  EXPECT_EQ(complaint("\n"), no_header);
  EXPECT_EQ(complaint(header.substr(0, header.size() - 1)), no_header);
  EXPECT_EQ(complaint("x" + header), no_header);
  EXPECT_EQ(complaint("# klh 1 journal-7.klh follows journal-3.klh\n"),
            "1: follows journal-3.klh, which is missing");
  EXPECT_EQ(complaint(header.substr(0, header.size() - 1) + "\r\n"),
            "1: the byte 0x0D at the end: the file was copied as text, and its "
            "lines ended in 0x0A alone");
  EXPECT_EQ(complaint("# klh 2" + header.substr(7)), no_header);
  EXPECT_EQ(complaint(header + header), no_fit);
  EXPECT_EQ(complaint(header + "\n"), "2: cut short: no checksum");
  EXPECT_EQ(complaint(header + "APPEND log b ~00000000\n"), no_fit);
  EXPECT_EQ(complaint(header + "# a comment, but not ours\n"), no_fit);
  const std::string closed = journal(7, "dump-7.klh", "b", kClosed);
  const std::string behind = "4: something stands behind the end";
  EXPECT_EQ(complaint(closed + "APPEND log c ~00000000\n"), behind);
  EXPECT_EQ(complaint(closed + "\n"), behind);
  EXPECT_EQ(complaint(closed + "x"), behind);

  const auto change = [&](std::initializer_list<std::string_view> words) {
    Buffer line;
    append_effect(line, std::vector<std::string_view>(words), crc32c(header));
    return complaint(header + std::string(line.view()));
  };
  EXPECT_EQ(change({"GET", "log"}), "2: not a change");
  EXPECT_EQ(change({"NOSUCH", "log"}), "2: not a change");
  EXPECT_EQ(change({""}), "2: not a change");
  EXPECT_EQ(change({"APPEND", "log"}), "2: not so many arguments");
  EXPECT_EQ(change({"LPUSH", "log", "x"}),
            "2: WRONGTYPE Operation against a key holding the wrong kind of "
            "value");
}

TEST_F(LoaderTest, ATornEndDoesNotCount) {
  const std::string whole = journal(7, "dump-7.klh", "b");
  for (const std::string& rest :
       {std::string("x"), std::string("APPEND log c ~0000000"),
        std::string(10, '\0'), std::string("# next journal-8")}) {
    EXPECT_EQ(
        log_of({{"dump-7.klh", dump(7, "a")}, {"journal-7.klh", whole + rest}}),
        text("ab"));
    EXPECT_EQ(loaded_.torn,
              path("journal-7.klh") + ":3: " + std::to_string(rest.size()) +
                  (rest[0] == '\0' ? " zeros" : " bytes of a line") +
                  " at the end, as a crash leaves them, do not count");
    EXPECT_EQ(loaded_.journal_size, whole.size());
  }
}

TEST_F(LoaderTest, GoesOnBehindATornEnd) {
  const std::string whole = journal(7, "dump-7.klh", "b");
  put_files(path(), {{"dump-7.klh", dump(7, "a")},
                     {"journal-7.klh", whole + "APPEND log x ~12"}});
  {
    Node node(path());
    ASSERT_EQ(node.start(), "");
    EXPECT_EQ(node.run({"APPEND", "log", "c"}), ":3\r\n");
  }
  EXPECT_EQ(read_file(path("journal-7.klh")), journal(7, "dump-7.klh", "bc"));
}

TEST_F(LoaderTest, LeavesRoomForTheNextNumber) {
  EXPECT_EQ(log_of({{"dump-18446744073709551614.klh", "K log a\n"}}),
            " no number is left for the next file");
}

}  // namespace
}  // namespace klh::test
