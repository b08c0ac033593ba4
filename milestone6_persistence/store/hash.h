// A hash value: fields with a value each. Two representations:
//
//   packed   up to kPackedFields fields, names and values of up to
//            kPackedBytes each, in one run and in the order they were added:
//
//              Packed:  name value name value ...
//
//   table    all others; once a table, always a table:
//
//              HashTable --> Field --> Field ...
//
//              +------------+--------+- - -+--------+- - -+
//              | Node       | varint | name| varint |value|   one allocation
//              | next, hash |        |     |        |     |
//              +------------+--------+- - -+--------+- - -+
//                   16
//
// A field with a name of 8 bytes and a value of 10 takes 22 bytes in a run, and
// 36 (malloc: 48) and a bucket in a table. The limits are those of Redis 7.0,
// hash-max-listpack-entries and -value, and so is what they cost: to look
// through a run takes some nanoseconds for each field in it.
//
// Views are valid until the hash changes; what is set must not be part of it.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/hash_table.h"
#include "common/siphash.h"
#include "store/packed.h"

namespace klh {

class Hash {
 public:
  static constexpr size_t kPackedFields = 512;
  static constexpr size_t kPackedBytes = 64;

  struct Item {
    std::string_view name;
    std::string_view value;
  };

  // `key` is the secret of the hash function; it must outlive the hash.
  explicit Hash(const SipHashKey& key);
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;
  ~Hash();

  size_t size() const;
  bool empty() const { return size() == 0; }

  // Returns true for what OBJECT ENCODING calls "listpack", else "hashtable".
  bool is_packed() const { return (secret_and_kind_ & kIsTable) == 0; }

  // Below, O(1) is up to kPackedFields fields of a packed hash, one of a table.

  // Sets a field; returns whether it is new. O(1), the step from packed to a
  // table as well.
  bool set(std::string_view name, std::string_view value);

  // Returns the value of a field, if there is one. O(1).
  std::optional<std::string_view> get(std::string_view name);

  // Removes a field; returns false when there is no such field. O(1).
  bool erase(std::string_view name);

  // Returns whether it is more than so many blocks to free; see blocks.h.
  // O(most).
  bool has_more_blocks_than(size_t most) const;

  // Frees fields until the budget, which goes down by what they are in blocks,
  // is used up or none are left, which it returns; what is packed is left to
  // the destructor. From the first call on nothing else may be done with it.
  bool free_some(size_t& budget);

  // Returns what was asked of malloc, without the Hash itself. O(size) for a
  // table.
  size_t allocated_bytes() const;

  // Visits each, visit(std::string_view name, std::string_view value). O(size).
  template <class Visit>
  void for_each(Visit visit) const;

  // Visits some fields, visit(name, value), and returns the cursor to go on
  // with: see HashTable::scan for what is promised. A packed hash is through in
  // one step.
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit);

  // Returns a field that `random` chooses, evenly distributed as its bits are:
  // exactly so if the hash is packed, nearly so in a table. O(1).
  // Requires: !empty()
  Item random_field(uint64_t random);

 private:
  struct Field;
  static constexpr uintptr_t kIsTable = 1;

  const SipHashKey& secret() const {
    return *reinterpret_cast<const SipHashKey*>(secret_and_kind_ & ~kIsTable);
  }
  uint64_t hash_of(std::string_view name) const {
    return siphash13(secret(), name);
  }
  HashTable::Node** find_slot(std::string_view name, uint64_t hash);
  bool set_packed(std::string_view name, std::string_view value);
  bool set_in_table(std::string_view name, std::string_view value);
  void make_table();
  Item random_packed(uint64_t random) const;
  Item random_in_table(uint64_t random);

  // A hash with few fields should be small, and most hashes have few: so the
  // lowest bit of the secret's address, which is even, tells which member of
  // the union is alive.
  uintptr_t secret_and_kind_;
  union {
    Packed packed_;
    HashTable* table_;
  };
};

static_assert(sizeof(Hash) == 16);

// Name and value, each behind its length, follow the struct in the same
// allocation. It has room for exactly these: another value of the same length
// takes its place, any other makes another Field.
struct Hash::Field : HashTable::Node {
  static size_t bytes_of(std::string_view name, std::string_view value);
  static Field* create(std::string_view name, std::string_view value);
  static void destroy(Field* field);

  const char* behind() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view name() const;
  Item item() const;
};

inline std::string_view Hash::Field::name() const {
  size_t length;
  const char* const bytes = read_varint(behind(), length);
  return {bytes, length};
}

inline Hash::Item Hash::Field::item() const {
  const std::string_view its_name = name();
  size_t length;
  const char* const value =
      read_varint(its_name.data() + its_name.size(), length);
  return {its_name, {value, length}};
}

template <class Visit>
void Hash::for_each(Visit visit) const {
  if (!is_packed()) {
    return table_->for_each([&visit](const HashTable::Node& node) {
      const Item item = static_cast<const Field&>(node).item();
      visit(item.name, item.value);
    });
  }
  for (size_t at = 0; at < packed_.used_bytes();) {
    const size_t value_at = packed_.next(at);
    visit(packed_.at(at), packed_.at(value_at));
    at = packed_.next(value_at);
  }
}

template <class Visit>
uint64_t Hash::scan(uint64_t cursor, Visit visit) {
  if (is_packed()) {
    for_each(visit);
    return 0;
  }
  return table_->scan(cursor, [&visit](const HashTable::Node& node) {
    const Item item = static_cast<const Field&>(node).item();
    visit(item.name, item.value);
  });
}

}  // namespace klh
