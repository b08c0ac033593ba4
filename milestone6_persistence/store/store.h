// The store has all keys, their values and the times when they expire. It knows
// neither sockets nor commands nor files.
//
// Pointers to entries and to their values stay valid until the key is erased:
// entries keep their addresses when the table is resized.
//
// No function here takes longer because a value that goes, or is replaced, is
// large: its memory is given back bit by bit, see garbage.h.
//
// A key whose time has come is gone for every function here; it is erased when
// it is looked for, or by expire_due(), and on_expired is told. The owner says
// what time it is: so all commands of a turn see the same time, and when it
// says nothing, as while a journal is replayed, nothing expires.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "common/hash_table.h"
#include "common/siphash.h"
#include "store/entry.h"
#include "store/expiry.h"
#include "store/garbage.h"

namespace klh {

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { clear(); }

  size_t size() const { return entries_.size(); }

  // Returns the entry of a key, or nullptr. O(1).
  Entry* find(std::string_view key);

  // Returns the value of a key, which it gets, empty, if there is none; nullptr
  // if it is of another type. T is String, List, Hash or SortedSet. O(1).
  template <class T>
  T* find_or_create(std::string_view key);

  // Makes `value` the value of the key, whatever it had before; if it had a
  // time, it keeps it. O(size of the new one).
  Entry& set_string(std::string_view key, std::string_view value);

  // Takes a key out; returns false when there is no such key. O(1).
  bool erase(std::string_view key);

  // Gives a key that is there another name, replacing what had that name. The
  // value and the time go along. O(1).
  void rename(Entry& entry, std::string_view new_key);

  // Makes a copy of a value and its time under another name, replacing what had
  // that name. O(size of the value).
  void copy(const Entry& entry, std::string_view new_key);

  // Returns some key, each about as likely as any other; nullptr if there is
  // none. O(1) on average.
  Entry* random(uint64_t random_bits);

  // Erases everything. O(1).
  void clear();

  // Returns what has been erased and takes memory still, until its free_some()
  // has been called often enough. Each look for a key frees some, too, if
  // memory grows.
  Garbage& garbage() { return garbage_; }
  const Garbage& garbage() const { return garbage_; }

  // Times are in milliseconds since 1970. A key has none until it is given one.
  void set_now(int64_t now_ms) { now_ms_ = now_ms; }
  int64_t now_ms() const { return now_ms_; }
  bool knows_time() const { return now_ms_ != INT64_MIN; }
  void expire_at(Entry& entry, int64_t when_ms) { expiry_.set(entry, when_ms); }
  bool persist(Entry& entry) { return expiry_.remove(entry); }
  std::optional<int64_t> time_of(const Entry& entry) const;
  bool is_expired(const Entry& entry) const;

  // Tells whether keys that are looked for count as used, for eviction.
  void set_tracks_use(bool tracks_use) { tracks_use_ = tracks_use; }

  // It is called with the key of each entry that expires, before that goes.
  std::function<void(std::string_view key)> on_expired;

  // Erases up to `limit` keys whose time has come, and returns how many those
  // were. O(limit log n).
  size_t expire_due(size_t limit);

  // Return how many keys have a time, and which is the next. O(1).
  size_t expiring() const { return expiry_.size(); }
  std::optional<int64_t> next_expiry_ms() const;

  // Visits some entries, visit(const Entry&), and returns the cursor to go on
  // with; see HashTable::scan for what is promised.
  template <class Visit>
  uint64_t scan(uint64_t cursor, Visit visit);

  // Visits all entries, visit(const Entry&), expired ones too. O(n).
  template <class Visit>
  void for_each(Visit visit) const;

 private:
  HashTable::Node** find_slot(std::string_view key, uint64_t hash);
  Entry& find_or_insert(std::string_view key, Type type);
  void erase_slot(HashTable::Node** slot);
  void drop_value(Entry& entry, Type type);

  SipHashKey secret_ = random_siphash_key();
  HashTable entries_;
  Expiry expiry_;
  Garbage garbage_;
  int64_t now_ms_ = INT64_MIN;
  bool tracks_use_ = false;
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
