#include "store/expiry.h"

#include <algorithm>
#include <cassert>

namespace klh {

namespace {

constexpr size_t kChildren = 4;

size_t parent_of(size_t slot) {
  return (slot - 1) / kChildren;
}
size_t first_child_of(size_t slot) {
  return kChildren * slot + 1;
}

}  // namespace

void Expiry::set(Entry& entry, int64_t when_ms) {
  const Time time{when_ms, &entry};
  if (!has_time(entry)) {
    assert(times_.size() < Entry::kNoExpiry);
    times_.push_back(time);
    sift_up(times_.size() - 1, time);
    return;
  }
  const size_t slot = entry.expiry_slot();
  if (when_ms < times_[slot].when_ms) {
    sift_up(slot, time);
  } else {
    sift_down(slot, time);
  }
}

bool Expiry::remove(Entry& entry) {
  if (!has_time(entry)) return false;
  const size_t slot = entry.expiry_slot();
  assert(times_[slot].entry == &entry);
  entry.set_expiry_slot(Entry::kNoExpiry);
  const Time last = times_.back();
  times_.pop_back();
  if (slot == times_.size()) return true;  // it was the last itself
  // The last one takes the free place, and moves to where it belongs: it may
  // come from another branch, and be earlier than what is above.
  if (slot > 0 && last.when_ms < times_[parent_of(slot)].when_ms) {
    sift_up(slot, last);
  } else {
    sift_down(slot, last);
  }
  return true;
}

void Expiry::put(size_t slot, Time time) {
  times_[slot] = time;
  time.entry->set_expiry_slot(static_cast<uint32_t>(slot));
}

void Expiry::sift_up(size_t slot, Time time) {
  while (slot > 0 && time.when_ms < times_[parent_of(slot)].when_ms) {
    put(slot, times_[parent_of(slot)]);
    slot = parent_of(slot);
  }
  put(slot, time);
}

void Expiry::sift_down(size_t slot, Time time) {
  for (;;) {
    const size_t first = first_child_of(slot);
    if (first >= times_.size()) break;
    const auto begin = times_.begin() + static_cast<std::ptrdiff_t>(first);
    const size_t count = std::min(kChildren, times_.size() - first);
    const auto earliest = std::min_element(
        begin, begin + static_cast<std::ptrdiff_t>(count),
        [](const Time& a, const Time& b) { return a.when_ms < b.when_ms; });
    if (time.when_ms <= earliest->when_ms) break;
    put(slot, *earliest);
    slot = static_cast<size_t>(earliest - times_.begin());
  }
  put(slot, time);
}

}  // namespace klh
