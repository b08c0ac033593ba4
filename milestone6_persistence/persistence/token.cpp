#include "persistence/token.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

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

// Most bytes stand as they are, so eight at a time are looked at: the top bit
// of some byte is set if one of the eight is below `limit`, or is `byte`. See
// https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
constexpr size_t kWordBytes = sizeof(uint64_t);
constexpr uint64_t kInEachByte = 0x0101010101010101;
constexpr uint64_t kTopBits = 0x80 * kInEachByte;

constexpr uint64_t has_less(uint64_t word, uint8_t limit) {
  return (word - limit * kInEachByte) & ~word & kTopBits;
}
constexpr uint64_t has(uint64_t word, char byte) {
  return has_less(word ^ static_cast<uint8_t>(byte) * kInEachByte, 1);
}

// Copies what stands as it is among the next kWordBytes, until the first byte
// that must be escaped; how many bytes these are. `to` has room for kWordBytes.
// What the subtraction borrows may set the bits of bytes behind that one: which
// is the first is only certain where it is the lowest.
size_t copy_plain(std::string_view bytes, Token token, char* to) {
  if (bytes.size() < kWordBytes) return 0;
  uint64_t word;
  std::memcpy(&word, bytes.data(), kWordBytes);
  std::memcpy(to, &word, kWordBytes);
  const char extra = token == Token::field ? ':' : kEscape;
  const uint64_t found = has_less(word, 0x21) | has(word, 0x7F) |
                         has(word, kEscape) | has(word, extra);
  if (found == 0) return kWordBytes;
  if (std::endian::native != std::endian::little) return 0;
  return static_cast<size_t>(std::countr_zero(found)) / 8;
}

}  // namespace

void append_token(Buffer& output, std::string_view bytes, Token kind) {
  if (bytes.empty()) return output.append("%");
  constexpr size_t kEscapedBytes = 3;
  char* const begin = output.prepare(kEscapedBytes * bytes.size());
  char* end = begin;
  for (size_t i = 0; i < bytes.size();) {
    // There is room: three bytes for each that is left.
    const size_t plain = copy_plain(bytes.substr(i), kind, end);
    end += plain;
    i += plain;
    if (plain == kWordBytes) continue;
    for (; i < bytes.size() && must_escape(bytes[i], kind); ++i) {
      const auto value = static_cast<unsigned char>(bytes[i]);
      *end++ = kEscape;
      *end++ = kHexDigits[value >> 4];
      *end++ = kHexDigits[value & 0xF];
    }
    if (i < bytes.size()) *end++ = bytes[i++];
  }
  output.commit(static_cast<size_t>(end - begin));
}

namespace {

// What an upper-case hexadecimal digit stands for; -1: it is none.
int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// "byte 0x0D must be written %0D"
Status explain_raw_byte(char byte) {
  char text[64];
  const unsigned value = static_cast<unsigned char>(byte);
  std::snprintf(text, sizeof text, "byte 0x%02X must be written %%%02X", value,
                value);
  return Status::damaged(text);
}

}  // namespace

Status decode_token(std::string_view token, Token kind, std::string& bytes) {
  bytes.clear();
  if (token.empty()) return Status::damaged("an empty token must be written %");
  if (token.size() == 1 && token[0] == kEscape) return {};
  bytes.resize(token.size());
  char* end = bytes.data();
  for (size_t i = 0; i < token.size();) {
    // There is room: as many bytes as are left, or more.
    const size_t plain = copy_plain(token.substr(i), kind, end);
    end += plain;
    i += plain;
    if (plain == kWordBytes) continue;
    if (token[i] != kEscape) {
      if (must_escape(token[i], kind)) return explain_raw_byte(token[i]);
      *end++ = token[i++];
      continue;
    }
    const bool has_digits = i + 2 < token.size();
    const int high = has_digits ? value_of(token[i + 1]) : -1;
    const int low = has_digits ? value_of(token[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Status::damaged(
          "% must be followed by two upper-case hexadecimal digits");
    }
    *end++ = static_cast<char>(high * 16 + low);
    i += 3;
  }
  bytes.resize(static_cast<size_t>(end - bytes.data()));
  if (bytes.size() > String::kMaxBytes) {
    return Status::damaged("a token of over 512 MiB");
  }
  return {};
}

std::string_view Line::next() {
  const size_t space = rest_.find(' ');
  const std::string_view token = rest_.substr(0, space);
  at_end_ = space == rest_.npos;
  rest_ = at_end_ ? std::string_view() : rest_.substr(space + 1);
  return token;
}

}  // namespace klh
