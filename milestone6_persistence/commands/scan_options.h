// What SCAN, HSCAN and ZSCAN have in common: https://redis.io/commands/scan
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "common/number.h"

namespace klh {

// Reads a cursor as strtoul takes it: "" is 0, and "-1" the largest. Returns
// none when the error has been replied.
inline std::optional<uint64_t> read_cursor(Context& context,
                                           std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const bool is_signed = is_negative || text.starts_with('+');
  const std::string_view digits = text.substr(is_signed ? 1 : 0);
  const std::optional<uint64_t> cursor = parse_digits(digits);
  if (!cursor && !text.empty()) {
    context.reply.error("ERR invalid cursor");
    return std::nullopt;
  }
  return is_negative ? 0 - cursor.value_or(0) : cursor.value_or(0);
}

struct ScanOptions {
  int64_t count = 10;
  std::string_view pattern = "*";
  std::optional<std::string_view> type{};

  bool matches(std::string_view name) const {
    return pattern == "*" || matches_glob(pattern, name);
  }
};

// Reads the options from args[first] on. Only SCAN, which goes over keys, takes
// a type. Returns false when the error has been replied.
inline bool read_scan_options(Context& context, size_t first, bool takes_type,
                              ScanOptions& options) {
  ArgReader in(context, first);
  while (!in.at_end() && !in.failed()) {
    if (in.accept("count")) {
      options.count = in.integer();
      if (options.count < 1) in.fail(kSyntaxError);
    } else if (in.accept("match")) {
      options.pattern = in.word();
    } else if (takes_type && in.accept("type")) {
      options.type = in.word();
    } else {
      in.fail(kSyntaxError);
    }
  }
  return in.finish();
}

// Takes steps of from.scan(cursor, visit) until about `count` things have been
// visited, and returns the next cursor. COUNT is how many to look at, not how
// many to find; empty buckets count a little, so that a sparse table does not
// make one call long.
template <class From, class Visit>
uint64_t scan_some(From& from, uint64_t cursor, int64_t count, Visit visit) {
  constexpr int64_t kStepsPerItem = 10;
  int64_t visited = 0;
  int64_t steps = 0;
  do {
    cursor = from.scan(cursor, [&](const auto&... item) {
      ++visited;
      visit(item...);
    });
    ++steps;
  } while (cursor != 0 && visited < count && steps / kStepsPerItem < count);
  return cursor;
}

// Replies the next cursor and what has been found.
inline void reply_scanned(Context& context, uint64_t cursor,
                          const std::vector<std::string_view>& found) {
  context.reply.array(2);
  context.reply.bulk(std::to_string(cursor));
  context.reply.array(found.size());
  for (const std::string_view item : found) context.reply.bulk(item);
}

}  // namespace klh
