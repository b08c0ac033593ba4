// Commands on keys of any type: https://redis.io/commands/?group=generic
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "commands/table.h"

namespace klh {

namespace {

void del(Context& context) {
  int64_t erased = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    if (context.store.erase(key)) ++erased;
  }
  context.changed(static_cast<uint64_t>(erased));
  context.reply.integer(erased);
}

// A key that is named twice counts twice.
void exists(Context& context) {
  int64_t found = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    if (context.store.find(key)) ++found;
  }
  context.reply.integer(found);
}

void type(Context& context) {
  const Entry* const entry = context.store.find(context.args[1]);
  context.reply.status(entry ? name_of(entry->type()) : "none");
}

void reply_keys(Context& context, const std::vector<std::string_view>& keys) {
  context.reply.array(keys.size());
  for (const std::string_view key : keys) context.reply.bulk(key);
}

void keys(Context& context) {
  std::vector<std::string_view> found;
  context.store.for_each([&](const Entry& entry) {
    if (matches_glob(context.args[1], entry.key())) {
      found.push_back(entry.key());
    }
  });
  reply_keys(context, found);
}

struct ScanOptions {
  int64_t count = 10;
  std::string_view pattern = "*";
  std::optional<std::string_view> type{};

  bool selects(const Entry& entry) const {
    return matches_glob(pattern, entry.key()) &&
           (!type || same_word(*type, name_of(entry.type())));
  }
};

bool read_scan_options(Context& context, ScanOptions& options) {
  ArgReader in(context, 2);
  while (!in.at_end()) {
    if (in.accept("count")) {
      options.count = in.integer();
      if (options.count < 1) in.fail(kSyntaxError);
    } else if (in.accept("match")) {
      options.pattern = in.word();
    } else if (in.accept("type")) {
      options.type = in.word();
    } else {
      in.fail(kSyntaxError);
      in.word();
    }
  }
  return in.finish();
}

// Some keys and the cursor to go on with. COUNT is how many to look at, not
// how many to find; empty buckets count a little, so that a sparse table does
// not make one call long.
void scan(Context& context) {
  const std::string_view text = context.args[1];
  uint64_t cursor = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, cursor);
  if (error != std::errc() || stop != end) {
    return context.reply.error("ERR invalid cursor");
  }
  ScanOptions options;
  if (!read_scan_options(context, options)) return;

  std::vector<std::string_view> found;
  constexpr int64_t kStepsPerKey = 10;
  int64_t looked_at = 0;
  int64_t steps = 0;
  do {
    cursor = context.store.scan(cursor, [&](const Entry& entry) {
      ++looked_at;
      if (options.selects(entry)) found.push_back(entry.key());
    });
    ++steps;
  } while (cursor != 0 && looked_at < options.count &&
           steps / kStepsPerKey < options.count);
  context.reply.array(2);
  context.reply.bulk(std::to_string(cursor));
  reply_keys(context, found);
}

const Command kCommands[] = {
    {"del", -2, kWrite, {1, -1, 1}, del},
    {"exists", -2, kReadOnly | kFast, {1, -1, 1}, exists},
    {"keys", 2, kReadOnly, {0, 0, 0}, keys},
    {"scan", -2, kReadOnly, {0, 0, 0}, scan},
    {"type", 2, kReadOnly | kFast, {1, 1, 1}, type},
};

}  // namespace

std::span<const Command> key_commands() {
  return kCommands;
}

}  // namespace klh
