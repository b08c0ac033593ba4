#include "store/entry.h"

#include <cstring>
#include <new>

namespace klh {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::string: return "string";
    case Type::list: return "list";
    case Type::hash: return "hash";
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

void Entry::reset(Type type, const SipHashKey& secret) {
  close();
  open(type, secret);
}

Entry::Entry(std::string_view key)
    : key_size_(static_cast<uint32_t>(key.size())) {
  // An empty view may hold a null pointer, which memcpy must not get.
  char* const behind = reinterpret_cast<char*>(this + 1);
  if (!key.empty()) std::memcpy(behind, key.data(), key.size());
}

void Entry::open(Type type, const SipHashKey& secret) {
  type_ = type;
  switch (type) {
    case Type::string: new (&value_.string) String; break;
    case Type::list: value_.list = new List; break;
    case Type::hash: value_.hash = new Hash(secret); break;
  }
}

void Entry::close() {
  switch (type_) {
    case Type::string: value_.string.~String(); break;
    case Type::list: delete value_.list; break;
    case Type::hash: delete value_.hash; break;
  }
}

}  // namespace klh
