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
void memory_usage(Context& context) {
  ArgReader in(context, 2);
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

// Sets the option that args[i] names. One that cannot be changed while the
// server runs may be set to what it is.
Status set_option(Options& options, const OptionRow& row, Args args, size_t i) {
  for (size_t before = 2; before < i; before += 2) {
    if (same_word(args[before], args[i])) {
      return Status::invalid("duplicate parameter");
    }
  }
  const std::string old = row.get(options);
  const Status status = row.set(options, args[i + 1]);
  if (row.is_fixed && (!status.ok() || row.get(options) != old)) {
    return Status::invalid("can't set immutable config");
  }
  return status;
}

// All of them or none: a copy is set first.
void config_set(Context& context) {
  if (context.args.size() % 2 != 0) return context.reply.error(kSyntaxError);
  Options changed = context.host.options;
  for (size_t i = 2; i + 1 < context.args.size(); i += 2) {
    const std::string name = lower_case(context.args[i]);
    const OptionRow* const row = find_option(name);
    if (!row) {
      return context.reply.error(
          "ERR Unknown option or number of arguments for CONFIG SET - '" +
          std::string(context.args[i]) + "'");
    }
    const Status status = set_option(changed, *row, context.args, i);
    if (!status.ok()) {
      return context.reply.error(
          "ERR CONFIG SET failed (possibly related to "
          "argument '" +
          name + "') - " + status.text());
    }
  }
  context.host.options = changed;
  apply_policy(context.host);
  context.reply.ok();
}

void config_resetstat(Context& context) {
  context.host.statistics.reset();
  context.store.garbage().reset_freed();
  context.reply.ok();
}

// Files

bool refuse_while_saving(Context& context, std::string_view error) {
  if (context.host.files.running_since_ms == 0) return false;
  context.reply.error(error);
  return true;
}

constexpr std::string_view kSaveInProgress =
    "ERR Background save already in progress";

void save(Context& context) {
  if (refuse_while_saving(context, kSaveInProgress)) return;
  const Status status = context.host.keeper->save();
  if (!status.ok()) return context.reply.error("ERR " + status.text());
  context.reply.ok();
}

// SCHEDULE is for a server that cannot do both at once; ours writes the same
// dump for BGSAVE and BGREWRITEAOF.
void bgsave(Context& context) {
  ArgReader in(context, 1);
  (void)in.accept("schedule");
  if (!in.finish()) return;
  if (refuse_while_saving(context, kSaveInProgress)) return;
  const Status status = context.host.keeper->start_save();
  if (!status.ok()) return context.reply.error("ERR " + status.text());
  context.reply.status("Background saving started");
}

void bgrewriteaof(Context& context) {
  if (refuse_while_saving(context,
                          "ERR Background append only file rewriting already "
                          "in progress")) {
    return;
  }
  const Status status = context.host.keeper->start_save();
  if (!status.ok()) return context.reply.error("ERR " + status.text());
  context.reply.status("Background append only file rewriting started");
}

void lastsave(Context& context) {
  context.reply.integer(context.host.files.last_save_s);
}

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] or SHUTDOWN ABORT. There are no
// replicas to wait for, so NOW is what happens anyway, and never anything to
// abort.
//
// No reply when it works: the connection ends with the server. When the files
// cannot be written the server stays, and says so, unless it is forced. While
// the files are loaded there is nothing to write.
void shutdown(Context& context) {
  ArgReader in(context, 1);
  if (in.accept("abort") && in.at_end()) {
    return context.reply.error("ERR No shutdown in progress.");
  }
  bool saves = !context.host.options.save.empty();
  bool says_saves = false;
  bool is_forced = false;
  while (!in.at_end()) {
    if (!says_saves && in.accept("nosave")) {
      saves = false;
      says_saves = true;
    } else if (!says_saves && in.accept("save")) {
      saves = true;
      says_saves = true;
    } else if (in.accept("force")) {
      is_forced = true;
    } else if (!in.accept("now")) {
      return context.reply.error(kSyntaxError);
    }
  }
  if (context.host.files.is_loading) saves = false;
  Status status = saves ? context.host.keeper->save() : Status();
  if (status.ok()) status = context.host.keeper->finish(false);
  if (!status.ok() && !is_forced) {
    return context.reply.error("ERR not shut down: " + status.text());
  }
  context.host.should_stop = true;
  context.host.stops_with_save = saves;
  context.host.stops_by_force = is_forced;
}

const Command kCommands[] = {
    {"bgrewriteaof", 1, kAdmin, {0, 0, 0}, bgrewriteaof},
    {"bgsave", -1, kAdmin, {0, 0, 0}, bgsave},
    {"config", -2, kHasSubcommands, {0, 0, 0}, nullptr},
    {"config|get", -3, kAdmin | kLoading, {0, 0, 0}, config_get},
    {"config|resetstat", 2, kAdmin | kLoading, {0, 0, 0}, config_resetstat},
    {"config|set", -4, kAdmin | kLoading, {0, 0, 0}, config_set},
    {"dbsize", 1, kReadOnly | kFast, {0, 0, 0}, dbsize},
    {"flushall", -1, kWrite, {0, 0, 0}, flushall},
    {"flushdb", -1, kWrite, {0, 0, 0}, flushall},
    {"lastsave", 1, kLoading | kFast, {0, 0, 0}, lastsave},
    {"memory", -2, kHasSubcommands, {0, 0, 0}, nullptr},
    {"memory|usage", -3, kReadOnly, {2, 2, 1}, memory_usage},
    {"save", 1, kAdmin, {0, 0, 0}, save},
    {"shutdown", -1, kAdmin | kLoading, {0, 0, 0}, shutdown},
    {"time", 1, kLoading | kFast, {0, 0, 0}, time},
};

}  // namespace

std::span<const Command> admin_commands() {
  return kCommands;
}

}  // namespace klh
