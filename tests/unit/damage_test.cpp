// Every byte of a dump and three journals: cut off, changed, lines moved, files
// gone or exchanged. A start then finds everything, or it finds what was there
// before the end of the last journal and that end is torn, or it refuses and
// names a file. Never anything else.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "unit/history.h"
#include "unit/scratch_directory.h"

namespace klh::test {
namespace {

class Damage : public testing::Test {
 protected:
  Damage() : history_(make_history(path())) {}

  const std::string& path() const { return directory_.path(); }

  // Loads these files instead. `may_end_early`: without a word, as when the
  // last journal is cut at the end of a line.
  void check(const Files& files, const std::string& what,
             bool may_end_early = false);

  static constexpr const char* kLast = "journal-4.klh";
  ScratchDirectory directory_;
  const History history_;
  Files files_ = history_.files;
  const std::vector<Contents>& states_ = history_.states;
  size_t loads_ = 0;
  size_t refused_ = 0;
};

void Damage::check(const Files& files, const std::string& what,
                   bool may_end_early) {
  put_files(path(), files);
  const LoadOutcome outcome = load(path());
  ++loads_;
  if (!outcome.complaint.empty()) {
    ++refused_;
    const std::string& complaint = outcome.complaint;
    const bool names_file = complaint.starts_with(path() + "/dump-") ||
                            complaint.starts_with(path() + "/journal-");
    ASSERT_TRUE(names_file) << what << ": " << complaint;
    return;
  }
  if (outcome.contents == states_.back() && outcome.loaded.torn.empty()) return;
  ASSERT_TRUE(may_end_early ||
              outcome.loaded.torn.starts_with(path() + "/" + kLast + ":"))
      << what << ": loaded without a word: "
      << difference(outcome.contents, states_.back());
  ASSERT_NE(std::find(states_.begin(), states_.end(), outcome.contents),
            states_.end())
      << what << ": never was like this";
}

TEST_F(Damage, NoneIsFull) {
  put_files(path(), files_);
  const LoadOutcome outcome = load(path());
  EXPECT_EQ(outcome.complaint, "");
  EXPECT_EQ(outcome.loaded.torn, "");
  EXPECT_EQ(outcome.contents, states_.back());
  ASSERT_EQ(files_.size(), 4u);
}

TEST_F(Damage, CutAnywhere) {
  for (const auto& [name, bytes] : files_) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      Files files = files_;
      files[name].resize(size);
      const bool at_line = files[name].ends_with('\n');
      check(files, name + " cut at " + std::to_string(size),
            name == kLast && at_line);
      ASSERT_FALSE(HasFatalFailure());
    }
  }
  // All but the last end in a line without which they are not complete.
  EXPECT_EQ(loads_ - refused_,
            files_[kLast].size() - lines_of(files_[kLast])[0].size());
}

TEST_F(Damage, AnyByteFlipped) {
  for (const auto& [name, bytes] : files_) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int bits :
           {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
        Files files = files_;
        files[name][i] = static_cast<char>(bytes[i] ^ bits);
        check(files, name + " byte " + std::to_string(i) + " xor " +
                         std::to_string(bits));
        ASSERT_FALSE(HasFatalFailure());
      }
    }
  }
  // Without its '\n' the last line of the last is torn.
  EXPECT_EQ(loads_ - refused_, 9u);
}

TEST_F(Damage, AnyByteGoneOrTooMany) {
  for (const auto& [name, bytes] : files_) {
    for (size_t i = 0; i <= bytes.size(); ++i) {
      const std::string what = name + " byte " + std::to_string(i);
      Files files = files_;
      if (i < bytes.size()) {
        files[name].erase(i, 1);
        check(files, what + " gone");
      }
      for (const char byte : {'\n', ' ', '0', '#', '\0'}) {
        files = files_;
        files[name].insert(i, 1, byte);
        check(files, what + " too many");
      }
      ASSERT_FALSE(HasFatalFailure());
    }
  }
}

// As a power failure leaves a file whose blocks came in another order.
TEST_F(Damage, ZerosAnywhere) {
  for (const auto& [name, bytes] : files_) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const size_t size : {size_t{1}, size_t{16}, bytes.size()}) {
        Files files = files_;
        const size_t count = std::min(size, bytes.size() - i);
        files[name].replace(i, count, count, '\0');
        check(files, name + " zeros at " + std::to_string(i));
        ASSERT_FALSE(HasFatalFailure());
      }
    }
  }
}

TEST_F(Damage, LinesTwiceGoneOrElsewhere) {
  for (const auto& [name, bytes] : files_) {
    const std::vector<std::string> lines = lines_of(bytes);
    for (size_t i = 0; i < lines.size(); ++i) {
      const std::string what = name + " line " + std::to_string(i + 1);
      Files files = files_;
      std::vector<std::string> damaged = lines;
      damaged.erase(damaged.begin() + static_cast<ptrdiff_t>(i));
      files[name] = joined(damaged);
      check(files, what + " gone", name == kLast && i + 1 == lines.size());
      for (size_t to = 0; to <= lines.size(); ++to) {
        damaged = lines;
        damaged.insert(damaged.begin() + static_cast<ptrdiff_t>(to), lines[i]);
        files[name] = joined(damaged);
        check(files, what + " again before " + std::to_string(to + 1));
        if (to >= i) continue;
        damaged = lines;
        std::swap(damaged[i], damaged[to]);
        files[name] = joined(damaged);
        check(files, what + " swapped with " + std::to_string(to + 1));
      }
      ASSERT_FALSE(HasFatalFailure());
    }
  }
}

TEST_F(Damage, LinesOfAnotherJournal) {
  for (const auto& [from, from_bytes] : files_) {
    for (const auto& [to, to_bytes] : files_) {
      const std::vector<std::string> lines = lines_of(to_bytes);
      if (from == to) continue;
      for (const std::string& line : lines_of(from_bytes)) {
        for (size_t i = 0; i <= lines.size(); ++i) {
          Files files = files_;
          std::vector<std::string> damaged = lines;
          damaged.insert(damaged.begin() + static_cast<ptrdiff_t>(i), line);
          files[to] = joined(damaged);
          const std::string what = "a line of " + from + " in " + to;
          check(files, what + " before line " + std::to_string(i + 1));
          damaged.erase(damaged.begin() + static_cast<ptrdiff_t>(i) + 1,
                        damaged.end());
          files[to] = joined(damaged);
          check(files, what + " as line " + std::to_string(i + 1));
          ASSERT_FALSE(HasFatalFailure());
        }
      }
    }
  }
  EXPECT_EQ(loads_, refused_);
}

TEST_F(Damage, FilesGoneOrExchanged) {
  for (const auto& [name, bytes] : files_) {
    Files files = files_;
    files.erase(name);
    check(files, name + " gone");
    for (const auto& [other, other_bytes] : files_) {
      files = files_;
      std::swap(files[name], files[other]);
      check(files, name + " exchanged with " + other);
      files = files_;
      files[name] = other_bytes;
      check(files, name + " replaced by " + other);
    }
    for (const std::string& to :
         {std::string("dump-1.klh"), std::string("dump-3.klh"),
          std::string("dump-5.klh"), std::string("journal-1.klh"),
          std::string("journal-5.klh")}) {
      files = files_;
      files[to] = bytes;
      files.erase(name);
      check(files, name + " renamed to " + to);
    }
  }
}

// A journal is in use as soon as the one before is closed, though its name may
// get lost in a power failure. What was closed must not be taken for the last.
TEST_F(Damage, WhatWasClosedIsNotTheLast) {
  files_["journal-4.klh.tmp"] = files_["journal-4.klh"];
  files_.erase("journal-4.klh");
  check(files_, "as it is");
  EXPECT_EQ(refused_, 0u);
  const std::string bytes = files_["journal-3.klh"];
  for (size_t i = 0; i < bytes.size(); ++i) {
    Files files = files_;
    files["journal-3.klh"].resize(i);
    check(files, "journal-3 cut at " + std::to_string(i));
    files["journal-3.klh"] = bytes;
    files["journal-3.klh"][i] = '?';
    check(files, "journal-3 with a ? at " + std::to_string(i));
    ASSERT_FALSE(HasFatalFailure());
  }
}

}  // namespace
}  // namespace klh::test
