// A hash table that never pauses: chained, with its nodes embedded in the
// caller's entries, and resized a few buckets at a time.
//
// No operation takes longer because the table is large: not the insertion that
// makes it grow, not the removal that makes it shrink, not the allocation of a
// new array nor the release of an old one, not a run of empty buckets. (clear,
// for_each and the destructor say O(n) and mean it.) std::unordered_map lacks
// this: the one insertion that doubles it moves every node it has.
//
//   current_ --> [ 0 ][ 1 ][ 2 ][ 3 ][ 4 ][ 5 ][ 6 ][ 7 ]
//                  |         |         |
//                  v         v         v
//                node      node      node --> node        next in each entry
//
//   previous_ -> [ - ][ - ][ - ][ 3 ]    only while resizing, here from 4 to 8
//                               ^
//                               moved_: the buckets before it have been moved
//                               and their memory has been given back
//
// Invariants
// - Sizes are powers of two, at least kSmallestCount. A table that has never
//   held a node, or holds none any more, has no array and costs 48 bytes.
// - A node has exactly one home, told by its hash: its bucket of previous_ when
//   that has not been moved yet, else its bucket of current_. So a lookup
//   follows one chain, resizing or not.
// - Nodes keep their addresses; only their `next` changes.
// - A resize is over before the next one is due (see below).
//
// Resizing. The table doubles when it has more nodes than buckets, and shrinks
// to a quarter when it has less than one node per eight buckets. Each insert,
// remove and find takes one step: it moves up to kMovedPerStep buckets that
// have nodes, and passes up to kSkippedPerStep empty ones. A bucket moves as a
// whole, however long its chain; that chains are short is the hash function's
// promise, kept against an attacker too if it is keyed (common/siphash.h).
//
// Why a resize of n buckets is over before the next is due:
// - Growing to 2n starts at n + 1 nodes. A step passes at least 4 buckets, so
//   n/4 steps do it. The next growth is n insertions away, shrinking (below
//   2n/8 nodes) 3n/4 removals, and each of those takes a step.
// - Shrinking to n/4 starts at n/8 - 1 nodes. Of its s steps all but the last
//   have moved 4 buckets or skipped 32, and each may have put one node into a
//   bucket that was still empty: s - 1 <= (n/8 - 1 + s)/4 + n/32, so
//   s <= n/12 + 1. The next growth, at n/4 + 1 nodes, is n/8 + 2 insertions
//   away. With removals only, s <= n/16 + 1, and the next shrinking, below n/32
//   nodes, is 3n/32 removals away.
// Only a resize that starts late, because memory was short when it was due, may
// meet the next one; then that one waits and starts late too.
//
// Memory of the arrays. One munmap of a gigabyte takes 60 ms, and calloc clears
// 16 MiB in 8 ms where it recycles heap memory instead of asking the kernel. So
// arrays larger than kPieceBytes come straight from mmap, whose pages the
// kernel clears when they are first touched, and an old array goes back piece
// by piece as its buckets are passed. When there is no memory for a resize the
// table stays as it is, slower but whole, and tries again at each insert and
// remove.
//
// Ownership. The table owns its arrays, never its nodes: whoever owns these
// removes or clears them first. Leak checkers do not search mmap'ed arrays for
// pointers, so entries that are never disposed of count as leaked.
//
// It does not: compute or compare hashes, notice a key that is inserted twice,
// lock anything, keep any order.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace klh {

class HashTable {
 public:
  // To be embedded as a base class: struct Entry : HashTable::Node { ... };
  struct Node {
    Node* next = nullptr;
    uint64_t hash = 0;
  };

  // This is what an operation did besides following one chain, in buckets and
  // bytes; the tests of the promise above count it.
  struct Work {
    uint16_t moved = 0;           // buckets that had nodes
    uint16_t skipped = 0;         // empty ones that were passed
    uint16_t scanned = 0;         // visited by scan
    uint32_t released_bytes = 0;  // of an old array
  };

  static constexpr size_t kSmallestCount = 4;
  static constexpr size_t kMovedPerStep = 4;
  static constexpr size_t kSkippedPerStep = 32;
  static constexpr size_t kScannedPerStep = 1 + 4;  // one and its quarters
  static constexpr size_t kPieceBytes = 64 * 1024;  // a multiple of any page

  HashTable() noexcept = default;
  // Move the nodes with their table; `other` is empty afterwards. O(1), except
  // that assignment releases the arrays that it replaces.
  HashTable(HashTable&& other) noexcept { swap(other); }
  HashTable& operator=(HashTable&& other) noexcept;
  ~HashTable() { release_arrays(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Returns the node with this hash for which matches(const Node&) is true, or
  // nullptr. `matches` is called only for nodes whose hash is equal. O(1) if
  // chains are short. It is not const, since it takes its step of a resize: so
  // a table that is only read ends up in one array too.
  template <class Matches>
  Node* find(uint64_t hash, Matches matches);

  // Returns the pointer that points at that node, a bucket's or the `next` of
  // the node before it, or nullptr if there is no such node: a remove or
  // replace then needs no lookup of its own. It is valid until the next find,
  // find_slot, insert or remove.
  template <class Matches>
  Node** find_slot(uint64_t hash, Matches matches);

  // Puts in a node that is in no table; the caller knows that none equals it.
  // Sets its hash and next. Exits with a message if there is no memory for the
  // first array, of 32 bytes. O(1).
  void insert(Node* node, uint64_t hash);

  // Takes out the node that `slot` points at and returns it. O(1).
  Node* remove(Node** slot);

  // Puts `with` in the place of the node that `slot` points at, which must
  // still be alive. O(1).
  void replace(Node** slot, Node* with);

  // Visits some nodes, visit(Node&), and returns where to go on. Begins at
  // cursor 0 and is through when it returns 0. Each node that is in the table
  // from the first step to the last is visited, however the table grows and
  // shrinks between steps; a node may be visited twice if it shrinks. `visit`
  // must not change the table: collect nodes and remove them between steps.
  // Cost of a step: kScannedPerStep chains.
  // Source: the guarantees are those of https://redis.io/commands/scan
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit);

  // Visits all nodes once, visit(const Node&), in no particular order. `visit`
  // must not change the table. O(size + buckets).
  template <class Visit>
  void for_each(Visit visit) const;

  // Takes out all nodes, dispose(Node*), which may free each, and releases the
  // arrays. `dispose` must not change the table. O(size + buckets).
  template <class Dispose>
  void clear(Dispose dispose);

  // A clear that is spread over many calls. Takes out nodes until `budget` is
  // used up or there are none left, which it returns: then the table is as new.
  // Until then it must not be used but for drain, clear, size and to be
  // destroyed. `dispose(Node*)` may free the node, and must not change the
  // table. The budget goes down by one for each node, and for kSkippedPerStep
  // buckets that are empty; `dispose` may take more of it. Gives the arrays
  // back piece by piece. O(budget).
  template <class Dispose>
  bool drain(size_t& budget, Dispose dispose);

  // Returns the size of the array that nodes are in or on their way to; 0 if
  // there is none.
  size_t bucket_count() const {
    return current_ == nullptr ? 0 : mask_of(current_log2_) + 1;
  }
  bool is_resizing() const { return previous_ != nullptr; }
  // Returns the bytes of both arrays, without those that have been given back.
  size_t array_bytes() const;
  // Returns the work of the last find, find_slot, insert, remove or scan.
  const Work& last_work() const { return last_work_; }

 private:
  // Stands for one of the arrays, so that a walk need not ask which it is.
  struct Array {
    Node** buckets;
    uint64_t mask;
    size_t first;  // the buckets before it have moved and must not be read

    size_t end() const { return static_cast<size_t>(mask) + 1; }
    Node* chain_of(uint64_t hash) const {
      const auto index = static_cast<size_t>(hash & mask);
      return index < first ? nullptr : buckets[index];
    }
  };

  static size_t mask_of(uint8_t log2) { return (size_t{1} << log2) - 1; }
  Array current() const { return {current_, mask_of(current_log2_), 0}; }
  Array previous() const {
    return {previous_, mask_of(previous_log2_), moved_};
  }

  Node** home_of(uint64_t hash) const;
  void begin_operation();
  void move_step();
  void move_bucket(size_t index);
  void release_passed(size_t first);
  void skip_empty();
  bool is_drained();
  void prefetch_next_step() const;
  size_t due_count() const;
  void resize_if_due();
  bool start_resize(size_t count);
  void release_arrays();
  void swap(HashTable& other) noexcept;

  static uint64_t next_cursor(uint64_t cursor, uint64_t mask);
  template <class Visit>
  static void visit_chain(Node* node, Visit& visit);
  template <class Visit>
  void visit_all(Visit& visit) const;

  Node** current_ = nullptr;
  Node** previous_ = nullptr;
  size_t size_ = 0;
  size_t moved_ = 0;  // buckets of previous_; 0 unless resizing
  Work last_work_;
  uint8_t current_log2_ = 0;   // the arrays' sizes as exponents of two: the
  uint8_t previous_log2_ = 0;  // header of every small hash should be small
  bool is_late_ = false;       // memory was short when a resize was due
  mutable bool is_visiting_ = false;  // a callback runs: no changes, please
};

static_assert(sizeof(HashTable) <= 48);

// Returns the home of a hash: the head of the only chain its nodes can be in.
inline HashTable::Node** HashTable::home_of(uint64_t hash) const {
  if (is_resizing()) {
    const size_t index = static_cast<size_t>(hash) & mask_of(previous_log2_);
    if (index >= moved_) return previous_ + index;
  }
  return current_ + (static_cast<size_t>(hash) & mask_of(current_log2_));
}

inline void HashTable::begin_operation() {
  assert(!is_visiting_);
  last_work_ = Work{};
  if (is_resizing()) move_step();
}

template <class Matches>
HashTable::Node** HashTable::find_slot(uint64_t hash, Matches matches) {
  begin_operation();
  if (current_ == nullptr) return nullptr;
  for (Node** slot = home_of(hash); *slot != nullptr; slot = &(*slot)->next) {
    const Node& node = **slot;
    if (node.hash == hash && matches(node)) return slot;
  }
  return nullptr;
}

template <class Matches>
HashTable::Node* HashTable::find(uint64_t hash, Matches matches) {
  Node** const slot = find_slot(hash, matches);
  return slot == nullptr ? nullptr : *slot;
}

// `visit` may free the node: its next is read first.
template <class Visit>
void HashTable::visit_chain(Node* node, Visit& visit) {
  while (node != nullptr) {
    Node* const next = node->next;
    visit(*node);
    node = next;
  }
}

template <class Visit>
void HashTable::visit_all(Visit& visit) const {
  is_visiting_ = true;
  for (const Array& array : {previous(), current()}) {
    if (array.buckets == nullptr) continue;
    for (size_t i = array.first; i < array.end(); ++i) {
      visit_chain(array.buckets[i], visit);
    }
  }
  is_visiting_ = false;
}

template <class Visit>
void HashTable::for_each(Visit visit) const {
  auto visit_const = [&visit](const Node& node) { visit(node); };
  visit_all(visit_const);
}

template <class Dispose>
void HashTable::clear(Dispose dispose) {
  auto dispose_of = [&dispose](Node& node) { dispose(&node); };
  visit_all(dispose_of);
  HashTable().swap(*this);
}

template <class Dispose>
bool HashTable::drain(size_t& budget, Dispose dispose) {
  assert(!is_visiting_);
  last_work_ = Work{};
  while (!is_drained()) {
    if (budget == 0) return false;
    --budget;
    Node*& bucket = previous_[moved_];
    if (bucket == nullptr) {
      skip_empty();
    } else {
      Node* const node = bucket;
      bucket = node->next;
      --size_;
      dispose(node);
    }
  }
  return true;
}

// Why a scan misses nothing although the table changes size between its steps:
//
// Read each hash from its lowest bit to its highest, as if it were a binary
// fraction: 0b...110 becomes 0.011. All hashes lie on a line from 0 to 1 then,
// and wherever a node may be moved, its place on this line stays the same. The
// bucket i of an array of 2^k buckets holds the hashes that end in the k bits
// of i, which begin alike as fractions: an interval of length 2^-k. A larger
// array cuts the same line finer, each interval into 2 or 4.
//
//   4 buckets    |      0      |      2      |      1      |      3      |
//   8 buckets    |  0   |  4   |  2   |  6   |  1   |  5   |  3   |  7   |
//
// The cursor is a point on the line, and everything to the left of it has been
// visited. A step visits what the table holds between the cursor and the end of
// the interval that the cursor lies in, and moves the cursor there: it adds one
// to the bucket's number with its bits reversed, carries going down. When the
// table has shrunk, the cursor may lie inside an interval; visiting the whole
// bucket then repeats some nodes, and never skips any. While resizing, a step
// visits the smaller array's bucket and those buckets of the larger one that
// lie in the same interval, beginning at the cursor.
template <class Visit>
uint64_t HashTable::scan(uint64_t cursor, Visit visit) {
  assert(!is_visiting_);
  last_work_ = Work{};
  if (current_ == nullptr) return 0;
  is_visiting_ = true;
  Array large = current();
  Array small = is_resizing() ? previous() : large;
  if (is_resizing()) {
    if (small.mask > large.mask) std::swap(small, large);
    visit_chain(small.chain_of(cursor), visit);
    ++last_work_.scanned;
  }
  const uint64_t bits_of_large_only = small.mask ^ large.mask;
  do {
    visit_chain(large.chain_of(cursor), visit);
    ++last_work_.scanned;
    cursor = next_cursor(cursor & large.mask, large.mask);
  } while ((cursor & bits_of_large_only) != 0);
  is_visiting_ = false;
  return cursor;
}

}  // namespace klh
