// When keys expire: a min-heap of times, the next to expire on top.
//
//   times_:    [ 10 ][ 25 ][ 30 ][ 11 ][ 40 ][ 26 ] ...     4 children a node:
//                0     1     2     3     4     5            of i at 4i+1..4i+4
//                |
//                '-> Entry, whose expiry_slot() is 0 again
//
// Each entry knows its place in the heap, so that a time can be changed or
// dropped in O(log n), and a key without one costs nothing but that number.
// Four children a node instead of two halve the depth, and they lie together.
//
// The places stand in chunks of 8 KiB. So no change takes longer because there
// are many: a vector would copy all of them when it is full, which takes 0.1 s
// for ten million. And chunks that are no longer needed are given back.
//
// The heap points at entries; whoever destroys an entry removes it first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "store/entry.h"

namespace klh {

class Expiry {
 public:
  Expiry() = default;
  Expiry(Expiry&& other) noexcept { swap(other); }
  Expiry& operator=(Expiry&& other) noexcept {
    swap(other);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Return whether an entry has a time, and which, in milliseconds since 1970.
  // O(1).
  static bool has_time(const Entry& entry) {
    return entry.expiry_slot() != Entry::kNoExpiry;
  }
  int64_t time_of(const Entry& entry) const {
    return at(entry.expiry_slot()).when_ms;
  }

  // Sets or changes the time of an entry. O(log n).
  void set(Entry& entry, int64_t when_ms);

  // Takes the time of an entry away; returns false when it had none. O(log n).
  bool remove(Entry& entry);

  // Return the time and the entry that expire next.
  // Requires: !empty()
  int64_t next_ms() const { return at(0).when_ms; }
  Entry& next() const { return *at(0).entry; }

  // Gives chunks back, whose times are forgotten, until the budget, which goes
  // down by what they are in blocks (see blocks.h), is used up or none are
  // left, which it returns. The entries are not looked at: they may be gone.
  bool free_some(size_t& budget);

  // Returns what the times take, as asked of malloc. O(1).
  size_t allocated_bytes() const {
    return chunks_.size() * kChunk * sizeof(Time);
  }

 private:
  struct Time {
    int64_t when_ms;
    Entry* entry;
  };

  static constexpr size_t kChunk = 512;

  Time& at(size_t slot) const { return chunks_[slot / kChunk][slot % kChunk]; }
  void add_slot();
  void remove_slot();
  void swap(Expiry& other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(size_, other.size_);
  }
  size_t earliest_child_of(size_t slot) const;
  void put(size_t slot, Time time);
  void sift_up(size_t slot, Time time);
  void sift_down(size_t slot, Time time);

  std::vector<std::unique_ptr<Time[]>> chunks_;
  size_t size_ = 0;
};

}  // namespace klh
