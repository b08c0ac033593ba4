// One line of a journal: one change of the store, as a command that brings it
// about again.
//
//   SET name Alice PXAT 1790000000000 ~3FB6CFD0
//
// The words of the command are tokens (token.h), and the last one is '~' and
// a CRC-32C in eight upper-case hexadecimal digits: that of all that stands
// before it on the line, its space included, and of the same of all lines
// before, from the journal's header on. So a line that is gone, comes twice or
// stands elsewhere, in another journal even, is noticed like one that was
// changed, and still each line can be checked by itself: the one before it says
// where its checksum goes on from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"
#include "common/status.h"

namespace klh {

// Lines are without '\n' where they are read. `before` is the checksum of the
// line before; of the header, which gives none, that of all its bytes. All are
// O(size).

// Appends the line of a command with its '\n', and returns its checksum.
uint32_t append_effect(Buffer& output,
                       std::span<const std::string_view> command,
                       uint32_t before = 0);

// Reads a line into the words of its command, or returns what is wrong with it.
Status read_effect(std::string_view line, std::vector<std::string>& words,
                   uint32_t before = 0);

// The checksum that a line gives, right or wrong, if it has one; and the one
// that would be right.
std::optional<uint32_t> given_checksum(std::string_view line);
uint32_t right_checksum(std::string_view line, uint32_t before);

}  // namespace klh
