// What HRANDFIELD and ZRANDMEMBER have in common: how many elements of a
// collection are wanted, chosen by chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "commands/command.h"

namespace klh {

struct RandomCount {
  int64_t count = 0;  // negative: so many, and one may be chosen repeatedly
  bool with_more = false;  // with their values, or scores
};

// Reads args[2], a count, and the `option` behind it. False when it is wrong:
// the error has been replied.
[[nodiscard]] bool read_random_count(Context& context, std::string_view option,
                                     RandomCount& wanted);

// May `count` elements be replied that are chosen again and again? A few bytes
// can ask for 2^63 of them. Each counts as kRandomElementBytes at least, so
// that the limit also bounds how long others wait: 1gb is 17 million elements,
// which take a second or two. If not, the error has been replied. O(1).
inline constexpr uint64_t kRandomElementBytes = 64;
[[nodiscard]] bool can_take_elements(Context& context, uint64_t count);

}  // namespace klh
