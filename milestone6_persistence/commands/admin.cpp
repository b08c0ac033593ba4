// Commands about the server: https://redis.io/commands/?group=server
#include <chrono>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/eviction.h"
#include "commands/glob.h"
#include "commands/table.h"

namespace klh {

namespace {

void dbsize(Context& context) {
  context.reply.integer(static_cast<int64_t>(context.store.size()));
}

void flushall(Context& context) {
  ArgReader in(context, 1);
  if (!in.accept("async")) (void)in.accept("sync");
  if (!in.finish()) return;
  context.changed_as({"FLUSHALL"}, context.store.size());
  context.store.clear();
  context.reply.ok();
}

void time(Context& context) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t us =
      std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  context.reply.array(2);
  context.reply.bulk(std::to_string(us / 1'000'000));
  context.reply.bulk(std::to_string(us % 1'000'000));
}

// MEMORY USAGE: what a key costs, its value and its place in the table.
void memory(Context& context) {
  ArgReader in(context, 1);
  if (!in.accept("usage")) return reply_unknown_subcommand(context);
  if (in.at_end()) {
    return context.reply.error(
        "ERR wrong number of arguments for 'memory|usage' command");
  }
  const std::string_view key = in.word();
  if (in.accept("samples")) {
    // All elements are counted, however many samples would do.
    (void)in.integer_in(0, INT64_MAX, kSyntaxError);
  }
  if (!in.finish()) return;
  const Entry* const entry = context.store.find(key);
  if (!entry) return context.reply.null();
  context.reply.integer(static_cast<int64_t>(entry->memory_usage()));
}

// CONFIG

bool is_asked_for(Args patterns, std::string_view name) {
  for (const std::string_view pattern : patterns) {
    if (matches_glob(lower_case(pattern), name)) return true;
  }
  return false;
}

void reply_bad_config(Context& context) {
  for (const std::string_view name : {"get", "set", "resetstat"}) {
    if (same_word(context.args[1], name)) {
      return context.reply.error("ERR wrong number of arguments for 'config|" +
                                 std::string(name) + "' command");
    }
  }
  reply_unknown_subcommand(context);
}

void config_get(Context& context) {
  const Args patterns = context.args.subspan(2);
  std::vector<const OptionRow*> found;
  for (const OptionRow& row : option_rows()) {
    if (is_asked_for(patterns, row.name)) found.push_back(&row);
  }
  context.reply.map(found.size());
  for (const OptionRow* row : found) {
    context.reply.bulk(row->name);
    context.reply.bulk(row->get(context.host.options));
  }
}

// All of them or none: a copy is set first.
void config_set(Context& context) {
  Options changed = context.host.options;
  for (size_t i = 2; i + 1 < context.args.size(); i += 2) {
    const std::string name = lower_case(context.args[i]);
    const OptionRow* const row = find_option(name);
    if (!row) {
      return context.reply.error(
          "ERR Unknown option or number of arguments for CONFIG SET - '" +
          std::string(context.args[i]) + "'");
    }
    const std::string_view complaint =
        row->is_fixed ? "can't set immutable config"
                      : row->set(changed, context.args[i + 1]);
    if (!complaint.empty()) {
      return context.reply.error(
          "ERR CONFIG SET failed (possibly related to "
          "argument '" +
          name + "') - " + std::string(complaint));
    }
  }
  context.host.options = changed;
  apply_policy(context.host);
  context.reply.ok();
}

void config(Context& context) {
  const Args args = context.args;
  if (same_word(args[1], "get") && args.size() > 2) {
    config_get(context);
  } else if (same_word(args[1], "set") && args.size() > 3 &&
             args.size() % 2 == 0) {
    config_set(context);
  } else if (same_word(args[1], "resetstat") && args.size() == 2) {
    context.host.statistics.reset();
    context.reply.ok();
  } else {
    reply_bad_config(context);
  }
}

// Files

void save(Context& context) {
  const std::string complaint = context.host.save();
  if (!complaint.empty()) return context.reply.error("ERR " + complaint);
  context.reply.ok();
}

// No reply when it works: the connection ends with the server. When the files
// cannot be written the server stays, and says so.
void shutdown(Context& context) {
  ArgReader in(context, 1);
  bool saves = context.host.options.save_at_end;
  if (in.accept("nosave")) {
    saves = false;
  } else if (in.accept("save")) {
    saves = true;
  }
  if (!in.finish()) return;
  const std::string complaint = saves ? context.host.save() : "";
  if (!complaint.empty()) {
    return context.reply.error("ERR not shut down: " + complaint);
  }
  context.host.should_stop = true;
}

const Command kCommands[] = {
    {"config", -2, kAdmin | kLoading, {0, 0, 0}, config},
    {"dbsize", 1, kReadOnly | kFast, {0, 0, 0}, dbsize},
    {"flushall", -1, kWrite, {0, 0, 0}, flushall},
    {"flushdb", -1, kWrite, {0, 0, 0}, flushall},
    {"memory", -2, kReadOnly, {2, 2, 1}, memory},
    {"save", 1, kAdmin, {0, 0, 0}, save},
    {"shutdown", -1, kAdmin | kLoading, {0, 0, 0}, shutdown},
    {"time", 1, kLoading | kFast, {0, 0, 0}, time},
};

}  // namespace

std::span<const Command> admin_commands() {
  return kCommands;
}

}  // namespace klh
