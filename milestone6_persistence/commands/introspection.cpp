// COMMAND: https://redis.io/commands/command; all it tells is in the tables.
#include <string>
#include <utility>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "commands/table.h"

namespace klh {

namespace {

// COMMAND

void reply_command(Reply& reply, const Command& command) {
  constexpr std::pair<Flags, std::string_view> kNames[] = {
      {kWrite, "write"},    {kReadOnly, "readonly"},      {kDenyOom, "denyoom"},
      {kAdmin, "admin"},    {kLoading, "loading"},        {kFast, "fast"},
      {kNoAuth, "no_auth"}, {kMovableKeys, "movablekeys"}};
  reply.array(6);
  reply.bulk(command.name);
  reply.integer(command.arity);
  size_t flag_count = 0;
  for (const auto& [flag, name] : kNames) {
    if (command.flags & flag) ++flag_count;
  }
  reply.array(flag_count);
  for (const auto& [flag, name] : kNames) {
    if (command.flags & flag) reply.status(name);
  }
  reply.integer(command.keys.first);
  reply.integer(command.keys.last);
  reply.integer(command.keys.step);
}

// Those that a request can begin with.
std::vector<const Command*> top_level() {
  std::vector<const Command*> found;
  for (const Command& each : command_table().all()) {
    if (!(each.flags & kSubcommand)) found.push_back(&each);
  }
  return found;
}

void command(Context& context) {
  const std::vector<const Command*> found = top_level();
  context.reply.array(found.size());
  for (const Command* each : found) reply_command(context.reply, *each);
}

void command_count(Context& context) {
  context.reply.integer(static_cast<int64_t>(top_level().size()));
}

void command_list(Context& context) {
  const Args filter = context.args.subspan(2);
  std::vector<std::string_view> found;
  const bool has_pattern = filter.size() == 3 &&
                           same_word(filter[0], "filterby") &&
                           same_word(filter[1], "pattern");
  if (!filter.empty() && !has_pattern) return context.reply.error(kSyntaxError);
  for (const Command& each : command_table().all()) {
    if (filter.empty() || matches_glob(lower_case(filter[2]), each.name)) {
      found.push_back(each.name);
    }
  }
  context.reply.array(found.size());
  for (const std::string_view name : found) context.reply.bulk(name);
}

void command_info(Context& context) {
  const Args names = context.args.subspan(2);
  if (names.empty()) return command(context);
  context.reply.array(names.size());
  for (const std::string_view name : names) {
    const Command* const found = command_table().find(name);
    if (found) {
      reply_command(context.reply, *found);
    } else {
      context.reply.null();
    }
  }
}

void command_getkeys(Context& context) {
  const Args request = context.args.subspan(2);
  const Command* const command = command_table().find(request);
  if (!command) {
    return context.reply.error("ERR Invalid command specified");
  }
  if (!takes(command->arity, request.size())) {
    return context.reply.error(
        "ERR Invalid number of arguments specified for command");
  }
  if (command->keys.first == 0 && command->keys.count == 0) {
    return context.reply.error("ERR The command has no key arguments");
  }
  const std::vector<std::string_view> keys = keys_of(*command, request);
  if (keys.empty()) {
    return context.reply.error("ERR Invalid arguments specified for command");
  }
  context.reply.array(keys.size());
  for (const std::string_view key : keys) context.reply.bulk(key);
}

const Command kCommands[] = {
    {"command", -1, kLoading | kHasSubcommands, {0, 0, 0}, command},
    {"command|count", 2, kLoading, {0, 0, 0}, command_count},
    {"command|getkeys", -4, kLoading, {0, 0, 0}, command_getkeys},
    {"command|info", -2, kLoading, {0, 0, 0}, command_info},
    {"command|list", -2, kLoading, {0, 0, 0}, command_list},
};

}  // namespace

std::span<const Command> introspection_commands() {
  return kCommands;
}

}  // namespace klh
