// Dumps: what is written byte for byte, what is loaded, that no damage goes
// unnoticed, and that a save that fails costs nothing.
#include "persistence/snapshot.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/files.h"
#include "harness/process.h"
#include "persistence/crc32c.h"
#include "unit/dumps.h"

namespace klh {
namespace {

using test::Dumps;
using test::FileSizeLimit;
using test::names_in;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;

// A store as a value that can be compared: of each key its type and parts, of
// a hash sorted by field.
using Content = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> parts_of(const Entry& entry) {
  std::vector<std::string> parts = {std::string(name_of(entry.type()))};
  if (const String* const string = entry.value<String>()) {
    parts.emplace_back(string->view());
  } else if (const List* const list = entry.value<List>()) {
    for (size_t i = 0; i < list->size(); ++i) parts.emplace_back(list->at(i));
  } else if (const Hash* const hash = entry.value<Hash>()) {
    std::map<std::string, std::string> fields;
    hash->for_each([&](std::string_view name, std::string_view value) {
      fields.emplace(name, value);
    });
    for (const auto& [name, value] : fields) {
      parts.push_back(name);
      parts.push_back(value);
    }
  }
  return parts;
}

Content content_of(const Store& store) {
  Content content;
  store.for_each([&](const Entry& entry) {
    content.emplace(entry.key(), parts_of(entry));
  });
  return content;
}

// A dump as the format says: header, records, footer.
std::string dump_of(const std::vector<std::string>& records) {
  std::string bytes = "# klh 1\n";
  for (const std::string& record : records) bytes += record + "\n";
  char footer[64];
  std::snprintf(footer, sizeof footer, "# end %zu %08X\n", records.size(),
                crc32c(bytes));
  return bytes + footer;
}

void fill(Store& store) {
  store.set_string("name", "Alice");
  store.set_string("", "");
  store.set_string("a b%:\n\x01\x7f\xff", std::string("\0\r\n ", 4));
  List* const list = store.find_or_create<List>("color");
  for (const char* element : {"red", "", "%"}) list->push_tail(element);
  Hash* const hash = store.find_or_create<Hash>("user:100");
  hash->set("name", "prem");
  hash->set("a:b", "");
  hash->set("", ":");
}

class SnapshotTest : public testing::Test {
 protected:
  const std::string& path() const { return directory_.path(); }
  std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

  // What is wrong with a dump of these bytes, "LINE: REASON", or "".
  std::string complaint_about(std::string_view bytes) {
    write_file(path("dump-1.klh"), bytes);
    Store store;
    const std::string complaint = Dumps(path()).load(store);
    if (complaint.empty()) {
      loaded_ = content_of(store);
      return "";
    }
    const std::string file = path("dump-1.klh") + ":";
    EXPECT_TRUE(complaint.starts_with(file)) << complaint;
    return complaint.substr(std::min(file.size(), complaint.size()));
  }

  Content loaded_;

 private:
  TemporaryDirectory directory_;
};

TEST_F(SnapshotTest, NothingIsThereAtFirst) {
  Store store;
  Dumps snapshots(path());
  EXPECT_EQ(snapshots.load(store), "");
  EXPECT_EQ(store.size(), 0u);
  EXPECT_TRUE(names_in(path()).empty());
}

TEST_F(SnapshotTest, WhatWasSavedIsLoaded) {
  Store store;
  fill(store);
  ASSERT_EQ(Dumps(path()).save(store), "");
  Store loaded;
  ASSERT_EQ(Dumps(path()).load(loaded), "");
  EXPECT_EQ(content_of(loaded), content_of(store));
  EXPECT_EQ(loaded.size(), 5u);
}

TEST_F(SnapshotTest, IsWrittenByteForByteAsTheFormatSays) {
  Store store;
  store.find_or_create<Hash>("user:100")->set("a:b", "c d");
  ASSERT_EQ(Dumps(path()).save(store), "");
  EXPECT_EQ(read_file(path("dump-1.klh")), dump_of({"H user:100 a%3Ab:c%20d"}));
  struct stat status;
  ASSERT_EQ(stat(path("dump-1.klh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0022, 0u);  // nobody else may write it
}

TEST_F(SnapshotTest, OfNothingIsHeaderAndFooter) {
  const Store store;
  ASSERT_EQ(Dumps(path()).save(store), "");
  EXPECT_EQ(read_file(path("dump-1.klh")), dump_of({}));
  Store loaded;
  EXPECT_EQ(Dumps(path()).load(loaded), "");
}

// More than is written, and read, at once; lines that cross such borders, and
// one that is longer than both.
TEST_F(SnapshotTest, LargeDumpsAreLoaded) {
  Store store;
  std::mt19937 generator(1);
  for (int i = 0; i < 40'000; ++i) {
    store.set_string("key" + std::to_string(i),
                     std::string(generator() % 200, static_cast<char>(i)));
  }
  store.set_string("large", std::string(5'000'000, '\n'));
  ASSERT_EQ(Dumps(path()).save(store), "");
  Store loaded;
  ASSERT_EQ(Dumps(path()).load(loaded), "");
  EXPECT_TRUE(content_of(loaded) == content_of(store));
}

TEST_F(SnapshotTest, CutShortAnywhereIsRefused) {
  Store store;
  fill(store);
  ASSERT_EQ(Dumps(path()).save(store), "");
  const std::string dump = read_file(path("dump-1.klh"));
  for (size_t size = 0; size < dump.size(); ++size) {
    const std::string complaint = complaint_about(dump.substr(0, size));
    const auto lines = std::count(
        dump.begin(), dump.begin() + static_cast<ptrdiff_t>(size), '\n');
    const std::string line = std::to_string(lines + 1) + ": cut short: ";
    ASSERT_TRUE(complaint.starts_with(line))
        << "cut at " << size << ": " << complaint;
  }
  EXPECT_EQ(complaint_about(dump), "");
}

TEST_F(SnapshotTest, AnyBitThatIsFlippedIsNoticed) {
  Store store;
  fill(store);
  ASSERT_EQ(Dumps(path()).save(store), "");
  const std::string dump = read_file(path("dump-1.klh"));
  for (size_t i = 0; i < dump.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = dump;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ASSERT_NE(complaint_about(damaged), "") << "bit " << bit << " of " << i;
    }
  }
}

TEST_F(SnapshotTest, AnyByteThatIsMissingOrTooManyIsNoticed) {
  const std::string dump =
      dump_of({"K a b", "L color red blue", "H h a:b c:%20"});
  ASSERT_EQ(complaint_about(dump), "");
  for (size_t i = 0; i < dump.size(); ++i) {
    std::string damaged = dump;
    damaged.erase(i, 1);
    ASSERT_NE(complaint_about(damaged), "") << "without byte " << i;
    for (const char byte : {'\n', '0', ' ', '#'}) {
      damaged = dump;
      damaged.insert(i, 1, byte);
      ASSERT_NE(complaint_about(damaged), "") << byte << " before " << i;
    }
  }
}

// What a power loss leaves of a file whose bytes were not written in time.
TEST_F(SnapshotTest, ZerosUpToTheEndAreNoticed) {
  Store store;
  fill(store);
  ASSERT_EQ(Dumps(path()).save(store), "");
  const std::string dump = read_file(path("dump-1.klh"));
  for (size_t begin = 0; begin < dump.size(); ++begin) {
    std::string damaged = dump;
    damaged.replace(begin, dump.size() - begin, dump.size() - begin, '\0');
    ASSERT_NE(complaint_about(damaged), "") << "from " << begin;
  }
}

constexpr std::string_view kByHand =
    "K name Alice\nL color red blue orange\nH user:100 name:prem age:21\n";

TEST_F(SnapshotTest, AFileWrittenByHandIsLoaded) {
  const Content expected = {
      {"name", {"string", "Alice"}},
      {"color", {"list", "red", "blue", "orange"}},
      {"user:100", {"hash", "age", "21", "name", "prem"}}};
  ASSERT_EQ(complaint_about(kByHand), "");
  EXPECT_EQ(loaded_, expected);
  ASSERT_EQ(complaint_about(kByHand.substr(0, kByHand.size() - 1)), "");
  EXPECT_EQ(loaded_, expected);
  ASSERT_EQ(complaint_about("# mine\n" + std::string(kByHand) + "# so far\n#"),
            "");
  EXPECT_EQ(loaded_, expected);
}

constexpr const char* kBadHeader =
    "1: a header, but not '# klh 1' or '# klh 1 journal-N.klh'";

TEST_F(SnapshotTest, SaysInWhichLineWhatIsWrong) {
  const std::string first = "K name Alice\n";
  EXPECT_EQ(complaint_about(first + "L color\n"), "2: no elements");
  EXPECT_EQ(complaint_about(first + "\n"),
            "2: a record begins with K, L, H, Z or E and a space");
  EXPECT_EQ(complaint_about(first + "# comment\nX y"),
            "3: a record begins with K, L, H, Z or E and a space");
  EXPECT_EQ(complaint_about(first + first), "2: the key is there already");
  EXPECT_EQ(complaint_about("K name Alice\r\n"),
            "1: byte 0x0D must be written %0D");
  EXPECT_EQ(complaint_about("# klh 1\r\nK name Alice\r\n"),
            "1: the byte 0x0D at the end: the file was copied as text, and its "
            "lines ended in 0x0A alone");
  EXPECT_EQ(complaint_about("# klh 2\nK name Alice\n"), kBadHeader);
  EXPECT_EQ(complaint_about("K name Alice\r\n"),
            "1: byte 0x0D must be written %0D");
  EXPECT_EQ(complaint_about("\xEF\xBB\xBFK name Alice\n"),
            "1: a record begins with K, L, H, Z or E and a space");
}

TEST_F(SnapshotTest, HeaderAndFooterStandTogether) {
  const std::string dump = dump_of({"K name Alice"});
  const std::string no_footer = "# klh 1\nK name Alice\n";
  EXPECT_EQ(complaint_about(no_footer),
            "3: cut short: the footer '# end ...' is missing");
  EXPECT_EQ(complaint_about(dump.substr(8)),
            "2: a footer, but the file has no header '# klh 1'");
  EXPECT_EQ(complaint_about(dump + "K more 1\n"),
            "4: something stands behind the footer");
  EXPECT_EQ(complaint_about(dump + "\n"),
            "4: something stands behind the footer");
  EXPECT_EQ(complaint_about(dump + "x"),
            "4: something stands behind the footer");
  EXPECT_EQ(complaint_about(dump + dump),
            "4: something stands behind the footer");
  EXPECT_EQ(complaint_about("# klh 1\n# end 0 00000000\n"),
            "2: damaged: the content does not fit its footer");
}

TEST_F(SnapshotTest, AnEmptyFileIsRefused) {
  EXPECT_EQ(complaint_about(""), "1: cut short: no header and no record");
}

TEST_F(SnapshotTest, AnUnreadableFileIsRefused) {
  std::filesystem::create_directory(path("dump-1.klh"));
  Store store;
  const std::string complaint = Dumps(path()).load(store);
  EXPECT_TRUE(complaint.starts_with(path("dump-1.klh") + ":")) << complaint;
  EXPECT_NE(complaint.find("not a regular file"), complaint.npos) << complaint;
}

TEST_F(SnapshotTest, ALinkToNowhereIsRefused) {
  std::filesystem::create_symlink(path("gone"), path("dump-1.klh"));
  Store store;
  EXPECT_EQ(Dumps(path()).load(store),
            path("dump-1.klh") + ": No such file or directory");
}

TEST_F(SnapshotTest, TheHighestNumberWins) {
  for (const int number : {1, 2, 9, 10}) {
    write_file(path("dump-" + std::to_string(number) + ".klh"),
               "K number " + std::to_string(number) + "\n");
  }
  Store store;
  ASSERT_EQ(Dumps(path()).load(store), "");
  EXPECT_EQ(content_of(store), (Content{{"number", {"string", "10"}}}));
}

TEST_F(SnapshotTest, OtherFilesAreLeftAlone) {
  const std::set<std::string> others = {
      "dump-.klh",   "dump-01.klh", "dump-1.klh.bak", "dump-1.txt",
      "dump--1.klh", "dump-1a.klh", "xdump-1.klh",    "journal-1.txt",
      "notes",       "dump-0.klh",  "dump- 1.klh",    "dump-+1.klh"};
  for (const std::string& name : others) write_file(path(name), "not ours\n");
  Store store;
  Dumps snapshots(path());
  ASSERT_EQ(snapshots.load(store), "");
  EXPECT_EQ(store.size(), 0u);
  ASSERT_EQ(snapshots.save(store), "");
  ASSERT_EQ(snapshots.save(store), "");
  std::set<std::string> expected = others;
  expected.insert("dump-2.klh");
  EXPECT_EQ(names_in(path()), expected);
}

// Its number is too large for ours to be larger. What must not happen is that
// the next save is written under a lower one, and so never found again.
TEST_F(SnapshotTest, WhatIsSavedIsFoundAgainWhateverTheNumbers) {
  for (const std::string name :
       {"dump-18446744073709551614.klh", "dump-18446744073709551615.klh"}) {
    TemporaryDirectory directory;
    write_file(directory.path() + "/" + name, "K age old\n");
    {
      Store store;
      Dumps snapshots(directory.path());
      if (!snapshots.load(store).empty()) continue;  // refused: as good
      store.set_string("age", "new");
      if (!snapshots.save(store).empty()) continue;
    }
    Store loaded;
    ASSERT_EQ(Dumps(directory.path()).load(loaded), "");
    EXPECT_EQ(content_of(loaded), (Content{{"age", {"string", "new"}}}))
        << name;
  }
}

TEST_F(SnapshotTest, TheNextDumpTakesThePlaceOfTheLast) {
  Store store;
  Dumps snapshots(path());
  for (int i = 1; i <= 12; ++i) {
    store.set_string("i", std::to_string(i));
    ASSERT_EQ(snapshots.save(store), "");
    EXPECT_EQ(names_in(path()),
              (std::set<std::string>{"dump-" + std::to_string(i) + ".klh"}));
  }
}

TEST_F(SnapshotTest, AnUnfinishedDumpIsIgnoredAndRemovedLater) {
  write_file(path("dump-2.klh"), "K age two\n");
  write_file(path("dump-1.klh.tmp"), "left over");
  write_file(path("dump-3.klh.tmp"), "left over, and longer than what follows");
  Store store;
  Dumps snapshots(path());
  ASSERT_EQ(snapshots.load(store), "");
  EXPECT_EQ(content_of(store), (Content{{"age", {"string", "two"}}}));
  EXPECT_EQ(names_in(path()).size(), 3u);  // loading changes nothing
  ASSERT_EQ(snapshots.save(store), "");
  EXPECT_EQ(names_in(path()), std::set<std::string>{"dump-3.klh"});
  EXPECT_EQ(read_file(path("dump-3.klh")), dump_of({"K age two"}));
}

TEST_F(SnapshotTest, ALoadChangesNothingOnDisk) {
  write_file(path("dump-1.klh"), "K a 1\n");
  write_file(path("dump-2.klh"), "damaged\n");
  Store store;
  EXPECT_NE(Dumps(path()).load(store), "");
  EXPECT_EQ(names_in(path()),
            (std::set<std::string>{"dump-1.klh", "dump-2.klh"}));
  EXPECT_EQ(read_file(path("dump-2.klh")), "damaged\n");
}

TEST_F(SnapshotTest, ASaveThatFailsLeavesTheLastDump) {
  Store store;
  fill(store);
  auto snapshots = std::make_unique<Dumps>(path());
  ASSERT_EQ(snapshots->save(store), "");
  const std::string dump = read_file(path("dump-1.klh"));
  store.set_string("large", std::string(1'000'000, 'x'));
  // None at all, in the header, in the records, and in the footer alone.
  TemporaryDirectory measured;
  ASSERT_EQ(Dumps(measured.path()).save(store), "");
  const size_t size =
      std::filesystem::file_size(measured.path() + "/dump-1.klh");
  for (const size_t limit : {size_t{0}, size_t{3}, size_t{300'000}, size - 1}) {
    const FileSizeLimit full(limit);
    EXPECT_EQ(snapshots->save(store),
              "write " + path("dump-2.klh.tmp") + ": File too large");
    EXPECT_EQ(names_in(path()), std::set<std::string>{"dump-1.klh"});
    EXPECT_EQ(read_file(path("dump-1.klh")), dump);
  }
  EXPECT_EQ(snapshots->save(store), "");  // there is room again
  EXPECT_EQ(names_in(path()), std::set<std::string>{"dump-2.klh"});
  snapshots.reset();  // and with it the lock
  Store loaded;
  ASSERT_EQ(Dumps(path()).load(loaded), "");
  EXPECT_TRUE(content_of(loaded) == content_of(store));
}

TEST_F(SnapshotTest, ASaveIntoADirectoryThatIsGoneFails) {
  Store store;
  Dumps snapshots(path("data"));
  std::filesystem::remove_all(path("data"));
  const std::string complaint = snapshots.save(store);
  EXPECT_EQ(complaint, path("data") + ": the directory has been removed");
}

TEST_F(SnapshotTest, ASaveThatCannotRenameFails) {
  Store store;
  Dumps snapshots(path());
  std::filesystem::create_directory(path("dump-1.klh"));
  const std::string complaint = snapshots.save(store);
  EXPECT_TRUE(complaint.starts_with("rename " + path("dump-1.klh.tmp") + ": "))
      << complaint;
  EXPECT_EQ(names_in(path()), std::set<std::string>{"dump-1.klh"})
      << "the file that was not renamed is left over";
}

TEST_F(SnapshotTest, TheDirectoryIsMadeIfItIsMissing) {
  Store store;
  store.set_string("a", "1");
  ASSERT_EQ(Dumps(path("data")).save(store), "");
  ASSERT_EQ(Dumps(path("slash/")).save(store), "");
  EXPECT_EQ(names_in(path("data")), std::set<std::string>{"dump-1.klh"});
  EXPECT_EQ(names_in(path("slash")), std::set<std::string>{"dump-1.klh"});
}

TEST_F(SnapshotTest, ADirectoryThatIsNoneEndsTheProgram) {
  write_file(path("file"), "");
  EXPECT_EXIT(Dumps(path("file")), testing::ExitedWithCode(1),
              "^klh: directory .*/file: Not a directory\n$");
  EXPECT_EXIT(Dumps(path("no/such")), testing::ExitedWithCode(1),
              "^klh: directory .*/no/such: No such file or directory\n$");
}

TEST_F(SnapshotTest, CountsNumbersOnFromWhatItHasLoaded) {
  write_file(path("dump-41.klh"), "K a 1\n");
  Store store;
  Dumps snapshots(path());
  ASSERT_EQ(snapshots.load(store), "");
  ASSERT_EQ(snapshots.save(store), "");
  EXPECT_EQ(names_in(path()), std::set<std::string>{"dump-42.klh"});
}

}  // namespace
}  // namespace klh
