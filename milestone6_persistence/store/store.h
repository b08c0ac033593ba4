// All keys and their values. Knows neither sockets nor commands nor files.
//
// Pointers to entries and to their values stay valid until the key is erased:
// entries keep their addresses when the table is resized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/hash_table.h"
#include "common/siphash.h"
#include "store/entry.h"

namespace klh {

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { clear(); }

  size_t size() const { return entries_.size(); }

  // The entry of a key, or nullptr. O(1).
  Entry* find(std::string_view key);

  // The value of a key, which it gets, empty, if there is none; nullptr if it
  // is of another type. T is String, List or Hash. O(1).
  template <class T>
  T* find_or_create(std::string_view key);

  // Makes `value` the value of the key, whatever it had before. O(size).
  void set_string(std::string_view key, std::string_view value);

  // False when there is no such key. O(size of the value).
  bool erase(std::string_view key);

  // Erases everything. O(n).
  void clear();

  // Some entries, visit(const Entry&), and the cursor to go on with; see
  // HashTable::scan for what is promised.
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit);

  // All entries, visit(const Entry&). O(n).
  template <class Visit>
  void for_each(Visit visit) const;

 private:
  HashTable::Node** find_slot(std::string_view key, uint64_t hash);
  Entry& find_or_insert(std::string_view key, Type type);

  SipHashKey secret_ = random_siphash_key();
  HashTable entries_;
};

template <class T>
T* Store::find_or_create(std::string_view key) {
  return find_or_insert(key, kTypeOf<T>).template value<T>();
}

template <class Visit>
uint64_t Store::scan(uint64_t cursor, Visit visit) {
  return entries_.scan(cursor, [&visit](const HashTable::Node& node) {
    visit(static_cast<const Entry&>(node));
  });
}

template <class Visit>
void Store::for_each(Visit visit) const {
  entries_.for_each([&visit](const HashTable::Node& node) {
    visit(static_cast<const Entry&>(node));
  });
}

}  // namespace klh
