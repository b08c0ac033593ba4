#include "network/turns.h"

#include <algorithm>

#include "network/buffer_pool.h"

namespace klh {

namespace {

constexpr size_t kMostBytes = 4 * Turns::kLargeBytes;

using TakeTurn = std::function<size_t(Turn&)>;

// For the first of `turns`, until they make up kMostBytes: these go to `taken`.
void take_some(std::vector<Turn*>& turns, const TakeTurn& take_turn,
               std::vector<Turn*>& taken) {
  auto next = turns.begin();
  for (size_t sum = 0; next != turns.end() && sum < kMostBytes; ++next) {
    Turn& turn = **next;
    turn.is_ready = false;
    const size_t bytes = take_turn(turn);
    if (bytes > 0) turn.is_large = bytes >= Turns::kLargeBytes;
    sum += bytes;
  }
  taken.insert(taken.end(), turns.begin(), next);
  turns.erase(turns.begin(), next);
}

}  // namespace

void Turns::add(Turn& turn) {
  if (turn.is_ready) return;
  forget(turn);
  turn.is_ready = true;
  (turn.is_large ? later_ : ready_).push_back(&turn);
}

void Turns::hold_back(Turn& turn, size_t bytes) {
  forget(turn);
  turn.is_held_back = true;
  turn.held_back_at = held_back_.emplace(bytes, &turn);
}

// Not all for whom there is room at the moment: ten thousand of them would be
// woken for the sake of one. Who is left is asked about again in the next pass,
// which comes, since those who are added have a turn in it.
void Turns::make_room(size_t room) {
  while (!held_back_.empty() && held_back_.begin()->first <= room) {
    add(*held_back_.begin()->second);
    room -= std::min(room, BufferPool::kReadBytes);
  }
}

void Turns::forget(Turn& turn) {
  if (!turn.is_held_back) return;
  held_back_.erase(turn.held_back_at);
  turn.is_held_back = false;
}

std::vector<Turn*> Turns::take(const TakeTurn& take_turn) {
  std::vector<Turn*> taken;
  take_some(ready_, take_turn, taken);
  take_some(later_, take_turn, taken);
  return taken;
}

}  // namespace klh
