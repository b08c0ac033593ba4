#include "commands/random_elements.h"

#include <algorithm>

#include "commands/args.h"

namespace klh {

bool read_random_count(Context& context, std::string_view option,
                       RandomCount& wanted) {
  ArgReader in(context, 2);
  wanted.count = in.integer_in(
      -INT64_MAX, INT64_MAX,
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  wanted.with_more = in.accept(option);
  if (!in.at_end()) in.fail(kSyntaxError);
  const int64_t most = wanted.with_more ? INT64_MAX / 2 : INT64_MAX;
  if (wanted.count > most || wanted.count < -most) {
    in.fail("ERR value is out of range");
  }
  return in.finish();
}

bool can_take_elements(Context& context, uint64_t count) {
  const uint64_t most = UINT64_MAX / kRandomElementBytes;
  return context.can_take(std::min(count, most) * kRandomElementBytes);
}

}  // namespace klh
