// A list value: elements in order, added and taken at both ends, and changed
// in the middle.
//
//   head_ ---> Block <--> Block <--> Block ---> nullptr
//    ^           |          |          |
//    |           v          v          v
//    |        Packed      Packed     Packed       up to 8 KiB of elements each
//    |
//    the head's `previous` is the tail
//
// Invariants
// - A block has at least one element. It has more than one only if they fit
//   into Packed::kBlockBytes: a large element is alone in its block.
// - Two neighbours together have more than half a block: if not, they are
//   joined. A block that is split is full; so splitting and joining the same
//   blocks takes thousands of bytes of changes in between.
//
// Memory. Elements of up to 127 bytes take 2 bytes more than their own. A list
// of one block takes 52 bytes besides, with what malloc adds. The invariants
// bound what is wasted: a block of less than a quarter (2 KiB) has a larger
// neighbour, so the 52 bytes of a block come for 2 KiB on average, and Packed
// gives back room when more than half is unused.
//
// No operation copies more than two blocks, however long the list is. To find
// a position costs O(blocks), from the nearer end: 100,000 elements of 10 bytes
// are 150 blocks. To walk over many positions, take an iterator: each step is
// O(1).
//
// Positions count from the head, 0 first. Views of an element and iterators
// are valid until the list changes; an element that is added must not be a view
// of one that is in the list.
#pragma once

#include <cstddef>
#include <string_view>

#include "store/packed.h"
#include "store/string.h"

namespace klh {

class List {
 public:
  class Iterator;

  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Add an element at an end. O(element), amortized.
  void push_head(std::string_view element);
  void push_tail(std::string_view element);

  // Take an element out; the list must not be empty. O(element), amortized.
  String pop_head();
  String pop_tail();

  // Returns an element. O(blocks); O(1) at both ends.
  // Requires: position < size()
  std::string_view at(size_t position) const;

  // Returns where the element at `position` is, or the end if there is none.
  // O(blocks).
  Iterator seek(size_t position) const;

  // Adds an element before this one, or at the tail if it is the end. Returns
  // where the new one is. O(block).
  Iterator insert(Iterator before, std::string_view element);

  // Removes this element and returns where the next one is. O(block).
  Iterator erase(Iterator position);

  // Changes this element and returns where it is now. O(block).
  Iterator set(Iterator position, std::string_view element);
  void set(size_t position, std::string_view element);

  // Removes all elements but those from `first` to `last` (with it), which may
  // be none. O(blocks that go + what is left of two).
  void trim(size_t first, size_t last);

  // Returns whether it is more than so many blocks to free; see blocks.h.
  // O(most).
  bool has_more_blocks_than(size_t most) const;

  // Frees elements until the budget, which goes down by what they are in
  // blocks, is used up or none are left, which it returns.
  bool free_some(size_t& budget);

  // Return what the blocks take, as asked of malloc, without the List itself,
  // and how many they are, which the tests of the invariants ask. O(blocks).
  size_t allocated_bytes() const;
  size_t block_count() const;

 private:
  // 24 bytes, which is the least that malloc makes a block of.
  struct Block {
    Block* previous;  // the head's: the tail
    Block* next;      // the tail's: nullptr
    Packed elements;
  };
  static constexpr size_t kJoinedBytes = Packed::kBlockBytes / 2;

  Block* tail() const { return head_ ? head_->previous : nullptr; }
  static bool fits(const Block* block, std::string_view element);
  Block* insert_block(Block* before);
  void remove_block(Block* block);
  bool join_if_small(Block* block);
  Iterator join_around(Iterator position);
  Iterator split(Iterator position);
  Iterator insert_between(Block* right, std::string_view element);
  Iterator append(Block* block, std::string_view element);
  void drop_head(size_t count);
  void drop_tail(size_t count);

  Block* head_ = nullptr;
  size_t size_ = 0;
};

static_assert(sizeof(List) == 16);

// Stands at an element or at the end. The end is one place, before the head and
// behind the tail: from there next() leads to the head, previous() to the tail.
// Every function is O(1).
class List::Iterator {
 public:
  bool at_end() const { return block_ == nullptr; }

  // Not at the end.
  std::string_view element() const { return block_->elements.at(offset_); }

  void next();
  void previous();

 private:
  friend class List;
  Iterator(const List* list, Block* block, size_t offset)
      : list_(list), block_(block), offset_(offset) {}

  const List* list_;
  Block* block_;   // nullptr: the end
  size_t offset_;  // a position of Packed; 0 at the end
};

inline void List::Iterator::next() {
  if (block_ != nullptr) {
    offset_ = block_->elements.next(offset_);
    if (offset_ < block_->elements.used_bytes()) return;
  }
  block_ = at_end() ? list_->head_ : block_->next;
  offset_ = 0;
}

inline void List::Iterator::previous() {
  if (offset_ == 0) {
    block_ = block_ == list_->head_ ? nullptr
             : at_end()             ? list_->tail()
                                    : block_->previous;
    if (at_end()) return;
    offset_ = block_->elements.used_bytes();
  }
  offset_ = block_->elements.previous(offset_);
}

}  // namespace klh
