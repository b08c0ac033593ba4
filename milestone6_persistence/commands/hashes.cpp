// Hash commands: https://redis.io/commands/?group=hash
#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

void hset(Context& context) {
  const Args args = context.args;
  if (args.size() % 2 != 0) {
    return context.reply.error(
        "ERR wrong number of arguments for 'hset' command");
  }
  Hash* hash;
  if (!context.find_or_create(args[1], hash)) return;
  int64_t created = 0;
  for (size_t i = 2; i < args.size(); i += 2) {
    if (hash->set(args[i], args[i + 1])) ++created;
    context.changed();
  }
  context.reply.integer(created);
}

void hget(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  const String* const value = hash ? hash->get(context.args[2]) : nullptr;
  if (!value) return context.reply.null();
  context.reply.bulk(value->view());
}

void hdel(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  int64_t erased = 0;
  if (hash) {
    for (const std::string_view name : context.args.subspan(2)) {
      if (hash->erase(name)) ++erased;
    }
    context.erase_if_empty(context.args[1], *hash);
  }
  context.changed(static_cast<uint64_t>(erased));
  context.reply.integer(erased);
}

void hlen(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  context.reply.integer(hash ? static_cast<int64_t>(hash->size()) : 0);
}

void hexists(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  context.reply.integer(hash && hash->get(context.args[2]) ? 1 : 0);
}

void hgetall(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  context.reply.map(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view name, std::string_view value) {
    context.reply.bulk(name);
    context.reply.bulk(value);
  });
}

void hkeys(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  context.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view name, std::string_view) {
    context.reply.bulk(name);
  });
}

void hvals(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  context.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view, std::string_view value) {
    context.reply.bulk(value);
  });
}

const Command kCommands[] = {
    {"hdel", -3, kWrite | kFast, {1, 1, 1}, hdel},
    {"hexists", 3, kReadOnly | kFast, {1, 1, 1}, hexists},
    {"hget", 3, kReadOnly | kFast, {1, 1, 1}, hget},
    {"hgetall", 2, kReadOnly, {1, 1, 1}, hgetall},
    {"hkeys", 2, kReadOnly, {1, 1, 1}, hkeys},
    {"hlen", 2, kReadOnly | kFast, {1, 1, 1}, hlen},
    {"hset", -4, kWrite | kDenyOom | kFast, {1, 1, 1}, hset},
    {"hvals", 2, kReadOnly, {1, 1, 1}, hvals},
};

}  // namespace

std::span<const Command> hash_commands() {
  return kCommands;
}

}  // namespace klh
