// What goes on for a while and is told of twice: evictions, clients that are
// refused. Whatever does these things counts them for INFO; here the counters
// are watched, once a turn, so that no place that counts needs to know of the
// log. O(1).
#pragma once

#include <array>
#include <cstdint>

#include "commands/host.h"
#include "common/log.h"

namespace klh {

class Incidents {
 public:
  // Writes to host.log what has begun and what is over. `now_ms` is a time of
  // the monotonic clock.
  void look(Host& host, int64_t now_ms);

  // When look() wants to be called at the latest; INT64_MAX: nothing goes on.
  int64_t due_ms() const;

 private:
  std::array<Incident, 4> incidents_;  // in the order of the rows in the .cpp
};

}  // namespace klh
