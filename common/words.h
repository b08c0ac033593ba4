// The words of a line with quotes: an inline request, a line that is typed into
// the client, a line of a configuration file.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace klh {

// Splits a line as the words of an inline request are split: at white space,
// except inside "…" (with the escapes \n \r \t \b \a \" \\ \xHH) and '…' (with
// the escape \'). Writes the words over the line itself, which decoding never
// makes longer, and appends where they stand, in bytes from `line`. False when
// a quote is not closed, or is closed in the middle of a word.
[[nodiscard]] bool split_words(char* line, size_t size,
                               std::vector<std::string_view>& words);

}  // namespace klh
