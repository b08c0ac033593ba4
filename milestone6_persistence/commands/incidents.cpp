#include "commands/incidents.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace klh {

namespace {

struct Row {
  uint64_t Statistics::*counter;
  std::string_view begun;
  std::string_view over;  // behind a number and a blank
};

constexpr Row kRows[] = {
    {&Statistics::evicted_keys, "maxmemory is reached: keys are evicted",
     "keys were evicted, none for a minute"},
    {&Statistics::evicted_clients,
     "maxmemory-clients is reached: clients that take most are closed",
     "clients were closed for their memory, none for a minute"},
    {&Statistics::connections_rejected,
     "clients are refused: too many, or not from this machine",
     "clients were refused, none for a minute"},
    {&Statistics::accepts_failed,
     "out of descriptors or memory: new clients are not accepted",
     "times a client was not accepted, none for a minute"},
};

}  // namespace

void Incidents::look(Host& host, int64_t now_ms) {
  static_assert(std::size(kRows) == std::tuple_size_v<decltype(incidents_)>);
  for (size_t i = 0; i < incidents_.size(); ++i) {
    const Row& row = kRows[i];
    Incident& incident = incidents_[i];
    switch (incident.look(host.statistics.*row.counter, now_ms)) {
      case Incident::News::none: break;
      case Incident::News::begun: host.log.warning(row.begun); break;
      case Incident::News::over:
        host.log.notice(std::to_string(incident.count()) + " " +
                        std::string(row.over));
        break;
    }
  }
}

int64_t Incidents::due_ms() const {
  int64_t due_ms = INT64_MAX;
  for (const Incident& incident : incidents_) {
    due_ms = std::min(due_ms, incident.due_ms());
  }
  return due_ms;
}

}  // namespace klh
