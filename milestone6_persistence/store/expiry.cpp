#include "store/expiry.h"

#include <algorithm>
#include <cassert>

#include "store/blocks.h"

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
    add_slot();
    sift_up(size_ - 1, time);
    return;
  }
  const size_t slot = entry.expiry_slot();
  if (when_ms < at(slot).when_ms) {
    sift_up(slot, time);
  } else {
    sift_down(slot, time);
  }
}

bool Expiry::remove(Entry& entry) {
  if (!has_time(entry)) return false;
  const size_t slot = entry.expiry_slot();
  assert(at(slot).entry == &entry);
  entry.set_expiry_slot(Entry::kNoExpiry);
  const Time last = at(size_ - 1);
  remove_slot();
  if (slot == size_) return true;  // it was the last itself
  // The last one takes the free place, and moves to where it belongs: it may
  // come from another branch, and be earlier than what is above.
  if (slot > 0 && last.when_ms < at(parent_of(slot)).when_ms) {
    sift_up(slot, last);
  } else {
    sift_down(slot, last);
  }
  return true;
}

bool Expiry::free_some(size_t& budget) {
  while (!chunks_.empty() && budget > 0) {
    chunks_.pop_back();
    spend(budget, blocks_of(kChunk * sizeof(Time)));
  }
  size_ = std::min(size_, chunks_.size() * kChunk);
  return chunks_.empty();
}

void Expiry::add_slot() {
  assert(size_ < Entry::kNoExpiry);
  if (size_ == chunks_.size() * kChunk) {
    chunks_.push_back(std::make_unique_for_overwrite<Time[]>(kChunk));
  }
  ++size_;
}

// Keeps a spare chunk, lest times that come and go make and free one each time.
void Expiry::remove_slot() {
  --size_;
  const size_t spare = chunks_.size() * kChunk - size_;
  if (spare >= 2 * kChunk) chunks_.pop_back();
}

void Expiry::put(size_t slot, Time time) {
  at(slot) = time;
  time.entry->set_expiry_slot(static_cast<uint32_t>(slot));
}

void Expiry::sift_up(size_t slot, Time time) {
  while (slot > 0 && time.when_ms < at(parent_of(slot)).when_ms) {
    put(slot, at(parent_of(slot)));
    slot = parent_of(slot);
  }
  put(slot, time);
}

void Expiry::sift_down(size_t slot, Time time) {
  while (first_child_of(slot) < size_) {
    const size_t child = earliest_child_of(slot);
    if (time.when_ms <= at(child).when_ms) break;
    put(slot, at(child));
    slot = child;
  }
  put(slot, time);
}

// Requires: the slot has a child
size_t Expiry::earliest_child_of(size_t slot) const {
  size_t earliest = first_child_of(slot);
  const size_t end = std::min(earliest + kChildren, size_);
  for (size_t child = earliest + 1; child < end; ++child) {
    if (at(child).when_ms < at(earliest).when_ms) earliest = child;
  }
  return earliest;
}

}  // namespace klh
