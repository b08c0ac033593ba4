// What the environment says about how long and with which seed to test.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace klh::test {

inline uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  if (!text) return otherwise;
  uint64_t number = otherwise;
  std::from_chars(text, text + std::string_view(text).size(), number);
  return number;
}

}  // namespace klh::test
