#include "harness/listener.h"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace klh::test {

namespace {

constexpr const char* kRed = "\033[31m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kBold = "\033[1m";

// Only if it is long enough to be of interest.
std::string duration(int64_t milliseconds) {
  if (milliseconds < 1000) return "";
  const std::string tenths = std::to_string(milliseconds / 100);
  return "  (" + tenths.substr(0, tenths.size() - 1) + "." + tenths.back() +
         " s)";
}

std::string indented(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    result += "  " + line + "\n";
  }
  return result;
}

}  // namespace

void Listener::OnTestProgramStart(const testing::UnitTest&) {
  std::printf("%s\n", in_color(kBold, options_.title).c_str());
  std::fflush(stdout);
}

void Listener::OnTestPartResult(const testing::TestPartResult& result) {
  if (!result.failed()) return;
  messages_ += result.message();
  if (!messages_.ends_with('\n')) messages_ += '\n';
  if (result.file_name()) {
    messages_ += "  Test: tests/" + std::string(result.file_name()) + ":" +
                 std::to_string(result.line_number()) + "\n";
  }
}

void Listener::OnTestEnd(const testing::TestInfo& test) {
  const std::string name =
      std::string(test.test_suite_name()) + "." + test.name();
  const bool passed = test.result()->Passed();
  results_ += (passed ? "pass " : "fail ") + name + "\n";
  if (!passed) {
    results_ += indented(messages_);
    print_failure(name);
  }
  messages_.clear();
}

void Listener::print_failure(const std::string& name) {
  ++failures_;
  std::printf("%s\n", in_color(kRed, "✗ " + name).c_str());
  const size_t limit = options_.failures_in_full;
  if (limit == 0 || failures_ <= limit) {
    std::printf("%s\n", messages_.c_str());
  } else if (failures_ == limit + 1) {
    std::printf("  (from here on only names; ARGS=--failures=99 shows all)\n");
  }
  std::fflush(stdout);
}

void Listener::OnTestSuiteEnd(const testing::TestSuite& suite) {
  const int passed = suite.successful_test_count();
  const int failed = suite.failed_test_count();
  std::string counts = std::to_string(passed) + " passed";
  if (failed > 0) counts += ", " + std::to_string(failed) + " failed";
  std::printf("  %-24s%s%s\n", suite.name(),
              in_color(failed > 0 ? kRed : kGreen, counts).c_str(),
              duration(suite.elapsed_time()).c_str());
  std::fflush(stdout);
}

void Listener::OnTestProgramEnd(const testing::UnitTest&) {
  if (options_.results_file.empty()) return;
  std::ofstream file(options_.results_file);
  file << results_ << "end\n";
}

std::string Listener::in_color(const char* code,
                               const std::string& text) const {
  return options_.color ? code + text + "\033[0m" : text;
}

}  // namespace klh::test
