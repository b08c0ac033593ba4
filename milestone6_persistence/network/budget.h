// What all clients may take beside the data, maxmemory-clients: requests that
// have come and wait, replies that wait to be read, and what a command builds
// while it runs. Whoever is about to take more asks here, and nowhere else.
//
// The budget keeps one sum, which is right at any time: nobody walks over all
// clients for it. What a client takes is its Share of that sum.
//
// The budget only counts and answers. Who waits and who is closed when there
// is too little is the server's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "options.h"

namespace klh {

class Budget {
 public:
  // `options` must outlive the budget; their limit may change at any time.
  explicit Budget(const Options& options) : options_(options) {}

  // Bytes that all clients take together.
  size_t taken() const { return taken_; }

  // Bytes that are left for all of them: none when they take more than they
  // may, SIZE_MAX without a limit.
  size_t left() const {
    const uint64_t limit = clients_limit(options_);
    if (limit == 0) return SIZE_MAX;
    return limit > taken_ ? limit - taken_ : 0;
  }

  bool is_exceeded() const {
    const uint64_t limit = clients_limit(options_);
    return limit != 0 && taken_ > limit;
  }

 private:
  friend class Share;

  const Options& options_;
  size_t taken_ = 0;
};

// What one client takes of a budget. Gives all of it back at its end.
class Share {
 public:
  Share() = default;  // of no budget: nothing counts
  // `budget` must outlive the share.
  explicit Share(Budget& budget) : budget_(&budget) {}
  Share(Share&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  Share& operator=(Share&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Share() { set(0); }

  size_t get() const { return bytes_; }

  // May its client take `bytes` more for a while?
  bool can_take(size_t bytes) const {
    return budget_ == nullptr || bytes <= budget_->left();
  }

  void set(size_t bytes) {
    if (budget_ != nullptr) budget_->taken_ += bytes - bytes_;
    bytes_ = bytes;
  }

 private:
  Budget* budget_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace klh
