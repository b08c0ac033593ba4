// COMMAND: https://redis.io/commands/command; all it tells is in the tables.
// There is no COMMAND DOCS: redis-cli, which asks for it, has words of its own
// for servers without.
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "commands/table.h"

namespace klh {

namespace {

// A row of COMMAND: https://redis.io/commands/command says what is in it.

using Words = std::vector<std::string_view>;

void reply_words(Reply& reply, const Words& words) {
  reply.set(words.size());
  for (const std::string_view word : words) reply.status(word);
}

Words flags_of(const Command& command) {
  constexpr std::pair<Flags, std::string_view> kNames[] = {
      {kWrite, "write"},    {kReadOnly, "readonly"},      {kDenyOom, "denyoom"},
      {kAdmin, "admin"},    {kLoading, "loading"},        {kFast, "fast"},
      {kNoAuth, "no_auth"}, {kMovableKeys, "movablekeys"}};
  Words found;
  for (const auto& [flag, name] : kNames) {
    if (command.flags & flag) found.push_back(name);
  }
  return found;
}

// By the rules that Redis has for them; each is @fast or @slow.
Words categories_of(const Command& command) {
  Words found;
  if (!command.category.empty()) found.push_back(command.category);
  if (command.flags & kReadOnly) found.push_back("@read");
  if (command.flags & kWrite) found.push_back("@write");
  if (command.flags & kAdmin)
    found.insert(found.end(), {"@admin", "@dangerous"});
  found.push_back(command.flags & kFast ? "@fast" : "@slow");
  return found;
}

// Where a key is, or some: from args[index] on, the others found as `how` and
// its numbers say.
struct KeySpec {
  int index;
  std::string_view how;
  std::pair<std::string_view, int> numbers[3];
};

// As in Redis each key that is always there has a spec of its own.
std::vector<KeySpec> key_specs_of(const Command& command) {
  std::vector<KeySpec> specs;
  const auto add_range = [&](int index, int last, int step) {
    specs.push_back(
        {index, "range", {{"lastkey", last}, {"keystep", step}, {"limit", 0}}});
  };
  const Keys& keys = command.keys;
  if (keys.last < 0) add_range(keys.first, keys.last, keys.step);
  for (int i = keys.first; i > 0 && i <= keys.last; i += keys.step) {
    add_range(i, 0, keys.step);
  }
  if (keys.count > 0) {
    specs.push_back({keys.count,
                     "keynum",
                     {{"keynumidx", 0}, {"firstkey", 1}, {"keystep", 1}}});
  }
  return specs;
}

// The keys are only read, or they may be read and written; Redis tells more.
void reply_key_spec(Reply& reply, const Command& command, const KeySpec& spec) {
  reply.map(3);
  reply.bulk("flags");
  reply_words(reply, {command.flags & kWrite ? "RW" : "RO"});
  reply.bulk("begin_search");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("index");
  reply.bulk("spec");
  reply.map(1);
  reply.bulk("index");
  reply.integer(spec.index);
  reply.bulk("find_keys");
  reply.map(2);
  reply.bulk("type");
  reply.bulk(spec.how);
  reply.bulk("spec");
  reply.map(std::size(spec.numbers));
  for (const auto& [name, number] : spec.numbers) {
    reply.bulk(name);
    reply.integer(number);
  }
}

std::vector<const Command*> subcommands_of(const Command& command) {
  std::vector<const Command*> found;
  if (!(command.flags & kHasSubcommands)) return found;
  const std::string prefix = std::string(command.name) + '|';
  for (const Command& each : command_table().all()) {
    if (each.name.starts_with(prefix)) found.push_back(&each);
  }
  return found;
}

void reply_command(Reply& reply, const Command& command) {
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);
  reply_words(reply, flags_of(command));
  reply.integer(command.keys.first);
  reply.integer(command.keys.last);
  reply.integer(command.keys.step);
  reply_words(reply, categories_of(command));
  reply.set(0);  // tips, for clients of a cluster
  const std::vector<KeySpec> specs = key_specs_of(command);
  reply.set(specs.size());
  for (const KeySpec& spec : specs) reply_key_spec(reply, command, spec);
  const std::vector<const Command*> subcommands = subcommands_of(command);
  subcommands.empty() ? reply.set(0) : reply.array(subcommands.size());
  for (const Command* each : subcommands) reply_command(reply, *each);
}

// COMMAND

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
  // A row and its subcommands, the longest of which are CLIENT's.
  constexpr size_t kMostRowBytes = 16 * 1024;
  context.reply.array(names.size());
  for (const std::string_view name : names) {
    const Command* const found = command_table().find(name);
    if (!context.can_take(found ? kMostRowBytes : 0)) return;
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
