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

Status load_string(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return Status::damaged("no value");
  std::string value;
  Status status = decode_token(line.next(), Token::plain, value);
  if (!status.ok()) return status;
  if (!line.at_end()) return Status::damaged("more than one value");
  String* const string = create<String>(store, key);
  if (!string) return Status::damaged(kThereAlready);
  string->assign(value);
  return {};
}

Status load_list(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return Status::damaged("no elements");
  List* const list = create<List>(store, key);
  if (!list) return Status::damaged(kThereAlready);
  std::string element;
  while (!line.at_end()) {
    Status status = decode_token(line.next(), Token::plain, element);
    if (!status.ok()) return status;
    list->push_tail(element);
  }
  return {};
}

Status load_field(std::string_view token, Hash& hash) {
  const size_t colon = token.find(':');
  if (colon == token.npos) {
    return Status::damaged("no ':' between field and value");
  }
  std::string name;
  std::string value;
  Status status = decode_token(token.substr(0, colon), Token::field, name);
  if (!status.ok()) return status;
  status = decode_token(token.substr(colon + 1), Token::plain, value);
  if (!status.ok()) return status;
  return hash.set(name, value) ? Status()
                               : Status::damaged("a field comes twice");
}

Status load_hash(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return Status::damaged("no fields");
  Hash* const hash = create<Hash>(store, key);
  if (!hash) return Status::damaged(kThereAlready);
  while (!line.at_end()) {
    Status status = load_field(line.next(), *hash);
    if (!status.ok()) return status;
  }
  return {};
}

Status load_member(std::string_view token, SortedSet& set) {
  const size_t colon = token.find(':');
  if (colon == token.npos) {
    return Status::damaged("no ':' between score and member");
  }
  const std::optional<double> score = parse_double(token.substr(0, colon));
  if (!score) return Status::damaged("the score is not a number");
  std::string member;
  Status status = decode_token(token.substr(colon + 1), Token::plain, member);
  if (!status.ok()) return status;
  return set.set(member, *score) ? Status()
                                 : Status::damaged("a member comes twice");
}

Status load_sorted_set(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return Status::damaged("no members");
  SortedSet* const set = create<SortedSet>(store, key);
  if (!set) return Status::damaged(kThereAlready);
  while (!line.at_end()) {
    Status status = load_member(line.next(), *set);
    if (!status.ok()) return status;
  }
  return {};
}

Status load_expiry(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return Status::damaged("no time");
  const std::string_view token = line.next();
  int64_t when_ms = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, when_ms);
  if (error != std::errc() || stop != end) {
    return Status::damaged("the time is not a number");
  }
  if (!line.at_end()) return Status::damaged("more than one time");
  Entry* const entry = store.find(key);
  if (!entry) return Status::damaged("a time for a key that is not there");
  if (store.time_of(*entry)) {
    return Status::damaged("the key has a time already");
  }
  store.expire_at(*entry, when_ms);
  return {};
}

using Load = Status (*)(Line& line, std::string_view key, Store& store);

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

Status load_record(std::string_view text, Store& store) {
  Line line(text);
  const std::string_view type = line.next();
  const Load load = loader_of(type);
  if (!load) {
    return Status::damaged("a record begins with K, L, H, Z or E and a space");
  }
  if (line.at_end()) return Status::damaged("no key");
  std::string key;
  Status status = decode_token(line.next(), Token::plain, key);
  if (!status.ok()) return status;
  const size_t keys_before = store.size();
  status = load(line, key, store);
  if (!status.ok() && store.size() > keys_before) store.erase(key);
  return status;
}

}  // namespace klh
