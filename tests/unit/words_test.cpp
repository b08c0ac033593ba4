#include "common/words.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace klh {
namespace {

using Words = std::vector<std::string>;

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

// Splits a line as the client does, which knows no requests.
std::optional<Words> split(std::string line) {
  std::vector<std::string_view> words;
  if (!split_words(line.data(), line.size(), words)) return std::nullopt;
  return Words(words.begin(), words.end());
}

TEST(SplitWords, TakesEmptyLines) {
  EXPECT_EQ(split(""), Words());
  EXPECT_EQ(split("   "), Words());
  EXPECT_EQ(split("\"\""), Words{""});
}

TEST(SplitWords, AnyBytesCanBeQuoted) {
  std::string quoted = "\"";
  for (const char byte : every_byte()) {
    char text[5];
    std::snprintf(text, sizeof text, "\\x%02x",
                  static_cast<unsigned char>(byte));
    quoted += text;
  }
  EXPECT_EQ(split(quoted + "\""), Words{every_byte()});
}

TEST(SplitWords, EndsAtAnEndInTheMiddle) {
  for (const char* line : {"\"", "'", "\"a", "a\"", "\"\\", "\"\\x", "\"\\x4",
                           "'\\", "'\\'", "\"a\"b", "'a''b'", "\"a\"'b'"}) {
    EXPECT_EQ(split(line), std::nullopt) << line;
  }
  EXPECT_EQ(split("\\"), Words{"\\"});
}

TEST(SplitWords, NeverWritesMoreThanItHasRead) {
  std::mt19937 generator(2);
  constexpr std::string_view kBytes = "ab\"'\\ x4\n\t";
  for (int i = 0; i < 300'000; ++i) {
    // On the heap and exactly as long as needed: AddressSanitizer looks on.
    std::vector<char> line(generator() % 12);
    for (char& byte : line) byte = kBytes[generator() % kBytes.size()];
    std::vector<std::string_view> words;
    (void)split_words(line.data(), line.size(), words);
    size_t size = 0;
    for (const std::string_view word : words) size += word.size();
    ASSERT_LE(size, line.size());
  }
}

}  // namespace
}  // namespace klh
