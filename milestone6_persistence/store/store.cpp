#include "store/store.h"

namespace klh {

Entry* Store::find(std::string_view key) {
  HashTable::Node** slot = find_slot(key, siphash13(secret_, key));
  return slot ? static_cast<Entry*>(*slot) : nullptr;
}

void Store::set_string(std::string_view key, std::string_view value) {
  Entry& entry = find_or_insert(key, Type::string);
  if (entry.type() != Type::string) entry.reset(Type::string, secret_);
  entry.value<String>()->assign(value);
}

bool Store::erase(std::string_view key) {
  HashTable::Node** slot = find_slot(key, siphash13(secret_, key));
  if (!slot) return false;
  Entry::destroy(static_cast<Entry*>(entries_.remove(slot)));
  return true;
}

void Store::clear() {
  entries_.clear(
      [](HashTable::Node* node) { Entry::destroy(static_cast<Entry*>(node)); });
}

HashTable::Node** Store::find_slot(std::string_view key, uint64_t hash) {
  return entries_.find_slot(hash, [key](const HashTable::Node& node) {
    return static_cast<const Entry&>(node).key() == key;
  });
}

// The entry of the key, a new one with an empty value of `type` if there was
// none.
Entry& Store::find_or_insert(std::string_view key, Type type) {
  const uint64_t hash = siphash13(secret_, key);
  if (HashTable::Node** slot = find_slot(key, hash)) {
    return static_cast<Entry&>(**slot);
  }
  Entry* const entry = Entry::create(key, type, secret_);
  entries_.insert(entry, hash);
  return *entry;
}

}  // namespace klh
