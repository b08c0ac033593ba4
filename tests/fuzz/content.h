// A store as a value that can be compared.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace klh {

using Content = std::map<std::string, std::vector<std::string>>;

// Of each key its type and parts; of a hash sorted by field.
inline Content content_of(const Store& store) {
  Content content;
  store.for_each([&](const Entry& entry) {
    std::vector<std::string>& parts = content[std::string(entry.key())];
    parts.emplace_back(name_of(entry.type()));
    if (const String* const string = entry.value<String>()) {
      parts.emplace_back(string->view());
    } else if (const List* const list = entry.value<List>()) {
      for (size_t i = 0; i < list->size(); ++i) parts.emplace_back(list->at(i));
    } else if (const Hash* const hash = entry.value<Hash>()) {
      std::map<std::string, std::string> fields;
      hash->for_each([&](std::string_view name, std::string_view value) {
        fields.emplace(name, value);
      });
      for (const auto& [name, value] : fields) {
        parts.push_back(name);
        parts.push_back(value);
      }
    }
  });
  return content;
}

}  // namespace klh
