// One line of a journal: one change of the store, as a command that brings it
// about again.
//
//   SET name Alice PXAT 1790000000000 ~4F9A1C07
//
// The words of the command are tokens (token.h), and the last one is '~' and
// the CRC-32C of all that stands before it on the line, its space included, in
// eight upper-case hexadecimal digits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"

namespace klh {

// Appends the line of a command with its '\n'. O(size).
void append_effect(Buffer& output, std::span<const std::string_view> command);

// Reads a line (without '\n') into the words of its command. What is wrong with
// it, or "". O(size).
std::string read_effect(std::string_view line, std::vector<std::string>& words);

}  // namespace klh
