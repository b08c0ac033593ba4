// What all clients may take beside the data, maxmemory-clients: requests that
// have come and wait, replies that wait to be read, and what a command builds
// while it runs. Whoever is about to take more asks here, and nowhere else.
//
//   may a request be answered, or more of them read?   Share
//   may a command build something large?               Share::can_take
//   does somebody have to go?                          Budget::is_exceeded
//
// The budget keeps one sum, which is right at any time: nobody walks over all
// clients for it. What a client takes is its Share of that sum.
//
// A client may send a whole pipeline before it reads a reply, as libraries do
// that do not send and receive at the same time. Its requests are answered, and
// so become replies, until 1 MB of these waits; then only while fewer bytes
// wait of replies than of requests: either may be far larger than the other,
// and so no more waits than twice the smaller of them.
//
// It is held back, neither answered nor read from, once more waits for it than
// its fair share: as much as is left of half the budget. So one alone may have
// a quarter of the budget, two a sixth each, a hundred all but half of it
// together. What cannot be held back has the other half: one reply that is
// large, and a request that is not complete, which is read on whatever it takes
// so far. When all is used up, the server closes the client that takes most. An
// exempt one is held back like any other; what it takes closes nobody.
// Source: A. K. Choudhury, E. L. Hahne, Dynamic queue length thresholds for
// shared-memory packet switches, IEEE/ACM Transactions on Networking 6 (1998).
//
// Neither class knows who waits, or who is closed: that is the server's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "options.h"

namespace klh {

class Budget {
 public:
  // Tells how many bytes may wait for a client whatever the others take.
  static constexpr size_t kLeastShare = 64 * 1024;

  // `options` must outlive the budget; their limit may change at any time.
  explicit Budget(const Options& options) : options_(options) {}

  // Returns how many bytes all clients take together.
  size_t taken() const { return taken_; }

  // Returns how many bytes are left for all of them: none when they take more
  // than they may, SIZE_MAX without a limit.
  size_t left() const { return left_of(clients_limit(options_)); }

  // Returns how many bytes may wait for one client until it is held back.
  size_t fair_share() const;

  // Tells whether somebody has to go: the others take more than all may, without
  // what exempt clients take, since to close others frees nothing of that.
  bool is_exceeded() const {
    const uint64_t limit = clients_limit(options_);
    return limit != 0 && taken_ - exempt_ > limit;
  }

 private:
  friend class Share;

  size_t left_of(uint64_t bytes) const {
    if (bytes == 0) return SIZE_MAX;
    return bytes > taken_ ? bytes - taken_ : 0;
  }

  const Options& options_;
  size_t taken_ = 0;
  size_t exempt_ = 0;  // of taken_
};

// Is what one client takes of a budget, and gives all of it back at its end.
class Share {
 public:
  // Bounds what waits for a client that has not given the password: half of it
  // requests, half replies.
  static constexpr size_t kStrangersBytes = 64 * 1024;

  Share() = default;  // of no budget: all is allowed, nothing counts
  // `budget` must outlive the share.
  explicit Share(Budget& budget) : budget_(&budget) {}
  Share(Share&& other) noexcept { *this = std::move(other); }
  Share& operator=(Share&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    std::swap(is_strangers_, other.is_strangers_);
    std::swap(is_exempt_, other.is_exempt_);
    return *this;
  }
  ~Share() { set(0); }

  size_t get() const { return bytes_; }
  void set(size_t bytes) {
    if (budget_ != nullptr) budget_->taken_ += bytes - bytes_;
    if (is_exempt_) budget_->exempt_ += bytes - bytes_;
    bytes_ = bytes;
  }

  // Tells whether its client is never closed for what it takes: CLIENT NO-EVICT.
  bool is_exempt() const { return is_exempt_; }
  void set_exempt(bool is_exempt);

  // Says whether the client has yet to give the password.
  void set_strangers(bool is_strangers) { is_strangers_ = is_strangers; }

  // Tells whether one more request may be answered, when so many bytes wait of
  // either.
  bool may_answer(size_t requests, size_t replies) const;

  // Returns how many bytes of requests may be read when so many wait; 0: none.
  // `is_held_back`: some that are complete may be among them.
  size_t most_to_read(size_t requests, bool is_held_back) const;

  // Tells whether its client goes on only when others give something back.
  bool waits_for_room() const {
    return !is_strangers_ && bytes_ > budget_->fair_share();
  }

  // Tells whether its client may take `bytes` more for a while.
  bool can_take(size_t bytes) const {
    return budget_ == nullptr || bytes <= budget_->left();
  }

 private:
  Budget* budget_ = nullptr;
  size_t bytes_ = 0;
  bool is_strangers_ = false;
  bool is_exempt_ = false;
};

}  // namespace klh
