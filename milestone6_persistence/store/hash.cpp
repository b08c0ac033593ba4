#include "store/hash.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "store/blocks.h"

namespace klh {

namespace {

char* write_string(char* to, std::string_view bytes) {
  to = write_varint(to, bytes.size());
  // An empty view may hold a null pointer, which memcpy must not get.
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

size_t Hash::Field::bytes_of(std::string_view name, std::string_view value) {
  return sizeof(Field) + varint_bytes(name.size()) + name.size() +
         varint_bytes(value.size()) + value.size();
}

Hash::Field* Hash::Field::create(std::string_view name,
                                 std::string_view value) {
  Field* const field = new (::operator new(bytes_of(name, value))) Field;
  char* const behind = reinterpret_cast<char*>(field + 1);
  write_string(write_string(behind, name), value);
  return field;
}

void Hash::Field::destroy(Field* field) {
  field->~Field();
  ::operator delete(field);
}

Hash::Hash(const SipHashKey& key)
    : secret_and_kind_(reinterpret_cast<uintptr_t>(&key)), packed_() {
  static_assert(alignof(SipHashKey) > kIsTable);
}

Hash::~Hash() {
  if (is_packed()) {
    packed_.~Packed();
    return;
  }
  table_->clear(
      [](HashTable::Node* node) { Field::destroy(static_cast<Field*>(node)); });
  delete table_;
}

bool Hash::free_some(size_t& budget) {
  if (is_packed()) return true;  // one block
  return table_->drain(budget, [&budget](HashTable::Node* node) {
    auto* const field = static_cast<Field*>(node);
    const Item item = field->item();
    spend(budget, blocks_of(Field::bytes_of(item.name, item.value)) - 1);
    Field::destroy(field);
  });
}

bool Hash::has_more_blocks_than(size_t most) const {
  if (is_packed()) return blocks_of(packed_.allocated_bytes()) > most;
  if (size() > most) return true;
  size_t blocks = 0;
  for_each([&blocks](std::string_view name, std::string_view value) {
    blocks += blocks_of(Field::bytes_of(name, value));
  });
  return blocks > most;
}

size_t Hash::size() const {
  return is_packed() ? packed_.count() / 2 : table_->size();
}

size_t Hash::allocated_bytes() const {
  if (is_packed()) return packed_.allocated_bytes();
  size_t bytes = sizeof(HashTable) + table_->array_bytes();
  for_each([&](std::string_view name, std::string_view value) {
    bytes += Field::bytes_of(name, value);
  });
  return bytes;
}

bool Hash::set(std::string_view name, std::string_view value) {
  if (is_packed()) {
    if (name.size() <= kPackedBytes && value.size() <= kPackedBytes) {
      return set_packed(name, value);
    }
    make_table();
  }
  return set_in_table(name, value);
}

std::optional<std::string_view> Hash::get(std::string_view name) {
  if (is_packed()) {
    const size_t at = packed_.find(name, 2);
    if (at == Packed::kNotFound) return std::nullopt;
    return packed_.at(packed_.next(at));
  }
  HashTable::Node** const slot = find_slot(name, hash_of(name));
  if (!slot) return std::nullopt;
  return static_cast<Field*>(*slot)->item().value;
}

bool Hash::erase(std::string_view name) {
  if (is_packed()) {
    const size_t at = packed_.find(name, 2);
    if (at == Packed::kNotFound) return false;
    packed_.erase(at, packed_.next(packed_.next(at)), 2);
    return true;
  }
  HashTable::Node** const slot = find_slot(name, hash_of(name));
  if (!slot) return false;
  Field::destroy(static_cast<Field*>(table_->remove(slot)));
  return true;
}

Hash::Item Hash::random_field(uint64_t random) {
  assert(!empty());
  return is_packed() ? random_packed(random) : random_in_table(random);
}

HashTable::Node** Hash::find_slot(std::string_view name, uint64_t hash) {
  return table_->find_slot(hash, [name](const HashTable::Node& node) {
    return static_cast<const Field&>(node).name() == name;
  });
}

bool Hash::set_packed(std::string_view name, std::string_view value) {
  const size_t at = packed_.find(name, 2);
  if (at != Packed::kNotFound) {
    packed_.replace(packed_.next(at), value);
    return false;
  }
  if (size() == kPackedFields) {
    make_table();
    return set_in_table(name, value);
  }
  packed_.append(name);
  packed_.append(value);
  return true;
}

bool Hash::set_in_table(std::string_view name, std::string_view value) {
  const uint64_t hash = hash_of(name);
  HashTable::Node** const slot = find_slot(name, hash);
  if (!slot) {
    table_->insert(Field::create(name, value), hash);
    return true;
  }
  Field* const old = static_cast<Field*>(*slot);
  const std::string_view old_value = old->item().value;
  if (old_value.size() == value.size()) {
    if (value.empty()) return false;
    std::memcpy(const_cast<char*>(old_value.data()), value.data(),
                value.size());
  } else {
    table_->replace(slot, Field::create(name, value));
    Field::destroy(old);
  }
  return false;
}

void Hash::make_table() {
  auto* const table = new HashTable;
  for_each([&](std::string_view name, std::string_view value) {
    table->insert(Field::create(name, value), hash_of(name));
  });
  packed_.~Packed();
  table_ = table;
  secret_and_kind_ |= kIsTable;
}

Hash::Item Hash::random_packed(uint64_t random) const {
  const size_t index = static_cast<size_t>(random % size());
  const size_t at = packed_.position_of(2 * index);
  return {packed_.at(at), packed_.at(packed_.next(at))};
}

// A bucket at random, and a field in it at random, would prefer the fields that
// are alone in their buckets. So this collects the fields of neighbouring
// buckets until there are enough, and chooses among those.
Hash::Item Hash::random_in_table(uint64_t random) {
  std::array<const Field*, 16> fields;
  size_t count = 0;
  const size_t wanted = std::min(fields.size(), table_->size());
  uint64_t cursor = random;
  while (count < wanted) {
    cursor = table_->scan(cursor, [&](const HashTable::Node& node) {
      if (count < fields.size()) {
        fields[count++] = static_cast<const Field*>(&node);
      }
    });
  }
  return fields[(random >> 32) % count]->item();
}

}  // namespace klh
