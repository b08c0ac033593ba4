// A sorted set: members with a score each, in the order of their scores, those
// with equal scores in the order of their bytes.
//
//    HashTable                 Member                     AvlTree
//   [ ][ ][ ][ ]   +--------------------------+          (10, alice)
//       |          | next, hash               |           /       \        .
//       +--------->| parent, children, counts |<-------- *    (12.5, bob)
//                  | score, size, bytes ...   |
//                  +--------------------------+
//
// Each member is one allocation that stands in both: the table finds it by its
// bytes, the tree by its place. Every operation is O(1) or O(log n), which also
// skips any number of members: where Redis walks through those before a LIMIT
// offset, here they are not looked at.
//
// Invariants: both hold the same members. No score is NaN, which has no place
// in an order, and none is -0, which Redis keeps or turns into 0 depending on
// how large the set is.
//
// Positions and views are valid until their member is erased; the order may
// change around them.
// Source: https://redis.io/docs/latest/develop/data-types/sorted-sets/
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/avl_tree.h"
#include "common/hash_table.h"
#include "common/siphash.h"

namespace klh {

class SortedSet {
 private:
  struct Member;

 public:
  // It is a member, or the end: what stands behind the last one and before the
  // first. Only a member may be asked, also for its neighbours.
  class Position {
   public:
    Position() = default;  // the end

    explicit operator bool() const { return !is_end(); }
    bool is_end() const { return member_ == nullptr; }
    bool operator==(const Position&) const = default;

    std::string_view member() const;
    double score() const;
    size_t rank() const;  // O(log n)

    // O(1) on average over a walk.
    Position next() const;
    Position previous() const;

    // Returns the position so many places further on, or back if `distance` is
    // negative. O(log n).
    Position offset(int64_t distance) const;

   private:
    friend class SortedSet;
    explicit Position(AvlTree::Node* node);

    Member* member_ = nullptr;
  };

  // `key` is the secret of the hash function; it must outlive the set.
  explicit SortedSet(const SipHashKey& key) : key_(&key) {}
  SortedSet(const SortedSet&) = delete;
  SortedSet& operator=(const SortedSet&) = delete;
  ~SortedSet();

  size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }

  // Returns where a member stands; the end if there is no such member. O(1).
  Position find(std::string_view member);

  std::optional<double> score(std::string_view member);  // O(1)
  // Returns how many come before a member. O(log n).
  std::optional<size_t> rank(std::string_view member);

  // Sets a score; returns whether the member is new. O(log n), O(1) if it keeps
  // its place.
  bool set(std::string_view member, double score);

  // Removes a member; returns false when there is no such member. O(log n).
  bool erase(std::string_view member);
  // Removes a member and returns the position behind it, so that a range goes
  // step by step. O(log n).
  Position erase(Position position);

  Position first() const { return Position(order_.first()); }
  Position last() const { return Position(order_.last()); }
  // Returns the member with so many before it; the end if there is none.
  // O(log n).
  Position at(size_t rank) const { return Position(order_.at(rank)); }

  // Return the first member with at least this score (or more, if not
  // `inclusive`), and the last with at most (or less). If the second stands
  // before the first, there is none between them. O(log n).
  Position first_from(double score, bool inclusive) const;
  Position last_to(double score, bool inclusive) const;

  // Return the same by the bytes of the members, all of which must have the
  // same score; if not, the result is any member or the end, as in Redis.
  Position first_from(std::string_view member, bool inclusive) const;
  Position last_to(std::string_view member, bool inclusive) const;

  // Returns whether it is more than so many blocks to free; see blocks.h.
  // O(most).
  bool has_more_blocks_than(size_t most) const;

  // Frees members until the budget, which goes down by what they are in blocks,
  // is used up or none are left, which it returns. From the first call on
  // nothing else may be done with the set but to end it.
  bool free_some(size_t& budget);

  // Returns what was asked of malloc, without the SortedSet itself. O(size).
  size_t allocated_bytes() const;

  // Visits each in order, visit(std::string_view member, double score), which
  // must not change the set. O(size).
  template <class Visit>
  void for_each(Visit visit) const;

  // Visits some in no order, visit(std::string_view member, double score), and
  // returns the next cursor, 0 at the end: see HashTable::scan for what is
  // promised.
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit);

 private:
  static const Member& member_of(const AvlTree::Node& node);
  static bool comes_before(const AvlTree::Node& a, const AvlTree::Node& b);
  static bool is_in_place(const Member& member);

  HashTable::Node** find_slot(std::string_view member, uint64_t hash);
  void insert(std::string_view member, uint64_t hash, double score);
  void move(Member& member, double score);
  void erase_slot(HashTable::Node** slot);
  template <class IsBefore>
  Position first_not(IsBefore is_before) const;
  template <class IsBefore>
  Position last_that(IsBefore is_before) const;
  uint64_t hash_of(std::string_view member) const {
    return siphash13(*key_, member);
  }

  const SipHashKey* key_;
  HashTable members_;
  AvlTree order_;
};

// All bytes follow each other in the same allocation; the first four fill what
// would be padding. With malloc's own 8 bytes a member of up to 12 takes 80.
struct SortedSet::Member : HashTable::Node, AvlTree::Node {
  double score;
  uint32_t byte_count;
  char first_bytes[4];

  static size_t bytes_of(std::string_view bytes);
  static Member* create(std::string_view bytes, double score);
  static void destroy(Member* member);

  std::string_view bytes() const { return {first_bytes, byte_count}; }
};

inline const SortedSet::Member& SortedSet::member_of(
    const AvlTree::Node& node) {
  return static_cast<const Member&>(node);
}

inline SortedSet::Position::Position(AvlTree::Node* node)
    : member_(static_cast<Member*>(node)) {}

inline std::string_view SortedSet::Position::member() const {
  return member_->bytes();
}

inline double SortedSet::Position::score() const {
  return member_->score;
}

inline size_t SortedSet::Position::rank() const {
  return AvlTree::rank_of(member_);
}

inline SortedSet::Position SortedSet::Position::next() const {
  return Position(AvlTree::next(member_));
}

inline SortedSet::Position SortedSet::Position::previous() const {
  return Position(AvlTree::previous(member_));
}

inline SortedSet::Position SortedSet::Position::offset(int64_t distance) const {
  return Position(AvlTree::offset(member_, distance));
}

template <class Visit>
void SortedSet::for_each(Visit visit) const {
  for (Position at = first(); at; at = at.next()) {
    visit(at.member(), at.score());
  }
}

template <class Visit>
uint64_t SortedSet::scan(uint64_t cursor, Visit visit) {
  return members_.scan(cursor, [&visit](const HashTable::Node& node) {
    const auto& member = static_cast<const Member&>(node);
    visit(member.bytes(), member.score);
  });
}

}  // namespace klh
