// How long a test waits for something before it says that it did not come.
// Waiting always ends with what is waited for; the deadline is only for a
// server that is broken, so that no test depends on how fast the machine is.
#pragma once

#include <algorithm>
#include <chrono>

namespace klh::test {

class Deadline {
 public:
  explicit Deadline(int milliseconds)
      : end_(Clock::now() + std::chrono::milliseconds(milliseconds)) {}

  bool has_passed() const { return Clock::now() >= end_; }

  // For poll(2): at least 0.
  int remaining_ms() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end_ - Clock::now());
    return std::max(0, static_cast<int>(left.count()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

}  // namespace klh::test
