#include "common/key_value.h"

#include <utility>

namespace klh {

namespace {

struct Pair : HashTable::Node {
  std::string key;
  std::string value;
};

Pair& as_pair(HashTable::Node* node) {
  return static_cast<Pair&>(*node);
}

// Cuts `text` at its first space; without one, all of it is the first part.
std::pair<std::string_view, std::string_view> cut(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return {text, {}};
  return {text.substr(0, space), text.substr(space + 1)};
}

}  // namespace

KeyValue::~KeyValue() {
  pairs_.clear([](HashTable::Node* node) { delete &as_pair(node); });
}

std::string KeyValue::execute(std::string_view request) {
  const auto [command, rest] = cut(request);
  const auto [key, value] = cut(rest);
  const bool has_value = rest.size() > key.size();  // there is a second space

  if (command == "SET") {
    if (key.empty() || !has_value) return "-ERR usage: SET key value";
    return set(key, value);
  }
  if (command == "GET") {
    if (key.empty() || has_value) return "-ERR usage: GET key";
    return get(key);
  }
  if (command == "DEL") {
    if (key.empty() || has_value) return "-ERR usage: DEL key";
    return del(key);
  }
  if (request.empty()) return "-ERR empty request";
  return "-ERR unknown command '" + std::string(command.substr(0, 64)) + "'";
}

std::string KeyValue::set(std::string_view key, std::string_view value) {
  if (HashTable::Node** slot = find_slot(key)) {
    as_pair(*slot).value = value;
  } else {
    Pair* pair = new Pair;
    pair->key = key;
    pair->value = value;
    pairs_.insert(pair, hash(key));
  }
  return "+OK";
}

std::string KeyValue::get(std::string_view key) {
  HashTable::Node** slot = find_slot(key);
  return slot ? "$" + as_pair(*slot).value : "_";
}

std::string KeyValue::del(std::string_view key) {
  HashTable::Node** slot = find_slot(key);
  if (!slot) return ":0";
  delete &as_pair(pairs_.remove(slot));
  return ":1";
}

HashTable::Node** KeyValue::find_slot(std::string_view key) {
  return pairs_.find_slot(hash(key), [&](const HashTable::Node& node) {
    return static_cast<const Pair&>(node).key == key;
  });
}

uint64_t KeyValue::hash(std::string_view key) const {
  return siphash13(hash_key_, key);
}

}  // namespace klh
