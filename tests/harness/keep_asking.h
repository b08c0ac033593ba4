// A client that keeps its connection from being idle while something else
// happens.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

#include "harness/client.h"
#include "harness/deadline.h"
#include "harness/settings.h"

namespace klh::test {

// Asks again and again until `is_over` says so, the deadline has passed or the
// server has closed the connection. Returns the longest time that has passed
// without a question: on a machine that stands still, a server that closes what
// is idle for so long is right to close it.
inline std::chrono::steady_clock::duration keep_asking(
    Client& client, const std::function<bool()>& is_over) {
  using Clock = std::chrono::steady_clock;
  const Deadline deadline(settings().deadline_ms);
  Clock::duration longest_silence{};
  Clock::time_point last_asked = Clock::now();
  auto served = Client::Served::yes;
  while (served == Client::Served::yes && !is_over() &&
         !deadline.has_passed()) {
    const Clock::time_point now = Clock::now();
    served = client.try_to_ask({"GET", "nobody"}, none());
    longest_silence = std::max(longest_silence, Clock::now() - last_asked);
    last_asked = now;
  }
  return longest_silence;
}

}  // namespace klh::test
