// When keys expire: a min-heap of times, the next to expire on top.
//
//   times_:    [ 10 ][ 25 ][ 30 ][ 11 ][ 40 ][ 26 ] ...     4 children a node:
//                0     1     2     3     4     5            of i at 4i+1..4i+4
//                |
//                '-> Entry, whose expiry_slot() is 0 again
//
// Each entry knows its place in the heap, so that a time can be changed or
// dropped in O(log n), and a key without one costs nothing but that number.
// Four children a node instead of two halve the depth, and they share a cache
// line.
//
// The heap points at entries; whoever destroys an entry removes it first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/entry.h"

namespace klh {

class Expiry {
 public:
  size_t size() const { return times_.size(); }
  bool empty() const { return times_.empty(); }

  // The time of an entry, in milliseconds since 1970. O(1).
  static bool has_time(const Entry& entry) {
    return entry.expiry_slot() != Entry::kNoExpiry;
  }
  int64_t time_of(const Entry& entry) const {
    return times_[entry.expiry_slot()].when_ms;
  }

  // Sets or changes it. O(log n).
  void set(Entry& entry, int64_t when_ms);

  // False when it had none. O(log n).
  bool remove(Entry& entry);

  // The next to expire, of a heap that is not empty.
  int64_t next_ms() const { return times_.front().when_ms; }
  Entry& next() const { return *times_.front().entry; }

  void clear() { times_.clear(); }

 private:
  struct Time {
    int64_t when_ms;
    Entry* entry;
  };

  void put(size_t slot, Time time);
  void sift_up(size_t slot, Time time);
  void sift_down(size_t slot, Time time);

  std::vector<Time> times_;
};

}  // namespace klh
