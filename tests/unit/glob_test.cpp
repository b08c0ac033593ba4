// Patterns against a model that is slow and simple, and against examples whose
// answers are those of Redis 7.0.15.
#include "commands/glob.h"

#include <gtest/gtest.h>

#include <bitset>
#include <random>
#include <string>
#include <vector>

namespace klh {
namespace {

// A pattern taken apart: each element a set of bytes, or a star.
struct Element {
  bool is_star;
  std::bitset<256> bytes;
};

size_t value_of(char byte) {
  return static_cast<unsigned char>(byte);
}

std::bitset<256> only(char byte) {
  return std::bitset<256>().set(value_of(byte));
}

// What stands between '[' and ']'; `rest` then begins behind it.
std::bitset<256> take_class(std::string_view& rest) {
  std::bitset<256> bytes;
  const bool negated = rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  while (!rest.empty() && rest[0] != ']') {
    if (rest[0] == '\\' && rest.size() >= 2) {
      bytes |= only(rest[1]);
      rest.remove_prefix(2);
    } else if (rest.size() >= 3 && rest[1] == '-') {
      size_t low = value_of(rest[0]);
      size_t high = value_of(rest[2]);
      if (low > high) std::swap(low, high);
      for (size_t byte = low; byte <= high; ++byte) bytes.set(byte);
      rest.remove_prefix(3);
    } else {
      bytes |= only(rest[0]);
      rest.remove_prefix(1);
    }
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return negated ? ~bytes : bytes;
}

std::vector<Element> take_apart(std::string_view rest) {
  std::vector<Element> elements;
  while (!rest.empty()) {
    const char first = rest[0];
    rest.remove_prefix(1);
    if (first == '*') {
      elements.push_back({true, {}});
    } else if (first == '?') {
      elements.push_back({false, std::bitset<256>().set()});
    } else if (first == '[') {
      elements.push_back({false, take_class(rest)});
    } else if (first == '\\' && !rest.empty()) {
      elements.push_back({false, only(rest[0])});
      rest.remove_prefix(1);
    } else {
      elements.push_back({false, only(first)});
    }
  }
  return elements;
}

bool matches(const std::vector<Element>& elements, size_t first,
             std::string_view text) {
  if (first == elements.size()) return text.empty();
  if (elements[first].is_star) {
    return matches(elements, first + 1, text) ||
           (!text.empty() && matches(elements, first, text.substr(1)));
  }
  return !text.empty() && elements[first].bytes[value_of(text[0])] &&
         matches(elements, first + 1, text.substr(1));
}

std::string random_text(std::mt19937& generator, std::string_view alphabet,
                        size_t longest) {
  std::string text(generator() % (longest + 1), '\0');
  for (char& byte : text) byte = alphabet[generator() % alphabet.size()];
  return text;
}

TEST(Glob, EqualsTheModel) {
  std::mt19937 generator(1);
  int matched = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string pattern = random_text(generator, "abc*?[]^-\\", 8);
    const std::string text = random_text(generator, "abc-]^\\", 6);
    const bool expected = matches(take_apart(pattern), 0, text);
    ASSERT_EQ(matches_glob(pattern, text), expected)
        << "pattern '" << pattern << "', text '" << text << "'";
    if (expected) ++matched;
  }
  EXPECT_GT(matched, 10'000);
}

TEST(Glob, KnowsAllBytes) {
  std::mt19937 generator(2);
  std::string alphabet = "*?[]^-\\";
  for (int byte = 0; byte < 256; byte += 5) alphabet += static_cast<char>(byte);
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = random_text(generator, alphabet, 6);
    const std::string text = random_text(generator, alphabet, 3);
    ASSERT_EQ(matches_glob(pattern, text),
              matches(take_apart(pattern), 0, text));
  }
}

struct Example {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

TEST(Glob, Examples) {
  for (const Example& each : std::vector<Example>{
           {"", "", true},
           {"", "a", false},
           {"*", "", true},
           {"**", "abc", true},
           {"h?llo", "hello", true},
           {"h?llo", "hllo", false},
           {"h*llo", "heeeello", true},
           {"h[ae]llo", "hallo", true},
           {"h[ae]llo", "hillo", false},
           {"h[^e]llo", "hello", false},
           {"h[^e]llo", "hbllo", true},
           {"h[a-b]llo", "hallo", true},
           {"h[a-b]llo", "hbllo", true},
           {"h[a-b]llo", "hcllo", false},
           {"h[b-a]llo", "hallo", true},  // a range may be written backwards
           {"k[1-3]", "k2", true},
           {"k[1-3]", "k4", false},
           {"k[^1-3]", "k2", false},
           {"k[^1-3]", "k4", true},
           {"user:*:name", "user:100:name", true},
           {"user:*:name", "user:100:age", false},
           {"a\\*b", "a*b", true},
           {"a\\*b", "axb", false},
           {"a\\", "a\\", true},
           {"[\\]]", "]", true},
           {"[a", "a", true},  // a class that is not closed
           {"[", "[", false},
           {"[]", "a", false},
           {"[^]", "a", true},
           {"A", "a", false}}) {
    EXPECT_EQ(matches_glob(each.pattern, each.text), each.matches)
        << "pattern '" << each.pattern << "', text '" << each.text << "'";
  }
}

// A matcher that tries every way would need 2^n steps here: it would not end.
TEST(Glob, HostilePatternDoesNotBlowUp) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(10'000, 'a')));
  EXPECT_TRUE(matches_glob(pattern, std::string(10'000, 'a')));
  EXPECT_FALSE(
      matches_glob(std::string(10'000, '*') + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace klh
