#include "store/entry.h"

#include <cstring>
#include <new>

#include "store/blocks.h"

namespace klh {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::string: return "string";
    case Type::list: return "list";
    case Type::hash: return "hash";
    case Type::sorted_set: return "zset";
  }
  return "none";
}

Entry* Entry::create(std::string_view key, Type type,
                     const SipHashKey& secret) {
  void* const memory = ::operator new(sizeof(Entry) + key.size());
  Entry* const entry = new (memory) Entry(key);
  entry->open(type, secret);
  return entry;
}

void Entry::destroy(Entry* entry) {
  entry->close();
  entry->~Entry();
  ::operator delete(entry);
}

size_t Entry::memory_usage() const {
  const size_t own = sizeof(Entry) + key_size_;
  switch (type()) {
    case Type::string: return own + value_.string.allocated_bytes();
    case Type::list: return own + value_.list.allocated_bytes();
    case Type::hash: return own + value_.hash.allocated_bytes();
    case Type::sorted_set: break;
  }
  return own + sizeof(SortedSet) + value_.sorted_set->allocated_bytes();
}

bool Entry::has_more_blocks_than(size_t most) const {
  switch (type()) {
    case Type::string: break;
    case Type::list: return value_.list.has_more_blocks_than(most);
    case Type::hash: return value_.hash.has_more_blocks_than(most);
    case Type::sorted_set: return value_.sorted_set->has_more_blocks_than(most);
  }
  return blocks_of(value_.string.allocated_bytes()) > most;
}

bool Entry::free_some(size_t& budget) {
  switch (type()) {
    case Type::string: return value_.string.free_some(budget);
    case Type::list: return value_.list.free_some(budget);
    case Type::hash: return value_.hash.free_some(budget);
    case Type::sorted_set: return value_.sorted_set->free_some(budget);
  }
  return true;  // there is no other type
}

// The bytes of a value may be moved: none of them knows its own address.
void Entry::swap_values(Entry& other) {
  char bytes[sizeof value_];
  void* const mine = &value_;
  void* const theirs = &other.value_;
  std::memcpy(bytes, mine, sizeof bytes);
  std::memcpy(mine, theirs, sizeof bytes);
  std::memcpy(theirs, bytes, sizeof bytes);
  const uint32_t type = type_;
  type_ = other.type_;
  other.type_ = type & 7;
}

Entry::Entry(std::string_view key)
    : key_size_(static_cast<uint32_t>(key.size()) & kMostKeyBytes),
      recency_(kJustUsed),
      type_(0),
      expiry_slot_(kNoExpiry) {
  // An empty view may hold a null pointer, which memcpy must not get.
  char* const behind = reinterpret_cast<char*>(this + 1);
  if (!key.empty()) std::memcpy(behind, key.data(), key.size());
}

void Entry::open(Type type, const SipHashKey& secret) {
  type_ = static_cast<uint32_t>(type) & 7;
  switch (type) {
    case Type::string: new (&value_.string) String; break;
    case Type::list: new (&value_.list) List; break;
    case Type::hash: new (&value_.hash) Hash(secret); break;
    case Type::sorted_set: value_.sorted_set = new SortedSet(secret); break;
  }
}

void Entry::close() {
  switch (type()) {
    case Type::string: value_.string.~String(); break;
    case Type::list: value_.list.~List(); break;
    case Type::hash: value_.hash.~Hash(); break;
    case Type::sorted_set: delete value_.sorted_set; break;
  }
}

}  // namespace klh
