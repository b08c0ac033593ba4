// The main program of all test programs; KLH_MILESTONE says which stage's, 0
// for unit tests.
//
//   build/milestone3_test [--server="python3 my_server.py"] [--deadline-ms=N]
//                         [--beyond] [--failures=N] [--color] [--results=FILE]
//                         [--capabilities] [--gtest_filter=Framing.*]
#include <gtest/gtest.h>
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/net.h"
#include "harness/capabilities.h"
#include "harness/listener.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

struct CommandLine {
  ListenerOptions listener;
  bool tests_beyond = false;
};

// The table's rows for `make matrix`: "suite<tab>row".
[[noreturn]] void print_capabilities() {
  for (const Capability& each : capabilities()) {
    if (each.row.empty()) continue;
    std::printf("%s\t%s\n", each.suite.data(), each.row.data());
  }
  std::exit(0);
}

int parse_number(std::string_view text) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.begin(), text.end(), number);
  if (code != std::errc() || end != text.end() || number <= 0) {
    die_plainly("'" + std::string(text) + "' is no number above 0");
  }
  return number;
}

CommandLine parse(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const std::string value(flag.substr(flag.find('=') + 1));
    if (flag.starts_with("--server=")) {
      settings().server = value;
    } else if (flag.starts_with("--deadline-ms=")) {
      settings().deadline_ms = parse_number(value);
    } else if (flag.starts_with("--results=")) {
      line.listener.results_file = value;
    } else if (flag == "--beyond") {
      line.tests_beyond = true;
    } else if (flag.starts_with("--failures=")) {
      line.listener.failures_in_full = static_cast<size_t>(parse_number(value));
    } else if (flag == "--color") {
      line.listener.color = true;
    } else if (flag == "--capabilities") {
      print_capabilities();
    } else {
      die_plainly("unknown flag " + std::string(flag));
    }
  }
  return line;
}

// Unit tests and those of the store have all of theirs run.
bool has_stages() {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    if (find_capability(all.GetTestSuite(i)->name())) return true;
  }
  return false;
}

void choose_tests(const CommandLine& line) {
  const int milestone = settings().milestone;
  const bool user_chose = testing::GTEST_FLAG(filter) != "*";
  if (!has_stages() || user_chose) return;
  testing::GTEST_FLAG(filter) = line.tests_beyond
                                    ? beyond(milestone)
                                    : promised_by(milestone, tests_learner());
}

std::string title(const CommandLine& line) {
  if (!has_stages()) return settings().milestone == 0 ? "parts" : "store";
  std::string text(stage_title(settings().milestone));
  if (line.tests_beyond) text += ", put to the later stages' tests";
  if (tests_learner()) text += "  (" + settings().server + ")";
  return text;
}

int run(int argc, char** argv) {
  settings().milestone = KLH_MILESTONE;
  testing::InitGoogleTest(&argc, argv);  // takes its own flags away
  CommandLine line;
  line = parse(argc, argv);
  line.listener.title = title(line);
  choose_tests(line);

  signal(SIGPIPE, SIG_IGN);  // a server that is gone is a failure, not our end
  raise_descriptor_limit();  // 10,000 clients; the servers inherit it
  testing::TestEventListeners& listeners =
      testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Listener(line.listener));
  return RUN_ALL_TESTS();
}

}  // namespace

}  // namespace klh::test

int main(int argc, char** argv) {
  return klh::test::run(argc, argv);
}
