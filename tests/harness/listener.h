// How results are shown: a line per suite, and a failure in full right after.
//
//   stage 2: framing
//     Basics                 9 passed
//   ✗ Framing.MessageArrivesByteByByte
//     sent      …
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace klh::test {

struct ListenerOptions {
  std::string title;
  // A line per test, "pass Suite.Test" or "fail Suite.Test", after the latter
  // what the test has said, indented; "end".
  std::string results_file;
  bool color = false;
  size_t failures_in_full = 0;  // 0: all; the rest by their names only
};

class Listener : public testing::EmptyTestEventListener {
 public:
  explicit Listener(ListenerOptions options) : options_(std::move(options)) {}

  void OnTestProgramStart(const testing::UnitTest&) override;
  void OnTestPartResult(const testing::TestPartResult& result) override;
  void OnTestEnd(const testing::TestInfo& test) override;
  void OnTestSuiteEnd(const testing::TestSuite& suite) override;
  void OnTestProgramEnd(const testing::UnitTest& unit_test) override;

 private:
  void print_failure(const std::string& name);
  std::string in_color(const char* code, const std::string& text) const;

  ListenerOptions options_;
  std::string messages_;  // of the test that runs
  std::string results_;
  size_t failures_ = 0;
};

}  // namespace klh::test
