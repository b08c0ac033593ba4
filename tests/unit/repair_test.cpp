// --repair: whatever was done to the files, what it writes begins a directory
// on which a server starts, nothing that was there is touched, and no more is
// left out than must be.
#include "persistence/repair.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/environment.h"
#include "persistence/check.h"
#include "persistence/restore.h"
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

  // Repairs these files, which must be damaged, and restores what that writes.
  // What is printed.
  std::string repaired(const Files& files) {
    put_files(path(), files);
    const Run damaged = check();
    EXPECT_EQ(damaged.status, 1);
    const Run run = repair();
    EXPECT_EQ(run.errors, "") << damaged.errors;
    EXPECT_EQ(run.status, 0) << damaged.errors;
    Files after = files_in(path());
    EXPECT_EQ(after.erase("repaired.klh"), 1u);
    EXPECT_EQ(after, files);
    std::filesystem::remove_all(path("new"));
    uint64_t records = 0;
    EXPECT_EQ(restore(path("repaired.klh"), path("new"), true, records).text(),
              "");
    contents_ = load(path("new")).contents;
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
  Contents contents_;  // of what was repaired
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

// All changes are kept: the first one tells what the journal followed.
TEST_F(Repair, AHeaderThatIsLostCostsNothingElse) {
  for (const std::string& name :
       {std::string("journal-2.klh"), std::string("journal-3.klh"),
        std::string("journal-4.klh")}) {
    for (const std::string& bad : {std::string("# klh\n"), std::string()}) {
      const std::string output = repaired(damaged(name, 1, bad));
      EXPECT_EQ(contents_, history_.states.back()) << output;
      EXPECT_NE(
          output.find(path(name) + ":1: damaged: no header of this journal\n"),
          output.npos)
          << output;
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
  for (const std::string& bad : {bad_text, bad_checksum}) {
    const std::string output = repaired(damaged("journal-2.klh", 3, bad));
    EXPECT_NE(output.find(":3: damaged: the line does not fit its checksum\n"),
              output.npos)
        << output;
    EXPECT_NE(output.find("\njournal-2.klh: 3 changes\n"
                          "journal-3.klh: 3 changes\n"
                          "journal-4.klh: 4 changes\n"),
              output.npos)
        << output;
  }
}

TEST_F(Repair, ALineThatComesTwiceCountsOnce) {
  const std::string change = lines_of(history_.files.at("journal-2.klh"))[1];
  const std::string output =
      repaired(damaged("journal-2.klh", 2, change + change));
  EXPECT_EQ(contents_, history_.states.back()) << output;
}

// Everything else stays.
TEST_F(Repair, AMissingJournalIsSaidToBe) {
  for (const std::string name :
       {"journal-2.klh", "journal-3.klh", "journal-4.klh"}) {
    Files files = history_.files;
    files.erase(name);
    const std::string output = repaired(files);
    EXPECT_NE(output.find(path(name) + ": missing, "), output.npos) << output;
    for (const auto& [other, bytes] : files) {
      EXPECT_NE(output.find("\n" + other + ": "), output.npos) << output;
    }
  }
}

TEST_F(Repair, AMissingDumpIsSaidToBe) {
  Files files = history_.files;
  files.erase("dump-2.klh");
  const std::string output = repaired(files);
  EXPECT_TRUE(output.starts_with(path("dump-2.klh") +
                                 ": missing, journal-2.klh goes on where it "
                                 "ends\n"))
      << output;
  EXPECT_NE(output.find("\njournal-2.klh: 4 changes\n"), output.npos) << output;
}

TEST_F(Repair, AMissingEndIsSaidToBe) {
  const size_t lines = lines_of(history_.files.at("journal-3.klh")).size();
  const std::string output = repaired(damaged("journal-3.klh", lines, ""));
  EXPECT_TRUE(output.starts_with(path("journal-4.klh") +
                                 ": journal-3.klh does not lead to it\n"))
      << output;
  EXPECT_EQ(contents_, history_.states.back()) << output;
}

TEST_F(Repair, ADumpKeepsItsGoodLines) {
  put_files(path(), {{"dump-7.klh",
                      "# klh 1\nK a 1\nL b\nE b 5\nK a 2\nH c x:1 x:2\n"
                      "# no\nK d 3\nE a 17\n# end 3 00000000\nK e 1\n"}});
  const Run run = repair();
  EXPECT_EQ(run.status, 0);
  const std::string at = path("dump-7.klh") + ":";
  EXPECT_EQ(run.output,
            at + "3: no elements\n" + at +
                "4: a time for a key that is not there\n" + at +
                "5: the key is there already\n" + at +
                "6: a field comes twice\n" + at +
                "10: damaged: the content does not fit its footer\n" + at +
                "11: something stands behind the footer\n"
                "dump-7.klh: 3 records\n" +
                path("repaired.klh") +
                ": 2 keys, all that could be kept\n\n"
                "What comes after a line that was left out may mean something "
                "else than it did:\nlook at the keys before you rely on them. "
                "To use them, and keep what is damaged:\n  mkdir " +
                path("damaged") + "\n  mv " + path("dump-7.klh") + " " +
                path("damaged") + "\n  ./server --restore " +
                path("repaired.klh") + " --dir " + path() + "\n");
  EXPECT_EQ(read_file(path("repaired.klh")).substr(0, 8), "# klh 1\n");
}

TEST_F(Repair, NothingIsWrittenOver) {
  Files files = damaged("journal-3.klh", 2, "HINCRBY\n");
  files["repaired.klh"] = "mine";
  put_files(path(), files);
  const Run run = repair();
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.errors, path("repaired.klh") + ": File exists\n");
  EXPECT_EQ(files_in(path()), files);
  files.erase("repaired.klh");
  files["damaged"] = "mine";
  put_files(path(), files);
  EXPECT_NE(repair().output.find("\n  mkdir " + path("damaged-2") + "\n"),
            std::string::npos);
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
  EXPECT_EQ(files_in(path()), files);
  files = history_.files;
  files["dump-3.klh"] = files["dump-2.klh"];
  files.erase("dump-2.klh");
  put_files(path(), files);
  EXPECT_EQ(repair().errors,
            path("dump-3.klh") +
                ":1: is dump-2.klh by its header; give it that name\n");
  EXPECT_EQ(files_in(path()), files);
}

TEST_F(Repair, WhatHasNoNameYetIsKept) {
  Files files = damaged("journal-4.klh", 2, "APPEND name ? ~00000000\n");
  files["journal-4.klh.tmp"] = files["journal-4.klh"];
  files.erase("journal-4.klh");
  const std::string output = repaired(files);
  EXPECT_NE(output.find("\njournal-4.klh.tmp: 3 changes\n"), output.npos)
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
  for (uint64_t i = 0; i < number_from_environment("REPAIRS", 1000); ++i) {
    Files files = history_.files;
    for (size_t n = 1 + random.below(3); n > 0 && !files.empty(); --n) {
      damage(random, files);
    }
    put_files(path(), files);
    if (load(path()).complaint.empty()) continue;
    SCOPED_TRACE(i);
    repaired(files);
    ++repairs;
    Node node(path("new"));
    EXPECT_EQ(node.start(), "");
    EXPECT_EQ(node.run({"SET", "a", "b"}), "+OK\r\n");
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(repairs, 800);
}

}  // namespace
}  // namespace klh::test
