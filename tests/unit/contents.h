// A store as a value that can be compared.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "store/store.h"

namespace klh::test {

// What one can know of an entry, as one text.
inline std::string content_of(const Store& store, const Entry& entry) {
  std::string text(name_of(entry.type()));
  const auto add = [&text](std::string_view word) {
    text += ' ' + std::to_string(word.size()) + ':' + std::string(word);
  };
  if (const auto time_ms = store.time_of(entry)) {
    text += '@' + std::to_string(*time_ms);
  }
  if (const auto* string = entry.value<String>()) {
    add(string->view());
  } else if (const auto* list = entry.value<List>()) {
    for (auto at = list->seek(0); !at.at_end(); at.next()) add(at.element());
  } else if (const auto* hash = entry.value<Hash>()) {
    std::map<std::string, std::string> fields;
    hash->for_each([&](std::string_view name, std::string_view value) {
      fields[std::string(name)] = value;
    });
    for (const auto& [name, value] : fields) {
      add(name);
      add(value);
    }
  } else if (const auto* set = entry.value<SortedSet>()) {
    set->for_each([&](std::string_view member, double score) {
      add(member);
      text += '=' + std::to_string(std::bit_cast<uint64_t>(score));
    });
  }
  return text;
}

using Contents = std::map<std::string, std::string>;

// Of all keys whose time comes after `now_ms`.
inline Contents contents_of(const Store& store, int64_t now_ms) {
  Contents contents;
  store.for_each([&](const Entry& entry) {
    const auto time_ms = store.time_of(entry);
    if (time_ms && *time_ms <= now_ms) return;
    contents[std::string(entry.key())] = content_of(store, entry);
  });
  return contents;
}

// The first key that is different, for a message.
inline std::string difference(const Contents& left, const Contents& right) {
  const auto find = [](const Contents& in, const std::string& key) {
    const auto found = in.find(key);
    return found == in.end() ? "(none)" : found->second.substr(0, 300);
  };
  for (const Contents* const each : {&left, &right}) {
    for (const auto& [key, content] : *each) {
      const std::string a = find(left, key);
      const std::string b = find(right, key);
      if (a != b) return key + "\n    " + a + "\n    " + b;
    }
  }
  return "in what was cut off here";
}

}  // namespace klh::test
