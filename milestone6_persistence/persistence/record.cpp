#include "persistence/record.h"

#include <charconv>
#include <cstddef>
#include <optional>

#include "common/number.h"
#include "persistence/token.h"

namespace klh {

namespace {

void append_plain(Buffer& output, std::string_view bytes) {
  output.append(" ");
  append_token(output, bytes);
}

constexpr const char* kThereAlready = "the key is there already";

// The new value of a key, or nullptr if the key is there already.
template <class T>
T* create(Store& store, std::string_view key) {
  const size_t size = store.size();
  T* const value = store.find_or_create<T>(key);
  return store.size() == size ? nullptr : value;
}

std::string load_string(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no value";
  std::string value;
  const std::string complaint = decode_token(line.next(), Token::plain, value);
  if (!complaint.empty()) return complaint;
  if (!line.at_end()) return "more than one value";
  String* const string = create<String>(store, key);
  if (!string) return kThereAlready;
  string->assign(value);
  return "";
}

std::string load_list(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no elements";
  List* const list = create<List>(store, key);
  if (!list) return kThereAlready;
  std::string element;
  while (!line.at_end()) {
    const std::string complaint =
        decode_token(line.next(), Token::plain, element);
    if (!complaint.empty()) return complaint;
    list->push_tail(element);
  }
  return "";
}

std::string load_field(std::string_view token, Hash& hash) {
  const size_t colon = token.find(':');
  if (colon == token.npos) return "no ':' between field and value";
  std::string name;
  std::string value;
  std::string complaint =
      decode_token(token.substr(0, colon), Token::field, name);
  if (!complaint.empty()) return complaint;
  complaint = decode_token(token.substr(colon + 1), Token::plain, value);
  if (!complaint.empty()) return complaint;
  return hash.set(name, value) ? "" : "a field comes twice";
}

std::string load_hash(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no fields";
  Hash* const hash = create<Hash>(store, key);
  if (!hash) return kThereAlready;
  while (!line.at_end()) {
    const std::string complaint = load_field(line.next(), *hash);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

std::string load_member(std::string_view token, SortedSet& set) {
  const size_t colon = token.find(':');
  if (colon == token.npos) return "no ':' between score and member";
  const std::optional<double> score = parse_double(token.substr(0, colon));
  if (!score) return "the score is not a number";
  std::string member;
  const std::string complaint =
      decode_token(token.substr(colon + 1), Token::plain, member);
  if (!complaint.empty()) return complaint;
  return set.set(member, *score) ? "" : "a member comes twice";
}

std::string load_sorted_set(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no members";
  SortedSet* const set = create<SortedSet>(store, key);
  if (!set) return kThereAlready;
  while (!line.at_end()) {
    const std::string complaint = load_member(line.next(), *set);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

std::string load_expiry(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no time";
  const std::string_view token = line.next();
  int64_t when_ms = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, when_ms);
  if (error != std::errc() || stop != end) return "the time is not a number";
  if (!line.at_end()) return "more than one time";
  Entry* const entry = store.find(key);
  if (!entry) return "a time for a key that is not there";
  if (store.time_of(*entry)) return "the key has a time already";
  store.expire_at(*entry, when_ms);
  return "";
}

using Load = std::string (*)(Line& line, std::string_view key, Store& store);

Load loader_of(std::string_view type) {
  if (type == "K") return load_string;
  if (type == "L") return load_list;
  if (type == "H") return load_hash;
  if (type == "Z") return load_sorted_set;
  if (type == "E") return load_expiry;
  return nullptr;
}

char letter_of(Type type) {
  switch (type) {
    case Type::string: return 'K';
    case Type::list: return 'L';
    case Type::hash: return 'H';
    case Type::sorted_set: return 'Z';
  }
  return '?';
}

}  // namespace

void append_record(Buffer& output, const Entry& entry) {
  const char letter = letter_of(entry.type());
  output.append({&letter, 1});
  append_plain(output, entry.key());
  if (const String* const string = entry.value<String>()) {
    append_plain(output, string->view());
  } else if (const List* const list = entry.value<List>()) {
    for (auto at = list->seek(0); !at.at_end(); at.next()) {
      append_plain(output, at.element());
    }
  } else if (const Hash* const hash = entry.value<Hash>()) {
    hash->for_each([&](std::string_view name, std::string_view value) {
      output.append(" ");
      append_token(output, name, Token::field);
      output.append(":");
      append_token(output, value);
    });
  } else if (const SortedSet* const set = entry.value<SortedSet>()) {
    set->for_each([&](std::string_view member, double score) {
      output.append(" ");
      output.append(format_shortest(score));
      output.append(":");
      append_token(output, member);
    });
  }
  output.append("\n");
}

void append_expiry(Buffer& output, std::string_view key, int64_t when_ms) {
  output.append("E");
  append_plain(output, key);
  append_plain(output, std::to_string(when_ms));
  output.append("\n");
}

std::string load_record(std::string_view text, Store& store) {
  Line line(text);
  const std::string_view type = line.next();
  const Load load = loader_of(type);
  if (!load) return "a record begins with K, L, H, Z or E and a space";
  if (line.at_end()) return "no key";
  std::string key;
  const std::string complaint = decode_token(line.next(), Token::plain, key);
  if (!complaint.empty()) return complaint;
  const std::string wrong = load(line, key, store);
  const bool has_made_key = type != "E" && wrong != kThereAlready;
  if (!wrong.empty() && has_made_key) store.erase(key);
  return wrong;
}

}  // namespace klh
