// String commands: https://redis.io/commands/?group=string
#include <string>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

constexpr std::string_view kTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

void set(Context& context) {
  ArgReader in(context, 3);
  if (!in.finish()) return;
  context.store.set_string(context.args[1], context.args[2]);
  context.changed();
  context.reply.ok();
}

void get(Context& context) {
  String* value;
  if (!context.find(context.args[1], value)) return;
  Statistics& statistics = context.host.statistics;
  ++(value ? statistics.keyspace_hits : statistics.keyspace_misses);
  if (!value) return context.reply.null();
  context.reply.bulk(value->view());
}

void mset(Context& context) {
  const Args args = context.args;
  if (args.size() % 2 == 0) {
    return context.reply.error(
        "ERR wrong number of arguments for 'mset' command");
  }
  for (size_t i = 1; i < args.size(); i += 2) {
    context.store.set_string(args[i], args[i + 1]);
    context.changed();
  }
  context.reply.ok();
}

// A key of another type counts as missing here.
void mget(Context& context) {
  context.reply.array(context.args.size() - 1);
  for (const std::string_view key : context.args.subspan(1)) {
    const Entry* const entry = context.store.find(key);
    const String* const value = entry ? entry->value<String>() : nullptr;
    if (value) {
      context.reply.bulk(value->view());
    } else {
      context.reply.null();
    }
  }
}

void append(Context& context) {
  String* value;
  if (!context.find_or_create(context.args[1], value)) return;
  const std::string_view suffix = context.args[2];
  if (value->size() + suffix.size() > String::kMaxBytes) {
    return context.reply.error(kTooLong);
  }
  value->append(suffix);
  context.changed();
  context.reply.integer(static_cast<int64_t>(value->size()));
}

void strlen(Context& context) {
  String* value;
  if (!context.find(context.args[1], value)) return;
  context.reply.integer(value ? static_cast<int64_t>(value->size()) : 0);
}

void incr(Context& context) {
  String* value;
  if (!context.find(context.args[1], value)) return;
  const std::optional<int64_t> old =
      value ? parse_integer(value->view()) : std::optional<int64_t>(0);
  if (!old) return context.reply.error(kNotAnInteger);
  if (*old == INT64_MAX) {
    return context.reply.error("ERR increment or decrement would overflow");
  }
  const std::string text = std::to_string(*old + 1);
  if (value) {
    value->assign(text);
  } else {
    context.store.set_string(context.args[1], text);
  }
  context.changed();
  context.reply.integer(*old + 1);
}

const Command kCommands[] = {
    {"append", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, append},
    {"get", 2, kReadOnly | kFast, {1, 1, 1}, get},
    {"incr", 2, kWrite | kDenyOom | kFast, {1, 1, 1}, incr},
    {"mget", -2, kReadOnly | kFast, {1, -1, 1}, mget},
    {"mset", -3, kWrite | kDenyOom, {1, -1, 2}, mset},
    {"set", -3, kWrite | kDenyOom, {1, 1, 1}, set},
    {"strlen", 2, kReadOnly | kFast, {1, 1, 1}, strlen},
};

}  // namespace

std::span<const Command> string_commands() {
  return kCommands;
}

}  // namespace klh
