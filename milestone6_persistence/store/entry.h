// A key and its value: what the store's hash table holds.
//
//   +------------+-------+----------+--------------------+--------- - -
//   | Node       | value | key size | type, and place in | bytes of
//   | next, hash |       | recency  | the expiry times   | the key
//   +------------+-------+----------+--------------------+--------- - -
//     16           16      4          4                    one allocation
//
// A string, list or hash stands in the value itself, with a pointer to what
// does not fit; a sorted set is pointed to. The type of a value never changes;
// a key that gets another type gets another value in the same entry.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/hash_table.h"
#include "store/hash.h"
#include "store/list.h"
#include "store/sorted_set.h"
#include "store/string.h"

namespace klh {

enum class Type : uint8_t { string, list, hash, sorted_set };

// Returns the name of a type as TYPE replies it.
// Source: https://redis.io/commands/type
std::string_view name_of(Type type);

class Entry : public HashTable::Node {
 public:
  // Makes a key with an empty value. `key` is copied. `secret` is that of the
  // hash values inside and must outlive the entry.
  static Entry* create(std::string_view key, Type type,
                       const SipHashKey& secret);
  static void destroy(Entry* entry);

  std::string_view key() const {
    return {reinterpret_cast<const char*>(this + 1), key_size_};
  }
  Type type() const { return static_cast<Type>(type_); }

  static constexpr uint32_t kMostKeyBytes = (uint32_t{1} << 30) - 1;

  // Returns the place of this key in the heap of expiry times, which Expiry
  // keeps.
  static constexpr uint32_t kNoExpiry = (uint32_t{1} << 29) - 1;
  uint32_t expiry_slot() const { return expiry_slot_; }
  void set_expiry_slot(uint32_t slot) { expiry_slot_ = slot & kNoExpiry; }

  // Returns how lately it was used, from kJustUsed down to 0. Redis keeps the
  // time in 24 bits; there is room for 2. So use sets it to kJustUsed, and each
  // time that this key is looked at by eviction, and spared, it loses one.
  static constexpr uint32_t kJustUsed = 3;
  uint32_t recency() const { return recency_; }
  void note_use() {
    // A page that is only read need not be copied after a fork().
    if (recency_ != kJustUsed) recency_ = kJustUsed;
  }
  void grow_older() {
    if (recency_ > 0) recency_ = (recency_ - 1) & kJustUsed;
  }

  // Returns the bytes asked of malloc for the key and its value. O(size) for a
  // hash or sorted set.
  size_t memory_usage() const;

  // Returns whether the value is more than so many blocks to free; see
  // blocks.h. O(most).
  bool has_more_blocks_than(size_t most) const;

  // Frees parts of the value until the budget, which goes down by what they are
  // in blocks, is used up, or what is left for destroy() is within it, which it
  // returns. From the first call on nothing else may be done with the value.
  bool free_some(size_t& budget);

  // Exchanges the values, and with them the types, of two entries.
  void swap_values(Entry& other);

  // Returns the value, or nullptr if it is of another type. T is String, List,
  // Hash or SortedSet.
  template <class T>
  T* value();
  template <class T>
  const T* value() const {
    return const_cast<Entry*>(this)->value<T>();
  }

 private:
  explicit Entry(std::string_view key);
  ~Entry() = default;
  void open(Type type, const SipHashKey& secret);
  void close();

  // The member that `type_` names is alive.
  union Value {
    Value() {}
    ~Value() {}
    String string;
    List list;
    Hash hash;
    SortedSet* sorted_set;
  };

  Value value_;
  uint32_t key_size_ : 30;  // up to 512 MB, as a bulk string
  uint32_t recency_ : 2;
  uint32_t type_ : 3;
  uint32_t expiry_slot_ : 29;
};

static_assert(sizeof(Entry) == 40);

template <>
inline String* Entry::value<String>() {
  return type() == Type::string ? &value_.string : nullptr;
}

template <>
inline List* Entry::value<List>() {
  return type() == Type::list ? &value_.list : nullptr;
}

template <>
inline Hash* Entry::value<Hash>() {
  return type() == Type::hash ? &value_.hash : nullptr;
}

template <>
inline SortedSet* Entry::value<SortedSet>() {
  return type() == Type::sorted_set ? value_.sorted_set : nullptr;
}

// kTypeOf<T> is the Type that a value class stands for.
template <class T>
inline constexpr Type kTypeOf = Type::string;
template <>
inline constexpr Type kTypeOf<List> = Type::list;
template <>
inline constexpr Type kTypeOf<Hash> = Type::hash;
template <>
inline constexpr Type kTypeOf<SortedSet> = Type::sorted_set;

}  // namespace klh
