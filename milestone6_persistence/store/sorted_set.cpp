#include "store/sorted_set.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <new>

#include "store/blocks.h"

namespace klh {

size_t SortedSet::Member::bytes_of(std::string_view bytes) {
  return sizeof(Member) + bytes.size() -
         std::min(bytes.size(), sizeof first_bytes);
}

SortedSet::Member* SortedSet::Member::create(std::string_view bytes,
                                             double score) {
  static_assert(sizeof(Member) == 64);
  void* const memory = ::operator new(bytes_of(bytes));
  Member* const member = new (memory) Member;
  member->score = score;
  member->byte_count = static_cast<uint32_t>(bytes.size());
  // An empty view may hold a null pointer, which memcpy must not get.
  char* const first = member->first_bytes;
  if (!bytes.empty()) std::memcpy(first, bytes.data(), bytes.size());
  return member;
}

void SortedSet::Member::destroy(Member* member) {
  member->~Member();
  ::operator delete(member);
}

SortedSet::~SortedSet() {
  members_.clear([](HashTable::Node* node) {
    Member::destroy(static_cast<Member*>(node));
  });
}

bool SortedSet::free_some(size_t& budget) {
  order_.forget();
  return members_.drain(budget, [&budget](HashTable::Node* node) {
    auto* const member = static_cast<Member*>(node);
    spend(budget, blocks_of(Member::bytes_of(member->bytes())) - 1);
    Member::destroy(member);
  });
}

bool SortedSet::has_more_blocks_than(size_t most) const {
  if (size() > most) return true;
  size_t blocks = 0;
  for_each([&blocks](std::string_view member, double) {
    blocks += blocks_of(Member::bytes_of(member));
  });
  return blocks > most;
}

size_t SortedSet::allocated_bytes() const {
  size_t bytes = members_.array_bytes();
  for_each([&](std::string_view member, double) {
    bytes += Member::bytes_of(member);
  });
  return bytes;
}

SortedSet::Position SortedSet::find(std::string_view member) {
  HashTable::Node** const slot = find_slot(member, hash_of(member));
  return slot ? Position(static_cast<Member*>(*slot)) : Position();
}

std::optional<double> SortedSet::score(std::string_view member) {
  const Position found = find(member);
  return found ? std::optional(found.score()) : std::nullopt;
}

std::optional<size_t> SortedSet::rank(std::string_view member) {
  const Position found = find(member);
  return found ? std::optional(found.rank()) : std::nullopt;
}

bool SortedSet::set(std::string_view member, double score) {
  assert(!std::isnan(score));
  const double positive_zero = score + 0.0;  // -0 + 0 is 0
  const uint64_t hash = hash_of(member);
  if (HashTable::Node** const slot = find_slot(member, hash)) {
    move(*static_cast<Member*>(*slot), positive_zero);
    return false;
  }
  insert(member, hash, positive_zero);
  return true;
}

bool SortedSet::erase(std::string_view member) {
  HashTable::Node** const slot = find_slot(member, hash_of(member));
  if (!slot) return false;
  erase_slot(slot);
  return true;
}

SortedSet::Position SortedSet::erase(Position position) {
  const HashTable::Node* const wanted = position.member_;
  const Position next = position.next();
  erase_slot(members_.find_slot(
      wanted->hash,
      [wanted](const HashTable::Node& node) { return &node == wanted; }));
  return next;
}

SortedSet::Position SortedSet::first_from(double score, bool inclusive) const {
  return first_not([=](const Member& member) {
    return inclusive ? member.score < score : member.score <= score;
  });
}

SortedSet::Position SortedSet::last_to(double score, bool inclusive) const {
  return last_that([=](const Member& member) {
    return inclusive ? member.score <= score : member.score < score;
  });
}

SortedSet::Position SortedSet::first_from(std::string_view bytes,
                                          bool inclusive) const {
  return first_not([=](const Member& member) {
    return inclusive ? member.bytes() < bytes : member.bytes() <= bytes;
  });
}

SortedSet::Position SortedSet::last_to(std::string_view bytes,
                                       bool inclusive) const {
  return last_that([=](const Member& member) {
    return inclusive ? member.bytes() <= bytes : member.bytes() < bytes;
  });
}

// string_view compares bytes as memcmp does, unsigned, and the shorter of two
// comes first if it is the beginning of the other: the order of Redis.
bool SortedSet::comes_before(const AvlTree::Node& a, const AvlTree::Node& b) {
  const Member& left = member_of(a);
  const Member& right = member_of(b);
  if (left.score != right.score) return left.score < right.score;
  return left.bytes() < right.bytes();
}

bool SortedSet::is_in_place(const Member& member) {
  const AvlTree::Node* const previous = AvlTree::previous(&member);
  const AvlTree::Node* const next = AvlTree::next(&member);
  return (previous == nullptr || comes_before(*previous, member)) &&
         (next == nullptr || comes_before(member, *next));
}

HashTable::Node** SortedSet::find_slot(std::string_view member, uint64_t hash) {
  return members_.find_slot(hash, [member](const HashTable::Node& node) {
    return static_cast<const Member&>(node).bytes() == member;
  });
}

void SortedSet::insert(std::string_view member, uint64_t hash, double score) {
  Member* const added = Member::create(member, score);
  members_.insert(added, hash);
  order_.insert(added, comes_before);
}

// A score that changes a little, as counters do, mostly leaves its member where
// it is: a look at both neighbours saves two walks through the tree.
void SortedSet::move(Member& member, double score) {
  if (member.score == score) return;
  member.score = score;
  if (is_in_place(member)) return;
  order_.erase(&member);  // by its links: it is out of order already
  order_.insert(&member, comes_before);
}

void SortedSet::erase_slot(HashTable::Node** slot) {
  Member* const member = static_cast<Member*>(members_.remove(slot));
  order_.erase(member);
  Member::destroy(member);
}

// Returns the first member for which is_before is false; those for which it is
// true come before all others.
template <class IsBefore>
SortedSet::Position SortedSet::first_not(IsBefore is_before) const {
  return Position(order_.lower_bound([is_before](const AvlTree::Node& node) {
    return is_before(member_of(node));
  }));
}

template <class IsBefore>
SortedSet::Position SortedSet::last_that(IsBefore is_before) const {
  const Position behind = first_not(is_before);
  return behind ? behind.previous() : last();
}

}  // namespace klh
