#include "store/list.h"

#include <cassert>

#include "store/blocks.h"

namespace klh {

List::~List() {
  while (head_ != nullptr) remove_block(head_);
}

void List::push_head(std::string_view element) {
  if (!fits(head_, element)) insert_block(head_);
  head_->elements.prepend(element);
  ++size_;
}

void List::push_tail(std::string_view element) {
  if (!fits(tail(), element)) insert_block(nullptr);
  tail()->elements.append(element);
  ++size_;
}

String List::pop_head() {
  assert(!empty());
  const Iterator head(this, head_, 0);
  String element(head.element());
  erase(head);
  return element;
}

String List::pop_tail() {
  assert(!empty());
  const Iterator tail = seek(size_ - 1);
  String element(tail.element());
  erase(tail);
  return element;
}

std::string_view List::at(size_t position) const {
  assert(position < size_);
  return seek(position).element();
}

List::Iterator List::seek(size_t position) const {
  if (position >= size_) return {this, nullptr, 0};
  Block* block = head_;
  size_t index = position;  // in `block`
  if (position < size_ / 2) {
    while (index >= block->elements.count()) {
      index -= block->elements.count();
      block = block->next;
    }
  } else {
    block = tail();
    size_t from_end = size_ - position;  // 1: the last of `block`
    while (from_end > block->elements.count()) {
      from_end -= block->elements.count();
      block = block->previous;
    }
    index = block->elements.count() - from_end;
  }
  return {this, block, block->elements.position_of(index)};
}

List::Iterator List::insert(Iterator before, std::string_view element) {
  if (before.at_end()) {
    push_tail(element);
    return seek(size_ - 1);
  }
  Block* const block = before.block_;
  if (fits(block, element)) {
    block->elements.insert(before.offset_, element);
    ++size_;
    return before;
  }
  if (before.offset_ > 0) before = split(before);
  return insert_between(before.block_, element);
}

List::Iterator List::erase(Iterator position) {
  Block* const block = position.block_;
  --size_;
  if (block->elements.count() == 1) {
    Block* const next = block->next;
    remove_block(block);
    if (next == nullptr) return {this, nullptr, 0};
    return join_around({this, next, 0});
  }
  block->elements.erase(position.offset_);
  position = join_around(position);
  if (position.offset_ == position.block_->elements.used_bytes()) {
    return {this, position.block_->next, 0};
  }
  return position;
}

List::Iterator List::set(Iterator position, std::string_view element) {
  Packed& elements = position.block_->elements;
  const size_t old_bytes = Packed::entry_bytes(position.element().size());
  const size_t new_bytes = Packed::entry_bytes(element.size());
  const size_t others = elements.used_bytes() - old_bytes;
  if (others > 0 && others + new_bytes > Packed::kBlockBytes) {
    return insert(erase(position), element);
  }
  elements.replace(position.offset_, element);
  return new_bytes < old_bytes ? join_around(position) : position;
}

void List::set(size_t position, std::string_view element) {
  assert(position < size_);
  set(seek(position), element);
}

void List::trim(size_t first, size_t last) {
  if (first > last || first >= size_) return drop_head(size_);
  if (last < size_) drop_tail(size_ - last - 1);
  drop_head(first);
}

bool List::has_more_blocks_than(size_t most) const {
  size_t blocks = 0;
  for (const Block* at = head_; at != nullptr && blocks <= most;
       at = at->next) {
    blocks += blocks_of(at->elements.allocated_bytes());
  }
  return blocks > most;
}

bool List::free_some(size_t& budget) {
  while (head_ != nullptr && budget > 0) {
    size_ -= head_->elements.count();
    spend(budget, blocks_of(head_->elements.allocated_bytes()));
    remove_block(head_);
  }
  return head_ == nullptr;
}

size_t List::allocated_bytes() const {
  size_t bytes = 0;
  for (const Block* block = head_; block != nullptr; block = block->next) {
    bytes += sizeof(Block) + block->elements.allocated_bytes();
  }
  return bytes;
}

size_t List::block_count() const {
  size_t blocks = 0;
  for (const Block* block = head_; block != nullptr; block = block->next) {
    ++blocks;
  }
  return blocks;
}

bool List::fits(const Block* block, std::string_view element) {
  return block != nullptr &&
         block->elements.used_bytes() + Packed::entry_bytes(element.size()) <=
             Packed::kBlockBytes;
}

// Makes an empty block, to be filled at once; before nullptr is at the tail.
List::Block* List::insert_block(Block* before) {
  Block* const previous = before ? before->previous : tail();
  Block* const block = new Block{previous, before, {}};
  if (before == head_) {  // also the first block of all
    head_ = block;
  } else {
    previous->next = block;
  }
  (before ? before : head_)->previous = block;
  return block;
}

void List::remove_block(Block* block) {
  if (block->next != nullptr) {
    block->next->previous = block->previous;
  } else {
    head_->previous = block->previous;
  }
  if (block == head_) {
    head_ = block->next;
  } else {
    block->previous->next = block->next;
  }
  delete block;
}

// Joins a block and the next one, which goes, if both are small.
bool List::join_if_small(Block* block) {
  Block* const next = block->next;
  if (next == nullptr ||
      block->elements.used_bytes() + next->elements.used_bytes() >
          kJoinedBytes) {
    return false;
  }
  block->elements.append_all(next->elements);
  remove_block(next);
  return true;
}

// Restores the invariant around a block that has become smaller. Returns where
// the element at `position` is now.
List::Iterator List::join_around(Iterator position) {
  if (position.block_ != head_) {
    Block* const previous = position.block_->previous;
    const size_t bytes = previous->elements.used_bytes();
    if (join_if_small(previous)) {
      position.block_ = previous;
      position.offset_ += bytes;
    }
  }
  join_if_small(position.block_);
  return position;
}

// Makes this element the first of a block and returns it.
List::Iterator List::split(Iterator position) {
  Block* const left = position.block_;
  Block* const right = insert_block(left->next);
  right->elements = left->elements.split_off(position.offset_);
  join_if_small(right);
  if (left != head_) join_if_small(left->previous);
  return {this, right, 0};
}

// Adds an element in front of a block: there, or in the block before it, or in
// a block of its own.
List::Iterator List::insert_between(Block* right, std::string_view element) {
  Block* const left = right == head_ ? nullptr : right->previous;
  if (fits(left, element)) return append(left, element);
  if (!fits(right, element)) return append(insert_block(right), element);
  right->elements.prepend(element);
  ++size_;
  return {this, right, 0};
}

List::Iterator List::append(Block* block, std::string_view element) {
  const size_t offset = block->elements.used_bytes();
  block->elements.append(element);
  ++size_;
  return {this, block, offset};
}

void List::drop_head(size_t count) {
  size_ -= count;
  while (count > 0 && count >= head_->elements.count()) {
    count -= head_->elements.count();
    remove_block(head_);
  }
  if (count == 0) return;
  Packed& elements = head_->elements;
  elements.erase(0, elements.position_of(count), count);
  join_if_small(head_);
}

void List::drop_tail(size_t count) {
  size_ -= count;
  while (count > 0 && count >= tail()->elements.count()) {
    count -= tail()->elements.count();
    remove_block(tail());
  }
  if (count == 0) return;
  Packed& elements = tail()->elements;
  const size_t first = elements.position_of(elements.count() - count);
  elements.erase(first, elements.used_bytes(), count);
  if (tail() != head_) join_if_small(tail()->previous);
}

}  // namespace klh
