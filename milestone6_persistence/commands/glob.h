// Patterns of KEYS, SCAN MATCH and CONFIG GET: * ? [abc] [^a-z] \x
// Source: https://redis.io/commands/keys
#pragma once

#include <string_view>

namespace klh {

// Does the whole text match? At most O(pattern * text): a hostile pattern such
// as a*a*a*a*b does not blow up.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace klh
