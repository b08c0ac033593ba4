// Tokens: eight bytes are looked at at once, so each byte is tried in each
// place of a word, and words of any mixture.
#include "persistence/token.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

namespace klh {
namespace {

// As docs/file-format.md says it, byte by byte.
std::string by_definition(const std::string& bytes, Token kind) {
  if (bytes.empty()) return "%";
  std::string token;
  for (const char byte : bytes) {
    const unsigned value = static_cast<unsigned char>(byte);
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", value);
    const bool is_plain = value > 0x20 && value != 0x7F && byte != '%' &&
                          (byte != ':' || kind == Token::plain);
    token += is_plain ? std::string(1, byte) : escaped;
  }
  return token;
}

void check(const std::string& bytes) {
  for (const Token kind : {Token::plain, Token::field}) {
    Buffer output;
    append_token(output, bytes, kind);
    const std::string token(output.view());
    ASSERT_EQ(token, by_definition(bytes, kind));
    std::string decoded = "something else";
    ASSERT_EQ(decode_token(token, kind, decoded).text(), "") << token;
    ASSERT_EQ(decoded, bytes);
  }
}

TEST(Tokens, EachByteInEachPlace) {
  for (size_t size = 0; size <= 17; ++size) {
    for (size_t place = 0; place < size; ++place) {
      for (int value = 0; value < 256; ++value) {
        for (const char other : {'x', '\xC3'}) {
          std::string bytes(size, other);
          bytes[place] = static_cast<char>(value);
          check(bytes);
          ASSERT_FALSE(testing::Test::HasFatalFailure());
        }
      }
    }
  }
}

TEST(Tokens, AnyMixture) {
  const std::string kinds("ab\xFF \0%:\x7F!\x80\xA0\xA5\xBA", 13);
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 60, '\0');
    const size_t few = 1 + random() % kinds.size();
    for (char& byte : bytes) byte = kinds[random() % few];
    check(bytes);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }
}

// Wherever in a word they stand.
TEST(Tokens, WhatIsNoTokenIsRefused) {
  std::string bytes;
  for (size_t place = 0; place < 17; ++place) {
    for (const char* const bad : {"%", "%4", "%4g", "%a0", "%%", " ", "\n"}) {
      std::string token = std::string(place, 'x') + bad;
      if (token == "%") continue;  // that is the empty one
      EXPECT_NE(decode_token(token, Token::plain, bytes).text(), "") << token;
      token += std::string(17, 'x');
      EXPECT_NE(decode_token(token, Token::plain, bytes).text(), "") << token;
    }
    const std::string colon = std::string(place, 'x') + ":" + "12345678";
    EXPECT_EQ(decode_token(colon, Token::plain, bytes).text(), "");
    EXPECT_EQ(decode_token(colon, Token::field, bytes).text(),
              "byte 0x3A must be written %3A");
  }
}

}  // namespace
}  // namespace klh
