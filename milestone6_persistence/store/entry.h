// A key and its value: what the store's hash table holds.
//
//   +------------+-------+----------+------------------- - -
//   | Node       | value | key size | bytes of the key
//   | next, hash |       | and type |
//   +------------+-------+----------+------------------- - -
//     16           16      8          one allocation
//
// A short string stands in the value itself, anything else is pointed to. The
// type of a value never changes; a key that gets another type gets another
// value in the same entry.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/hash_table.h"
#include "store/hash.h"
#include "store/list.h"
#include "store/string.h"

namespace klh {

enum class Type : uint8_t { string, list, hash };

// The name of a type as TYPE replies it: https://redis.io/commands/type
std::string_view name_of(Type type);

class Entry : public HashTable::Node {
 public:
  // A key with an empty value. `key` is copied. `secret` is that of the hash
  // values inside and must outlive the entry.
  static Entry* create(std::string_view key, Type type,
                       const SipHashKey& secret);
  static void destroy(Entry* entry);

  std::string_view key() const {
    return {reinterpret_cast<const char*>(this + 1), key_size_};
  }
  Type type() const { return type_; }

  // Drops the value and starts again with an empty one.
  void reset(Type type, const SipHashKey& secret);

  // The value, or nullptr if it is of another type. T is String, List or Hash.
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
    List* list;
    Hash* hash;
  };

  Value value_;
  uint32_t key_size_;
  Type type_;
};

template <>
inline String* Entry::value<String>() {
  return type_ == Type::string ? &value_.string : nullptr;
}

template <>
inline List* Entry::value<List>() {
  return type_ == Type::list ? value_.list : nullptr;
}

template <>
inline Hash* Entry::value<Hash>() {
  return type_ == Type::hash ? value_.hash : nullptr;
}

// The Type that a value class stands for.
template <class T>
inline constexpr Type kTypeOf = Type::string;
template <>
inline constexpr Type kTypeOf<List> = Type::list;
template <>
inline constexpr Type kTypeOf<Hash> = Type::hash;

}  // namespace klh
