// How many of something there were in a second of late, for INFO: as Redis
// tells it, the mean of sixteen samples, each of a tenth of a second.
//
// Nobody has to call it ten times a second. While the loop sleeps nothing
// happens, so a pause of several tenths counts as that many samples of the mean
// over the pause: what INFO shows is what a timer would have led to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace klh {

class Rate {
 public:
  static constexpr int64_t kSampleMs = 100;
  static constexpr size_t kSamples = 16;

  // `total` is how many there have been until `now_ms`, of a clock that is
  // never set. The first call only notes where to begin. O(1).
  void sample(int64_t now_ms, uint64_t total) {
    if (last_ms_ == kNever) {
      last_ms_ = now_ms;
      last_total_ = total;
    }
    const int64_t passed_ms = now_ms - last_ms_;
    if (passed_ms < kSampleMs) return;
    const double per_second = 1000.0 *
                              static_cast<double>(total - last_total_) /
                              static_cast<double>(passed_ms);
    const auto due = static_cast<size_t>(passed_ms / kSampleMs);
    for (size_t i = 0; i < std::min(due, kSamples); ++i) {
      samples_[next_++ % kSamples] = per_second;
    }
    last_ms_ = now_ms;
    last_total_ = total;
  }

  double per_second() const {
    return std::accumulate(samples_.begin(), samples_.end(), 0.0) / kSamples;
  }

 private:
  static constexpr int64_t kNever = INT64_MIN;

  std::array<double, kSamples> samples_{};
  size_t next_ = 0;
  int64_t last_ms_ = kNever;
  uint64_t last_total_ = 0;
};

}  // namespace klh
