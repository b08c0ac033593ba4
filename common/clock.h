// The two clocks. Each has its use, and they are not to be mixed:
//
//   monotonic_ms()   how long something takes, when it is next due: it never
//                    goes back, and says nothing of the date
//   unix_ms()        points in time that outlast the process, as when a key
//                    expires: it is set by people and by NTP, also back
//
// See clock_gettime(2). Each call costs some 25 ns.
#pragma once

#include <chrono>
#include <cstdint>

namespace klh {

// Milliseconds since some moment before the process began.
inline int64_t monotonic_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Milliseconds since 1970.
inline int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace klh
