#include "persistence/token.h"

#include <cstddef>
#include <cstdio>

#include "store/string.h"

namespace klh {

namespace {

constexpr char kEscape = '%';
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool must_escape(char byte, Token token) {
  const auto value = static_cast<unsigned char>(byte);
  return value <= 0x20 || value == 0x7F || byte == kEscape ||
         (byte == ':' && token == Token::field);
}

}  // namespace

void append_token(Buffer& output, std::string_view bytes, Token kind) {
  if (bytes.empty()) return output.append("%");
  constexpr size_t kEscapedBytes = 3;
  char* const begin = output.prepare(kEscapedBytes * bytes.size());
  char* end = begin;
  for (const char byte : bytes) {
    if (must_escape(byte, kind)) {
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

namespace {

// "byte 0x0D must be written %0D"
std::string explain_raw_byte(char byte) {
  char text[64];
  const unsigned value = static_cast<unsigned char>(byte);
  std::snprintf(text, sizeof text, "byte 0x%02X must be written %%%02X", value,
                value);
  return text;
}

}  // namespace

std::string decode_token(std::string_view token, Token kind,
                         std::string& bytes) {
  bytes.clear();
  if (token.empty()) return "an empty token must be written %";
  if (token.size() == 1 && token[0] == kEscape) return "";
  bytes.resize(token.size());
  char* end = bytes.data();
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != kEscape) {
      if (must_escape(token[i], kind)) return explain_raw_byte(token[i]);
      *end++ = token[i];
      continue;
    }
    const std::string_view digits = token.substr(i + 1, 2);
    const size_t high = kHexDigits.find(digits.substr(0, 1));
    const size_t low = kHexDigits.find(digits.substr(digits.size() / 2));
    if (digits.size() < 2 || high == kHexDigits.npos ||
        low == kHexDigits.npos) {
      return "% must be followed by two upper-case hexadecimal digits";
    }
    *end++ = static_cast<char>(high * 16 + low);
    i += 2;
  }
  bytes.resize(static_cast<size_t>(end - bytes.data()));
  if (bytes.size() > String::kMaxBytes) return "a token of over 512 MiB";
  return "";
}

std::string_view Line::next() {
  const size_t space = rest_.find(' ');
  const std::string_view token = rest_.substr(0, space);
  at_end_ = space == rest_.npos;
  rest_ = at_end_ ? std::string_view() : rest_.substr(space + 1);
  return token;
}

}  // namespace klh
