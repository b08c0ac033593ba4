#include "store/store.h"

#include <utility>

namespace klh {

namespace {

void copy_value(const Entry& from, Entry& to) {
  if (const String* const string = from.value<String>()) {
    to.value<String>()->assign(string->view());
  } else if (const List* const list = from.value<List>()) {
    List& copy = *to.value<List>();
    for (auto at = list->seek(0); !at.at_end(); at.next()) {
      copy.push_tail(at.element());
    }
  } else if (const Hash* const hash = from.value<Hash>()) {
    Hash& copy = *to.value<Hash>();
    hash->for_each([&](std::string_view name, std::string_view value) {
      copy.set(name, value);
    });
  } else if (const SortedSet* const set = from.value<SortedSet>()) {
    SortedSet& copy = *to.value<SortedSet>();
    set->for_each([&](std::string_view member, double score) {
      copy.set(member, score);
    });
  }
}

}  // namespace

Entry* Store::find(std::string_view key) {
  HashTable::Node** slot = find_slot(key, siphash13(secret_, key));
  return slot ? static_cast<Entry*>(*slot) : nullptr;
}

Entry& Store::set_string(std::string_view key, std::string_view value) {
  Entry& entry = find_or_insert(key, Type::string);
  const String* const old = entry.value<String>();
  if (!old || (old->size() != value.size() &&
               entry.has_more_blocks_than(Garbage::kMostAtOnce))) {
    drop_value(entry, Type::string);
  }
  entry.value<String>()->assign(value);
  return entry;
}

bool Store::erase(std::string_view key) {
  HashTable::Node** slot = find_slot(key, siphash13(secret_, key));
  if (!slot) return false;
  erase_slot(slot);
  return true;
}

void Store::rename(Entry& entry, std::string_view new_key) {
  if (entry.key() == new_key) return;
  erase(new_key);
  Entry& renamed = find_or_insert(new_key, entry.type());
  renamed.swap_values(entry);
  if (const auto when_ms = time_of(entry)) expiry_.set(renamed, *when_ms);
  erase(entry.key());
}

void Store::copy(const Entry& entry, std::string_view new_key) {
  erase(new_key);
  Entry& copied = find_or_insert(new_key, entry.type());
  copy_value(entry, copied);
  if (const auto when_ms = time_of(entry)) expiry_.set(copied, *when_ms);
}

// A scan step visits the chains of one place in the table. Places are taken at
// random until one has keys; at least every eighth bucket has, on average.
Entry* Store::random(uint64_t random_bits) {
  if (size() == 0) return nullptr;
  for (;;) {
    const Entry* chosen = nullptr;
    uint64_t seen = 0;
    entries_.scan(random_bits, [&](const HashTable::Node& node) {
      ++seen;
      random_bits = random_bits * 6364136223846793005u + 1442695040888963407u;
      if ((random_bits >> 33) % seen == 0) {
        chosen = static_cast<const Entry*>(&node);
      }
    });
    if (chosen) return const_cast<Entry*>(chosen);
    random_bits = random_bits * 6364136223846793005u + 1442695040888963407u;
    random_bits ^= random_bits >> 29;
  }
}

void Store::clear() {
  garbage_.add(std::move(entries_), std::move(expiry_));
}

std::optional<int64_t> Store::time_of(const Entry& entry) const {
  if (!Expiry::has_time(entry)) return std::nullopt;
  return expiry_.time_of(entry);
}

bool Store::is_expired(const Entry& entry) const {
  return Expiry::has_time(entry) && expiry_.time_of(entry) <= now_ms_;
}

size_t Store::expire_due(size_t limit) {
  size_t count = 0;
  while (count < limit && !expiry_.empty() && expiry_.next_ms() <= now_ms_) {
    // Looking for an expired key erases it.
    (void)find(expiry_.next().key());
    ++count;
  }
  return count;
}

std::optional<int64_t> Store::next_expiry_ms() const {
  if (expiry_.empty()) return std::nullopt;
  return expiry_.next_ms();
}

// The slot of a key that has not expired.
HashTable::Node** Store::find_slot(std::string_view key, uint64_t hash) {
  if (!garbage_.empty()) garbage_.keep_pace();
  HashTable::Node** slot =
      entries_.find_slot(hash, [key](const HashTable::Node& node) {
        return static_cast<const Entry&>(node).key() == key;
      });
  if (!slot) return nullptr;
  Entry& entry = static_cast<Entry&>(**slot);
  if (tracks_use_) entry.note_use();
  if (!is_expired(entry)) return slot;
  if (on_expired) on_expired(entry.key());
  erase_slot(slot);
  return nullptr;
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

void Store::erase_slot(HashTable::Node** slot) {
  Entry* const entry = static_cast<Entry*>(entries_.remove(slot));
  expiry_.remove(*entry);
  garbage_.add(entry);
}

// Gives a key an empty value in place of the one it has.
void Store::drop_value(Entry& entry, Type type) {
  Entry* const dropped = Entry::create("", type, secret_);
  dropped->swap_values(entry);
  garbage_.add(dropped);
}

}  // namespace klh
