#include "store/hash.h"

#include <cstring>
#include <new>

namespace klh {

Hash::Field* Hash::Field::create(std::string_view name,
                                 std::string_view value) {
  void* const memory = ::operator new(sizeof(Field) + name.size());
  Field* const field = new (memory) Field;
  field->value.assign(value);
  field->name_size = static_cast<uint32_t>(name.size());
  // An empty view may hold a null pointer, which memcpy must not get.
  char* const behind = reinterpret_cast<char*>(field + 1);
  if (!name.empty()) std::memcpy(behind, name.data(), name.size());
  return field;
}

void Hash::Field::destroy(Field* field) {
  field->~Field();
  ::operator delete(field);
}

Hash::~Hash() {
  fields_.clear(
      [](HashTable::Node* node) { Field::destroy(static_cast<Field*>(node)); });
}

bool Hash::set(std::string_view name, std::string_view value) {
  const uint64_t hash = hash_of(name);
  if (HashTable::Node** slot = find_slot(name, hash)) {
    static_cast<Field*>(*slot)->value.assign(value);
    return false;
  }
  fields_.insert(Field::create(name, value), hash);
  return true;
}

const String* Hash::get(std::string_view name) {
  HashTable::Node** slot = find_slot(name, hash_of(name));
  return slot ? &static_cast<Field*>(*slot)->value : nullptr;
}

bool Hash::erase(std::string_view name) {
  HashTable::Node** slot = find_slot(name, hash_of(name));
  if (!slot) return false;
  Field::destroy(static_cast<Field*>(fields_.remove(slot)));
  return true;
}

HashTable::Node** Hash::find_slot(std::string_view name, uint64_t hash) {
  return fields_.find_slot(hash, [name](const HashTable::Node& node) {
    return static_cast<const Field&>(node).name() == name;
  });
}

}  // namespace klh
