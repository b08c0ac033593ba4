// --repair: whatever was done to the files, what it writes is accepted by a
// start, nothing that was there is touched, and no more is left out than must
// be.
#include "persistence/repair.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "persistence/check.h"
#include "unit/history.h"
#include "unit/scratch_directory.h"

namespace klh::test {
namespace {

class Repair : public testing::Test {
 protected:
  using Work = int (*)(const std::string&, Store&, const Apply&);

  // What --check or --repair does and prints, stdout before stderr.
  struct Run {
    int status;
    std::string output;
    std::string errors;
  };
  Run run(Work work) {
    Machine machine;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = work(path(), machine.store(), [&](Args effect) {
      return apply_effect(machine.host(), effect);
    });
    return {status, testing::internal::GetCapturedStdout(),
            testing::internal::GetCapturedStderr()};
  }
  Run check() { return run(check_directory); }
  Run repair() { return run(repair_directory); }

  const std::string& path() const { return directory_.path(); }
  std::string path(const std::string& name) const {
    return path() + "/" + name;
  }

  // Does what is printed at the end.
  void put_in_place() {
    for (const auto& [name, bytes] : files_in(path())) {
      const size_t size = name.size() - std::min<size_t>(name.size(), 9);
      if (name.substr(size) != ".repaired") continue;
      std::filesystem::rename(path(name), path(name.substr(0, size)));
    }
  }

  // Repairs these files, which must be damaged. What is printed.
  std::string repaired(const Files& files) {
    put_files(path(), files);
    const Run damaged = check();
    EXPECT_EQ(damaged.status, 1);
    const Run run = repair();
    EXPECT_EQ(run.errors, "") << damaged.errors;
    EXPECT_EQ(run.status, 0) << damaged.errors;
    for (const auto& [name, bytes] : files) {
      EXPECT_EQ(read_file(path(name)), bytes) << name;
    }
    put_in_place();
    const Run again = check();
    EXPECT_EQ(again.errors, "") << damaged.errors << run.output;
    EXPECT_EQ(again.status, 0) << damaged.errors << run.output;
    return run.output;
  }

  Files damaged(const std::string& name, size_t line,
                const std::string& instead) const {
    Files files = history_.files;
    std::vector<std::string> lines = lines_of(files[name]);
    lines.at(line - 1) = instead;
    files[name] = joined(lines);
    return files;
  }

  ScratchDirectory directory_;
  const History history_ = make_history(path());
};

TEST_F(Repair, WholeFilesNeedNone) {
  Run run = check();
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output,
            "dump-2.klh: 6 records\njournal-2.klh: 4 changes\n"
            "journal-3.klh: 3 changes\njournal-4.klh: 4 changes\n");
  run = repair();
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output, path() + ": nothing to repair\n");
  EXPECT_EQ(files_in(path()), history_.files);
}

TEST_F(Repair, ATornEndNeedsNone) {
  Files files = history_.files;
  files["journal-4.klh"] += "SET a";
  put_files(path(), files);
  const Run run = check();
  EXPECT_EQ(run.status, 0);
  EXPECT_TRUE(run.output.ends_with(
      path("journal-4.klh") +
      ":6: 5 bytes of a line at the end, as a crash leaves them, do not "
      "count\n"))
      << run.output;
  EXPECT_EQ(repair().output, path() + ": nothing to repair\n");
  EXPECT_EQ(files_in(path()), files);
}

TEST_F(Repair, CountsAreReadable) {
  EXPECT_EQ(counted(0, "change"), "0 changes");
  EXPECT_EQ(counted(1, "change"), "1 change");
  EXPECT_EQ(counted(999, "change"), "999 changes");
  EXPECT_EQ(counted(1000, "record"), "1,000 records");
  EXPECT_EQ(counted(12345678, "record"), "12,345,678 records");
}

TEST_F(Repair, DamageIsToldOnce) {
  put_files(path(), damaged("journal-3.klh", 2, "HINCRBY\n"));
  const Run run = check();
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.errors, path("journal-3.klh") + ":2: cut short: no checksum\n");
  EXPECT_EQ(run.output, "dump-2.klh: 6 records\njournal-2.klh: 4 changes\n");
}

// Its first change tells what it was.
TEST_F(Repair, AHeaderThatIsLostIsGivenBack) {
  for (const std::string& name :
       {std::string("journal-2.klh"), std::string("journal-3.klh"),
        std::string("journal-4.klh")}) {
    for (const std::string& bad : {std::string("# klh\n"), std::string()}) {
      const std::string output = repaired(damaged(name, 1, bad));
      EXPECT_EQ(read_file(path(name)), history_.files.at(name)) << output;
    }
  }
}

// The lines around it are kept.
TEST_F(Repair, OneBadLineCostsOneLine) {
  const std::string change = lines_of(history_.files.at("journal-2.klh"))[2];
  std::string bad_text = change;
  bad_text[0] = '?';
  std::string bad_checksum = change;
  bad_checksum[change.size() - 2] = '?';
  for (const std::string& bad : {bad_text, bad_checksum, change + change}) {
    const std::string output = repaired(damaged("journal-2.klh", 3, bad));
    EXPECT_NE(output.find(": left out: damaged"), output.npos) << output;
    EXPECT_NE(output.find(" changes kept, 1 line left out\n"), output.npos)
        << output;
    EXPECT_NE(output.find("\njournal-3.klh: 3 changes\n"), output.npos);
  }
}

// Their place is empty, and everything else stays.
TEST_F(Repair, AMissingJournalIsSaidToBe) {
  for (const std::string name :
       {"journal-2.klh", "journal-3.klh", "journal-4.klh"}) {
    Files files = history_.files;
    files.erase(name);
    const std::string output = repaired(files);
    EXPECT_NE(output.find(path(name) + ": missing; what changed in it cannot "
                                       "be brought back\n"),
              output.npos)
        << output;
    EXPECT_EQ(lines_of(read_file(path(name))).size(),
              name == "journal-4.klh" ? 1u : 2u);
  }
}

TEST_F(Repair, AMissingDumpIsSaidToBe) {
  Files files = history_.files;
  files.erase("dump-2.klh");
  const std::string output = repaired(files);
  EXPECT_NE(output.find("journal-2.klh: the file that it follows is missing, "
                        "and what was in it cannot be brought back\n"),
            output.npos)
      << output;
  EXPECT_NE(output.find("journal-2.klh.repaired: 4 changes kept"), output.npos)
      << output;
}

TEST_F(Repair, ADumpKeepsItsGoodLines) {
  put_files(path(), {{"dump-7.klh",
                      "# klh 1\nK a 1\nL b\nE b 5\nK a 2\nH c x:1 x:2\n"
                      "# no\nK d 3\nE a 17\n# end 3 00000000\n"}});
  const Run run = repair();
  EXPECT_EQ(run.status, 0);
  const std::string at = path("dump-7.klh") + ":";
  EXPECT_EQ(run.output.substr(0, run.output.find("\n\nWhat")),
            at + "3: no elements\n\n" +  //
                at + "3: left out: no elements\n" + at +
                "4: left out: a time for a key that is not there\n" + at +
                "5: left out: the key is there already\n" + at +
                "6: left out: a field comes twice\n" + at +
                "7: left out: no record: it may have been one\n" + at +
                "11: the footer does not fit: a value or a key may be "
                "another than was written, and nobody can tell which\n"
                "dump-7.klh.repaired: 3 records kept, 5 lines left out");
  EXPECT_EQ(read_file(path("dump-7.klh.repaired")),
            "# klh 1\nK a 1\nK d 3\nE a 17\n# end 3 75B4132F\n");
  put_in_place();
  EXPECT_EQ(check().status, 0);
}

TEST_F(Repair, ACopyIsNeverWrittenOver) {
  Files files = damaged("journal-3.klh", 2, "HINCRBY\n");
  files["dump-2.klh.repaired"] = "mine";
  put_files(path(), files);
  const Run run = repair();
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.errors, path("dump-2.klh.repaired") +
                            ": is there already; put it in place or remove it "
                            "first\n");
  EXPECT_EQ(files_in(path()), files);
}

TEST_F(Repair, AWrongNameIsToldAndNothingElseDone) {
  Files files = history_.files;
  std::swap(files["journal-3.klh"], files["journal-4.klh"]);
  put_files(path(), files);
  const Run run = repair();
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.errors,
            path("journal-3.klh") +
                ":1: is journal-4.klh by its header; give it that name\n");
  files = history_.files;
  files["dump-3.klh"] = files["dump-2.klh"];
  files.erase("dump-2.klh");
  put_files(path(), files);
  EXPECT_EQ(repair().errors,
            path("dump-3.klh") +
                ":1: is dump-2.klh by its header; give it that name\n");
  EXPECT_EQ(files_in(path()), files);
}

TEST_F(Repair, WhatHasNoNameYetGetsOne) {
  Files files = damaged("journal-4.klh", 2, "APPEND name ? ~00000000\n");
  files["journal-4.klh.tmp"] = files["journal-4.klh"];
  files.erase("journal-4.klh");
  const std::string output = repaired(files);
  EXPECT_NE(output.find("\njournal-4.klh.repaired: 3 changes kept"),
            output.npos)
      << output;
}

class Random {
 public:
  explicit Random(unsigned seed) : generator_(seed) {}
  size_t below(size_t end) { return generator_() % end; }

 private:
  std::mt19937 generator_;
};

void damage_lines(Random& random, std::string& bytes) {
  std::vector<std::string> lines = lines_of(bytes);
  if (lines.empty()) return;
  const size_t i = random.below(lines.size());
  const auto at = lines.begin() + static_cast<ptrdiff_t>(i);
  const size_t kind = random.below(3);
  if (kind == 0) lines.erase(at);
  if (kind == 1) lines.insert(at, lines[random.below(lines.size())]);
  if (kind == 2) std::swap(*at, lines[random.below(lines.size())]);
  bytes = joined(lines);
}

void damage(Random& random, Files& files) {
  auto file = files.begin();
  std::advance(file, random.below(files.size()));
  std::string& bytes = file->second;
  const size_t at = random.below(bytes.size() + 1);
  const size_t rest = bytes.size() - at;
  switch (random.below(7)) {
    case 0: files.erase(file); break;
    case 1: bytes.resize(at); break;
    case 2: bytes.replace(at, rest, rest, '\0'); break;
    case 3: bytes.replace(at, std::min<size_t>(rest, 40), 30, '\n'); break;
    case 4: bytes.insert(at, "\nSET a b ~00000000\n#"); break;
    case 5: damage_lines(random, bytes); break;
    default:
      if (rest > 0) bytes[at] = static_cast<char>(random.below(256));
  }
}

TEST_F(Repair, WhateverWasDamaged) {
  Random random(1);
  int repairs = 0;
  for (int i = 0; i < 1000; ++i) {
    Files files = history_.files;
    for (size_t n = 1 + random.below(3); n > 0 && !files.empty(); --n) {
      damage(random, files);
    }
    put_files(path(), files);
    if (load(path()).complaint.empty()) continue;
    SCOPED_TRACE(i);
    repaired(files);
    ++repairs;
    Node node(path());
    EXPECT_EQ(node.start(), "");
    EXPECT_EQ(node.run({"SET", "a", "b"}), "+OK\r\n");
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(repairs, 800);
}

}  // namespace
}  // namespace klh::test
