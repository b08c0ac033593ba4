#include "harness/settings.h"

#include <array>
#include <filesystem>

namespace klh::test {

Settings& settings() {
  static Settings instance;
  return instance;
}

bool tests_learner() {
  return !settings().server.empty();
}

Dialect dialect_of(int milestone) {
  if (milestone == 1) return Dialect::raw;
  return milestone == 6 ? Dialect::resp : Dialect::framed;
}

// This program is tests/build-asan/x; what it tests then is the milestone's
// build-asan/server. Without a variant, tests/build/x and plain server.
std::string course_program(int milestone, const std::string& name) {
  static const std::array<std::string, 7> folders = {"",
                                                     "milestone1_blocking",
                                                     "milestone2_framing",
                                                     "milestone3_poll",
                                                     "milestone4_pipelining",
                                                     "milestone5_epoll",
                                                     "milestone6_persistence"};
  const auto build =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto path = build.parent_path().parent_path();
  path /= folders.at(static_cast<size_t>(milestone));
  if (build.filename() != "build") path /= build.filename();
  return path / name;
}

std::string deadline_text() {
  const int ms = settings().deadline_ms;
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + " s";
  return std::to_string(ms) + " ms";
}

}  // namespace klh::test
