// A hash value: fields with a value each, in no particular order.
//
// A field and its value are one allocation, or two when the value is longer
// than 15 bytes. Views are valid until the hash changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/hash_table.h"
#include "common/siphash.h"
#include "store/string.h"

namespace klh {

class Hash {
 public:
  // `key` is the secret of the hash function; it must outlive the hash.
  explicit Hash(const SipHashKey& key) : key_(&key) {}
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;
  ~Hash();

  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

  // True when the field is new. O(1).
  bool set(std::string_view name, std::string_view value);

  // The value of a field, or nullptr. O(1).
  const String* get(std::string_view name);

  // False when there is no such field. O(1).
  bool erase(std::string_view name);

  // visit(std::string_view name, std::string_view value) for each. O(size).
  template <class Visit>
  void for_each(Visit visit) const;

 private:
  struct Field;

  HashTable::Node** find_slot(std::string_view name, uint64_t hash);
  uint64_t hash_of(std::string_view name) const {
    return siphash13(*key_, name);
  }

  const SipHashKey* key_;
  HashTable fields_;
};

// The bytes of the name follow the struct in the same allocation.
struct Hash::Field : HashTable::Node {
  String value;
  uint32_t name_size;

  static Field* create(std::string_view name, std::string_view value);
  static void destroy(Field* field);

  std::string_view name() const {
    return {reinterpret_cast<const char*>(this + 1), name_size};
  }
};

template <class Visit>
void Hash::for_each(Visit visit) const {
  fields_.for_each([&visit](const HashTable::Node& node) {
    const auto& field = static_cast<const Field&>(node);
    visit(field.name(), field.value.view());
  });
}

}  // namespace klh
