#include "harness/capabilities.h"

#include <array>
#include <string>

namespace klh::test {

const std::vector<Capability>& capabilities() {
  constexpr bool any_server = false;
  constexpr bool course_only = true;
  constexpr std::string_view no_row;
  static const std::vector<Capability> all = {
      {"Basics", 1, 6, any_server, "answers SET, GET and DEL",
       "docs/1-blocking.md"},
      {"Options", 1, 6, course_only, "refuses bad flags and a port in use",
       "docs/1-blocking.md"},
      {"Signals", 1, 6, course_only, "ends cleanly on SIGINT and SIGTERM",
       "docs/1-blocking.md"},
      {"ClientProgram", 1, 6, course_only, "comes with a client",
       "docs/1-blocking.md"},
      {"Survives", 1, 6, any_server, "outlives clients that vanish",
       "docs/1-blocking.md"},
      {"Framing", 2, 6, any_server, "finds the messages in a stream of bytes",
       "docs/2-framing.md"},
      {"ShortWrites", 2, 6, any_server, "sends large replies whole",
       "docs/2-framing.md"},
      {"Limits", 2, 6, any_server, "refuses a message that is too large",
       "docs/2-framing.md"},
      {"HalfClose", 2, 6, any_server, "answers a client that stopped sending",
       "docs/2-framing.md"},
      {"ManyClients", 3, 6, any_server,
       "serves 1,000 at once; none hangs another", "docs/3-poll.md"},
      {"RoomAgain", 3, 6, any_server,
       "serves new ones when there is room again", "docs/3-poll.md"},
      {"Fairness", 3, 6, any_server, "answers others during one's flood",
       "docs/3-poll.md"},
      {"Pipelining", 4, 6, any_server, "answers a pipeline in one pass",
       "docs/4-pipelining.md"},
      {"BoundedMemory", 4, 6, any_server,
       "bounds what a non-reader costs, serves on", "docs/4-pipelining.md"},
      {"TenThousandIdle", 5, 6, any_server,
       "10,000 idle clients cost a pass nothing", "docs/5-epoll.md"},
      {"ManyReady", 5, 6, course_only, no_row, "docs/5-epoll.md"},
      {"DescriptorExhaustion", 5, 6, any_server,
       "goes on when it is out of descriptors", "docs/5-epoll.md"},
      {"UrgentData", 5, 6, any_server, "answers what stands behind urgent data",
       "docs/5-epoll.md"},
      {"IdleTimeout", 5, 6, course_only, "closes idle connections (--timeout)",
       "docs/5-epoll.md"},
      {"Persistence", 6, 6, any_server, "still knows it all after a restart",
       "docs/6-persistence.md"},
      {"StillBroken1", 1, 1, course_only, no_row, "docs/1-blocking.md"},
      {"StillBroken2", 2, 2, course_only, no_row, "docs/2-framing.md"},
      {"StillBroken3", 3, 3, course_only, no_row, "docs/3-poll.md"},
      {"StillBroken4", 4, 4, course_only, no_row, "docs/4-pipelining.md"},
      {"StillBroken5", 5, 5, course_only, no_row, "docs/5-epoll.md"},
  };
  return all;
}

std::string_view stage_title(int milestone) {
  constexpr std::array<std::string_view, 6> titles = {
      "stage 1: blocking",   "stage 2: framing", "stage 3: poll",
      "stage 4: pipelining", "stage 5: epoll",   "stage 6: persistence"};
  return titles.at(static_cast<size_t>(milestone - 1));
}

std::string promised_by(int milestone, bool for_learner) {
  std::string filter;
  for (const Capability& each : capabilities()) {
    if (milestone < each.from || milestone > each.until) continue;
    if (for_learner && each.course_only) continue;
    filter += std::string(each.suite) + ".*:";
  }
  return filter;
}

std::string beyond(int milestone) {
  std::string filter;
  for (const Capability& each : capabilities()) {
    if (each.from <= milestone || each.row.empty()) continue;
    filter += std::string(each.suite) + ".*:";
  }
  return filter;
}

const Capability* find_capability(std::string_view suite) {
  for (const Capability& each : capabilities()) {
    if (each.suite == suite) return &each;
  }
  return nullptr;
}

}  // namespace klh::test
