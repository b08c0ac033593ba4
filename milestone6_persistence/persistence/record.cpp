#include "persistence/record.h"

#include <cstddef>
#include <cstdio>

namespace klh {

namespace {

constexpr char kEscape = '%';
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

enum class Token { plain, field };  // in a field's name ':' is escaped too

bool must_escape(char byte, Token token) {
  const auto value = static_cast<unsigned char>(byte);
  return value <= 0x20 || value == 0x7F || byte == kEscape ||
         (byte == ':' && token == Token::field);
}

void append_token(Buffer& output, std::string_view bytes, Token token) {
  if (bytes.empty()) return output.append("%");
  constexpr size_t kEscapedBytes = 3;
  char* const begin = output.prepare(kEscapedBytes * bytes.size());
  char* end = begin;
  for (const char byte : bytes) {
    if (must_escape(byte, token)) {
      const auto value = static_cast<unsigned char>(byte);
      *end++ = kEscape;
      *end++ = kHexDigits[value >> 4];
      *end++ = kHexDigits[value & 0xF];
    } else {
      *end++ = byte;
    }
  }
  output.commit(static_cast<size_t>(end - begin));
}

void append_plain(Buffer& output, std::string_view bytes) {
  output.append(" ");
  append_token(output, bytes, Token::plain);
}

// "control byte 0x0D must be written %0D"
std::string explain_raw_byte(char byte) {
  char text[64];
  const unsigned value = static_cast<unsigned char>(byte);
  std::snprintf(text, sizeof text, "byte 0x%02X must be written %%%02X", value,
                value);
  return text;
}

// Decodes a token; what is wrong with it, or "".
std::string decode_token(std::string_view token, Token kind,
                         std::string& bytes) {
  bytes.clear();
  if (token.empty()) return "an empty token must be written %";
  if (token.size() == 1 && token[0] == kEscape) return "";
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != kEscape) {
      if (must_escape(token[i], kind)) return explain_raw_byte(token[i]);
      bytes += token[i];
      continue;
    }
    const std::string_view digits = token.substr(i + 1, 2);
    const size_t high = kHexDigits.find(digits.substr(0, 1));
    const size_t low = kHexDigits.find(digits.substr(digits.size() / 2));
    if (digits.size() < 2 || high == kHexDigits.npos ||
        low == kHexDigits.npos) {
      return "% must be followed by two upper-case hexadecimal digits";
    }
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (bytes.size() > String::kMaxBytes) return "a token of over 512 MiB";
  return "";
}

// Takes the tokens of a line from its front.
class Line {
 public:
  explicit Line(std::string_view line) : rest_(line) {}

  bool at_end() const { return at_end_; }

  std::string_view next() {
    const size_t space = rest_.find(' ');
    const std::string_view token = rest_.substr(0, space);
    at_end_ = space == rest_.npos;
    rest_ = at_end_ ? std::string_view() : rest_.substr(space + 1);
    return token;
  }

 private:
  std::string_view rest_;
  bool at_end_ = false;  // not when a space ends the line: an empty token
};

std::string load_string(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no value";
  std::string value;
  const std::string complaint = decode_token(line.next(), Token::plain, value);
  if (!complaint.empty()) return complaint;
  if (!line.at_end()) return "more than one value";
  store.set_string(key, value);
  return "";
}

std::string load_list(Line& line, std::string_view key, Store& store) {
  if (line.at_end()) return "no elements";
  List* const list = store.find_or_create<List>(key);
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
  Hash* const hash = store.find_or_create<Hash>(key);
  while (!line.at_end()) {
    const std::string complaint = load_field(line.next(), *hash);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

}  // namespace

void append_record(Buffer& output, const Entry& entry) {
  switch (entry.type()) {
    case Type::string: output.append("K"); break;
    case Type::list: output.append("L"); break;
    case Type::hash: output.append("H"); break;
  }
  append_plain(output, entry.key());
  if (const String* const string = entry.value<String>()) {
    append_plain(output, string->view());
  } else if (const List* const list = entry.value<List>()) {
    for (size_t i = 0; i < list->size(); ++i) {
      append_plain(output, list->at(i));
    }
  } else if (const Hash* const hash = entry.value<Hash>()) {
    hash->for_each([&](std::string_view name, std::string_view value) {
      output.append(" ");
      append_token(output, name, Token::field);
      output.append(":");
      append_token(output, value, Token::plain);
    });
  }
  output.append("\n");
}

std::string load_record(std::string_view text, Store& store) {
  Line line(text);
  const std::string_view type = line.next();
  if (type != "K" && type != "L" && type != "H") {
    return "a record begins with K, L or H and a space";
  }
  if (line.at_end()) return "no key";
  std::string key;
  const std::string complaint = decode_token(line.next(), Token::plain, key);
  if (!complaint.empty()) return complaint;
  if (store.find(key)) return "the key is there already";
  if (type == "K") return load_string(line, key, store);
  if (type == "L") return load_list(line, key, store);
  return load_hash(line, key, store);
}

}  // namespace klh
