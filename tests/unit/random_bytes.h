// Bytes by chance, the same for the same seed.
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace klh {

using Random = std::mt19937_64;

inline std::string random_bytes(Random& random, size_t length) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace klh
