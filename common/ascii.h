// Letters as the Redis protocol means them: ASCII, whatever the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace klh {

inline char to_lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 'a' - 'A')
                                    : byte;
}

// Returns the text with its letters A to Z made small.
inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& byte : result) byte = to_lower(byte);
  return result;
}

// Tells whether two words are equal but for the case of letters.
inline bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

}  // namespace klh
