// What one client takes, in the sum of what all take: the sum is right at any
// time, and nobody walks over all clients for it.
#pragma once

#include <cstddef>
#include <utility>

namespace klh {

class ClientBytes {
 public:
  ClientBytes() = default;
  // `sum` must outlive it.
  explicit ClientBytes(size_t& sum) : sum_(&sum) {}
  ClientBytes(ClientBytes&& other) noexcept
      : sum_(other.sum_), bytes_(std::exchange(other.bytes_, 0)) {}
  ClientBytes& operator=(ClientBytes&& other) noexcept {
    std::swap(sum_, other.sum_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ClientBytes() { set(0); }

  size_t get() const { return bytes_; }
  void set(size_t bytes) {
    if (sum_ != nullptr) *sum_ += bytes - bytes_;
    bytes_ = bytes;
  }

 private:
  size_t* sum_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace klh
