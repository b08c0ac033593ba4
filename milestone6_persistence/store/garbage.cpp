#include "store/garbage.h"

#include <algorithm>
#include <utility>

#include "common/memory.h"
#include "store/blocks.h"

namespace klh {

Garbage::~Garbage() {
  while (!empty()) free_some(SIZE_MAX);
}

void Garbage::add(Entry* entry) {
  if (!entry->has_more_blocks_than(kMostAtOnce)) return Entry::destroy(entry);
  begin_to_wait(1);
  entry->next = std::exchange(large_, entry);
}

void Garbage::add(HashTable entries, Expiry times) {
  if (entries.empty()) return;
  begin_to_wait(entries.size());
  tables_.push_back({std::move(entries), std::move(times)});
}

void Garbage::begin_to_wait(size_t values) {
  constexpr uint64_t kToleratedPart = 8;
  if (empty()) most_memory_ = used_memory() + used_memory() / kToleratedPart;
  pending_ += values;
}

void Garbage::free_some(size_t budget) {
  while (budget > 0 && !empty()) {
    if (free_large(budget)) free_tables(budget);
  }
}

void Garbage::keep_pace() {
  while (!empty() && used_memory() > most_memory_) free_some(kMostAtOnce);
}

// Returns whether no large value is left.
bool Garbage::free_large(size_t& budget) {
  while (large_ != nullptr) {
    if (budget == 0 || !large_->free_some(budget)) return false;
    Entry* const entry = large_;
    large_ = static_cast<Entry*>(entry->next);
    destroy(entry, budget);
  }
  return true;
}

void Garbage::free_tables(size_t& budget) {
  const auto take = [this, &budget](HashTable::Node* node) {
    auto* const entry = static_cast<Entry*>(node);
    if (entry->has_more_blocks_than(kMostAtOnce)) {
      entry->next = std::exchange(large_, entry);
    } else {
      destroy(entry, budget);
    }
  };
  while (!tables_.empty()) {
    Table& table = tables_.back();
    if (!table.times.free_some(budget)) return;
    if (!table.entries.drain(budget, take)) return;
    tables_.pop_back();
  }
}

// The entry, and its value of a few blocks.
void Garbage::destroy(Entry* entry, size_t& budget) {
  (void)entry->free_some(budget);
  spend(budget, 1);
  Entry::destroy(entry);
  --pending_;
  ++freed_;
}

}  // namespace klh
