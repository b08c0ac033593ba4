// A line of a journal with a checksum that is right: no fuzzer guesses one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "persistence/effect.h"

namespace klh::test {

// `line` without '\n', then a space and its checksum, which goes on from
// `checksum` and is returned there.
inline std::string framed_line(const std::string& line, uint32_t& checksum) {
  checksum = right_checksum(line + " ~00000000", checksum);
  char text[16];
  std::snprintf(text, sizeof text, " ~%08X", checksum);
  return line + text;
}

}  // namespace klh::test
