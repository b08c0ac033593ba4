#include "common/hash_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "common/memory.h"
#include "common/net.h"

namespace klh {

namespace {

using Node = HashTable::Node;

size_t bytes_of(size_t count) {
  return count * sizeof(Node*);
}

// Returns an array with all buckets empty, or nullptr when there is no memory.
// It takes the same time for any count: calloc clears at most one piece, and
// mmap hands out addresses, whose pages are cleared one by one when they are
// touched.
Node** allocate_array(size_t count) {
  if (bytes_of(count) <= HashTable::kPieceBytes) {
    void* const array = std::calloc(count, sizeof(Node*));
    count_memory(block_bytes(array));
    return static_cast<Node**>(array);
  }
  void* const array = mmap(nullptr, bytes_of(count), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANON, -1, 0);
  if (array == MAP_FAILED) return nullptr;
  count_memory(static_cast<int64_t>(bytes_of(count)));
  return static_cast<Node**>(array);
}

// Returns the bytes of the pieces that lie wholly in the first `passed` buckets
// of an array of `count`. An array that calloc made is one piece.
size_t bytes_before(size_t passed, size_t count) {
  const size_t piece = std::min(HashTable::kPieceBytes, bytes_of(count));
  return bytes_of(passed) / piece * piece;
}

// Gives back the bytes [from, to) of an array of `count` buckets; both are ends
// of pieces. munmap cannot fail here but for want of memory for the kernel's
// own list of mappings; then the piece stays mapped, which does no other harm.
void release_bytes(Node** array, size_t count, size_t from, size_t to) {
  if (from == to) return;
  if (bytes_of(count) <= HashTable::kPieceBytes) {
    counted_free(array);
  } else {
    munmap(reinterpret_cast<char*>(array) + from, to - from);
    count_memory(-static_cast<int64_t>(to - from));
  }
}

void push_front(Node** bucket, Node* node) {
  node->next = *bucket;
  *bucket = node;
}

}  // namespace

HashTable& HashTable::operator=(HashTable&& other) noexcept {
  HashTable taken(std::move(other));
  swap(taken);
  return *this;
}

void HashTable::insert(Node* node, uint64_t hash) {
  assert(current_ != nullptr || previous_ == nullptr);  // not half drained
  begin_operation();
  if (current_ == nullptr && !start_resize(kSmallestCount)) {
    die_plainly("no memory for a hash table");
  }
  node->hash = hash;
  push_front(home_of(hash), node);
  ++size_;
  resize_if_due();
}

Node* HashTable::remove(Node** slot) {
  assert(!is_visiting_ && slot != nullptr && *slot != nullptr);
  Node* const node = *slot;
  *slot = node->next;
  node->next = nullptr;
  --size_;
  begin_operation();  // not before: a step could move the slot
  resize_if_due();
  return node;
}

void HashTable::replace(Node** slot, Node* with) {
  assert(!is_visiting_ && slot != nullptr && *slot != nullptr);
  with->next = (*slot)->next;
  with->hash = (*slot)->hash;
  *slot = with;
}

size_t HashTable::array_bytes() const {
  if (!is_resizing()) return bytes_of(bucket_count());
  const size_t old_count = previous().end();
  return bytes_of(bucket_count()) + bytes_of(old_count) -
         bytes_before(moved_, old_count);
}

// Takes one step of a resize: at most kMovedPerStep + kSkippedPerStep buckets,
// which are 9 lines of the cache, and the nodes of kMovedPerStep.
void HashTable::move_step() {
  const size_t end = previous().end();
  const size_t first = moved_;
  while (moved_ < end && last_work_.moved < kMovedPerStep &&
         last_work_.skipped < kSkippedPerStep) {
    if (previous_[moved_] == nullptr) {
      ++last_work_.skipped;
    } else {
      move_bucket(moved_);
      ++last_work_.moved;
    }
    ++moved_;
  }
  release_passed(first);
  if (is_resizing()) prefetch_next_step();
}

// The bucket itself stays as it is: nothing reads it once moved_ has passed it.
void HashTable::move_bucket(size_t index) {
  const Array to = current();
  auto move = [&to](Node& node) {
    push_front(&to.buckets[node.hash & to.mask], &node);
  };
  visit_chain(previous_[index], move);
}

// Gives back the pieces of previous_ that moved_ has passed since it was at
// `first`: at most one, since a step is shorter than a piece.
void HashTable::release_passed(size_t first) {
  const size_t count = previous().end();
  const size_t from = bytes_before(first, count);
  const size_t to = bytes_before(moved_, count);
  release_bytes(previous_, count, from, to);
  last_work_.released_bytes += static_cast<uint32_t>(to - from);
  if (moved_ < count) return;
  previous_ = nullptr;
  previous_log2_ = 0;
  moved_ = 0;
}

// Passes, for drain, the empty bucket that it stands at and those behind it.
void HashTable::skip_empty() {
  const size_t first = moved_;
  const size_t end = std::min(first + kSkippedPerStep, previous().end());
  while (moved_ < end && previous_[moved_] == nullptr) ++moved_;
  release_passed(first);
}

// For drain, which takes nodes from previous_ only, and goes on with the other
// array as soon as that has been given back.
bool HashTable::is_drained() {
  if (previous_ != nullptr) return false;
  previous_ = std::exchange(current_, nullptr);
  previous_log2_ = std::exchange(current_log2_, uint8_t{0});
  is_late_ = false;
  return previous_ == nullptr;
}

// Moving a node reads it, and it lies anywhere in memory. Begun one operation
// ahead, the cache misses of a step overlap with other work and each other.
void HashTable::prefetch_next_step() const {
  const size_t end = std::min(moved_ + kMovedPerStep, previous().end());
  for (size_t i = moved_; i < end; ++i) __builtin_prefetch(previous_[i]);
}

// Returns how many buckets the table should have.
size_t HashTable::due_count() const {
  const size_t count = bucket_count();
  if (size_ > count) return count * 2;
  if (size_ < count / 8) return std::max(count / 4, kSmallestCount);
  return count;
}

void HashTable::resize_if_due() {
  if (size_ == 0 && array_bytes() <= kPieceBytes) {
    release_arrays();
  } else if (due_count() == bucket_count()) {
    is_late_ = is_late_ && is_resizing();  // what began late may end late
  } else if (is_resizing()) {
    assert(is_late_);
  } else if (!start_resize(due_count())) {
    is_late_ = true;
  }
}

// Makes a new current array; the one so far is the previous one from now on.
bool HashTable::start_resize(size_t count) {
  Node** const array = allocate_array(count);
  if (array == nullptr) return false;
  previous_ = current_;
  previous_log2_ = current_log2_;
  current_ = array;
  current_log2_ = static_cast<uint8_t>(std::bit_width(count) - 1);
  return true;
}

// Leaves the table without arrays; the nodes are the caller's business.
void HashTable::release_arrays() {
  if (is_resizing()) {
    const size_t count = previous().end();
    release_bytes(previous_, count, bytes_before(moved_, count),
                  bytes_of(count));
  }
  if (current_ != nullptr) {
    release_bytes(current_, bucket_count(), 0, bytes_of(bucket_count()));
  }
  current_ = previous_ = nullptr;
  current_log2_ = previous_log2_ = 0;
  moved_ = 0;
  is_late_ = false;
}

void HashTable::swap(HashTable& other) noexcept {
  assert(!is_visiting_ && !other.is_visiting_);
  std::swap(current_, other.current_);
  std::swap(previous_, other.previous_);
  std::swap(size_, other.size_);
  std::swap(moved_, other.moved_);
  std::swap(last_work_, other.last_work_);
  std::swap(current_log2_, other.current_log2_);
  std::swap(previous_log2_, other.previous_log2_);
  std::swap(is_late_, other.is_late_);
}

// Returns the number whose bits, read from the highest of `mask` down to the
// lowest, are one more; 0 after the last. The carry clears ones on its way
// down.
uint64_t HashTable::next_cursor(uint64_t cursor, uint64_t mask) {
  uint64_t bit = (mask >> 1) + 1;
  while ((cursor & bit) != 0) {
    cursor ^= bit;
    bit >>= 1;
  }
  return cursor | bit;
}

}  // namespace klh
