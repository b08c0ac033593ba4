#include "commands/glob.h"

#include <algorithm>
#include <cstddef>

namespace klh {

namespace {

// Matches one byte against the class that begins behind its '['. Moves `p`
// behind the ']', or to the end of a pattern that lacks it.
bool matches_class(std::string_view pattern, size_t& p, char byte) {
  const auto at = [&](size_t i) {
    return static_cast<unsigned char>(pattern[i]);
  };
  const auto wanted = static_cast<unsigned char>(byte);
  const bool negated = p < pattern.size() && pattern[p] == '^';
  if (negated) ++p;
  bool found = false;
  for (; p < pattern.size() && pattern[p] != ']'; ++p) {
    if (pattern[p] == '\\' && p + 1 < pattern.size()) {
      found |= at(++p) == wanted;
    } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
      const auto [low, high] = std::minmax({at(p), at(p + 2)});
      found |= low <= wanted && wanted <= high;
      p += 2;
    } else {
      found |= at(p) == wanted;
    }
  }
  if (p < pattern.size()) ++p;
  return found != negated;
}

// Matches one byte against what stands at `p`, which is no '*', and moves `p`
// behind it.
bool matches_one(std::string_view pattern, size_t& p, char byte) {
  const char first = pattern[p++];
  if (first == '?') return true;
  if (first == '[') return matches_class(pattern, p, byte);
  if (first == '\\' && p < pattern.size()) return pattern[p++] == byte;
  return first == byte;
}

}  // namespace

// When a byte does not match, only the last '*' needs to take one more: an
// earlier one could reach nothing that it cannot.
bool matches_glob(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t behind_star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      behind_star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && matches_one(pattern, p, text[t])) {
      ++t;
      continue;
    }
    if (behind_star == std::string_view::npos) return false;
    p = behind_star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace klh
