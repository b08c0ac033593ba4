// Here waits what has left the store and not been freed yet. A key with a
// million members takes 140 ms to free, and all keys at once, after FLUSHALL,
// take longer: for so long nobody would be served. So what is large waits, and
// the server frees a part of it in each turn.
//
//   large_:   Entry --> Entry --> nullptr          by Node::next, the newest
//               |         |                        first; its value is freed
//              ####      #########                 block by block
//
//   tables_:  [HashTable][HashTable]               all keys of a FLUSHALL, and
//                  |          |                    their times; a key with a
//              Entries    Entries                  large value goes to large_
//
// What waits still takes its memory, and counts. It never makes the server grow
// beyond what it had when there was nothing to wait for: whoever allocates more
// than that frees as much first (keep_pace).
//
// A single element goes in one piece, however large it is, when its turn comes
// and when it is removed alone, as HDEL does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/hash_table.h"
#include "store/entry.h"
#include "store/expiry.h"

namespace klh {

class Garbage {
 public:
  // A value of more blocks than these waits; others are freed at once.
  static constexpr size_t kMostAtOnce = 64;

  // What the server frees in a turn, in blocks (see blocks.h): 0.2 to 1 ms.
  static constexpr size_t kFreedPerTurn = 2000;

  Garbage() = default;
  Garbage(const Garbage&) = delete;
  Garbage& operator=(const Garbage&) = delete;
  ~Garbage();

  bool empty() const { return large_ == nullptr && tables_.empty(); }

  // Takes an entry that is in no table and has no time. O(1).
  void add(Entry* entry);

  // Takes all entries of a table, and their times. O(1).
  void add(HashTable entries, Expiry times);

  // Frees up to `budget` blocks, and at most kMostAtOnce more, or what the last
  // element is. O(budget).
  void free_some(size_t budget);

  // Frees until no more memory is used than when the first of what waits came,
  // and an eighth. O(what has been allocated since the last call).
  void keep_pace();

  // Return how many values wait, and how many were freed after they had waited.
  uint64_t pending() const { return pending_; }
  uint64_t freed() const { return freed_; }
  void reset_freed() { freed_ = 0; }

 private:
  struct Table {
    HashTable entries;
    Expiry times;
  };

  void begin_to_wait(size_t values);
  bool free_large(size_t& budget);
  void free_tables(size_t& budget);
  void destroy(Entry* entry, size_t& budget);

  Entry* large_ = nullptr;
  std::vector<Table> tables_;
  uint64_t pending_ = 0;
  uint64_t freed_ = 0;
  uint64_t most_memory_ = 0;  // that may be used while something waits
};

}  // namespace klh
