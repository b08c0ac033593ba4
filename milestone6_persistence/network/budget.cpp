#include "network/budget.h"

#include <algorithm>

#include "network/buffer_pool.h"
#include "network/turns.h"
#include "protocol/request.h"

namespace klh {

size_t Budget::fair_share() const {
  return std::max(left_of(clients_limit(options_) / 2), kLeastShare);
}

void Share::set_exempt(bool is_exempt) {
  const size_t bytes = bytes_;
  set(0);
  is_exempt_ = is_exempt;
  set(bytes);
}

bool Share::may_answer(size_t requests, size_t replies) const {
  if (replies < Budget::kLeastShare / 2) return true;
  if (is_strangers_) return false;
  const size_t most = budget_->fair_share();
  if (replies < std::min(Turns::kLargeBytes, most)) return true;
  return replies < requests && bytes_ <= most;
}

size_t Share::most_to_read(size_t requests, bool is_held_back) const {
  constexpr size_t kStrangersHalf = kStrangersBytes / 2;
  static_assert(Request::kStrangersRequestBytes + 1024 <= kStrangersHalf);
  if (is_strangers_) return kStrangersHalf - std::min(kStrangersHalf, requests);
  return is_held_back && waits_for_room() ? 0 : BufferPool::kReadBytes;
}

}  // namespace klh
