// Commands about the connection and the server:
// https://redis.io/commands/?group=connection and ?group=server
#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "commands/table.h"

namespace klh {

namespace {

void ping(Context& context) {
  if (context.args.size() > 2) {
    return context.reply.error(
        "ERR wrong number of arguments for 'ping' command");
  }
  if (context.args.size() == 2) return context.reply.bulk(context.args[1]);
  context.reply.status("PONG");
}

void echo(Context& context) {
  context.reply.bulk(context.args[1]);
}

// There is one database, number 0.
void select(Context& context) {
  ArgReader in(context, 1);
  const int64_t index = in.integer();
  if (!in.finish()) return;
  if (index != 0) return context.reply.error("ERR DB index is out of range");
  context.reply.ok();
}

void dbsize(Context& context) {
  context.reply.integer(static_cast<int64_t>(context.store.size()));
}

void flushall(Context& context) {
  ArgReader in(context, 1);
  if (!in.accept("async")) (void)in.accept("sync");
  if (!in.finish()) return;
  context.changed(context.store.size());
  context.store.clear();
  context.reply.ok();
}

// COMMAND

void reply_command(Reply& reply, const Command& command) {
  constexpr std::pair<Flags, std::string_view> kNames[] = {
      {kWrite, "write"}, {kReadOnly, "readonly"}, {kDenyOom, "denyoom"},
      {kAdmin, "admin"}, {kLoading, "loading"},   {kFast, "fast"}};
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

void reply_command_info(Context& context, Args names) {
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

void reply_unknown_subcommand(Context& context) {
  std::string text = "ERR unknown subcommand '";
  text += context.args[1].substr(0, 128);
  std::string name(context.args[0]);
  for (char& byte : name) {
    byte = static_cast<char>(std::toupper(static_cast<unsigned char>(byte)));
  }
  text += "'. Try " + name + " HELP.";
  context.reply.error(text);
}

void command(Context& context) {
  const auto& all = command_table().all();
  ArgReader in(context, 1);
  if (in.at_end()) {
    context.reply.array(all.size());
    for (const Command* each : all) reply_command(context.reply, *each);
  } else if (in.accept("count")) {
    if (!in.at_end()) {
      return context.reply.error(
          "ERR wrong number of arguments for 'command|count' command");
    }
    context.reply.integer(static_cast<int64_t>(all.size()));
  } else if (context.args.size() == 2 && same_word(context.args[1], "info")) {
    context.reply.array(all.size());
    for (const Command* each : all) reply_command(context.reply, *each);
  } else if (in.accept("info")) {
    reply_command_info(context, context.args.subspan(2));
  } else if (context.args.size() == 2 && same_word(context.args[1], "list")) {
    context.reply.array(all.size());
    for (const Command* each : all) context.reply.bulk(each->name);
  } else {
    reply_unknown_subcommand(context);
  }
}

// CONFIG

bool is_asked_for(Args patterns, std::string_view name) {
  for (const std::string_view pattern : patterns) {
    if (matches_glob(pattern, name)) return true;
  }
  return false;
}

void config(Context& context) {
  ArgReader in(context, 1);
  if (!in.accept("get")) return reply_unknown_subcommand(context);
  if (in.at_end()) {
    return context.reply.error(
        "ERR wrong number of arguments for 'config|get' command");
  }
  std::vector<const OptionRow*> found;
  for (const OptionRow& row : option_rows()) {
    if (is_asked_for(context.args.subspan(2), row.name)) found.push_back(&row);
  }
  context.reply.map(found.size());
  for (const OptionRow* row : found) {
    context.reply.bulk(row->name);
    context.reply.bulk(row->get(context.host.options));
  }
}

// INFO: sections of name:value lines, which monitoring tools read.

// The most memory that the process has had, in bytes. See getrusage(2).
int64_t peak_memory() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) < 0) return 0;
#ifdef __APPLE__
  return usage.ru_maxrss;
#else
  return usage.ru_maxrss * 1024;
#endif
}

using Lines = std::string;

void add(Lines& lines, std::string_view name, std::string_view value) {
  lines += name;
  lines += ':';
  lines += value;
  lines += "\r\n";
}

template <class Number>
void add(Lines& lines, std::string_view name,
         Number value) requires std::is_arithmetic_v<Number> {
  add(lines, name, std::string_view(std::to_string(value)));
}

void add_server(Lines& lines, const Host& host) {
  // What clients ask the version for is which commands they can use.
  add(lines, "redis_version", "7.0.0");
  add(lines, "server_name", "klh");
  add(lines, "process_id", getpid());
  add(lines, "tcp_port", host.options.port);
  add(lines, "uptime_in_seconds", std::time(nullptr) - host.statistics.start_s);
}

void add_clients(Lines& lines, const Host& host) {
  add(lines, "connected_clients", host.statistics.connected_clients);
  add(lines, "maxclients", host.options.maxclients);
}

void add_memory(Lines& lines, const Host&) {
  add(lines, "used_memory_peak_rss", peak_memory());
}

void add_persistence(Lines& lines, const Host& host) {
  const Statistics& statistics = host.statistics;
  add(lines, "loading", 0);
  add(lines, "rdb_changes_since_last_save", statistics.changes_since_save);
  add(lines, "rdb_last_save_time", statistics.last_save_s);
  add(lines, "aof_enabled", 0);
}

void add_stats(Lines& lines, const Host& host) {
  const Statistics& statistics = host.statistics;
  add(lines, "total_connections_received", statistics.connections_received);
  add(lines, "total_commands_processed", statistics.commands_processed);
  add(lines, "rejected_connections", statistics.connections_rejected);
  add(lines, "keyspace_hits", statistics.keyspace_hits);
  add(lines, "keyspace_misses", statistics.keyspace_misses);
}

void add_keyspace(Lines& lines, const Host& host) {
  if (host.store.size() == 0) return;
  add(lines, "db0",
      "keys=" + std::to_string(host.store.size()) + ",expires=0,avg_ttl=0");
}

struct Section {
  std::string_view name;
  void (*add)(Lines& lines, const Host& host);
};

constexpr Section kSections[] = {
    {"Server", add_server}, {"Clients", add_clients},
    {"Memory", add_memory}, {"Persistence", add_persistence},
    {"Stats", add_stats},   {"Keyspace", add_keyspace},
};

bool is_asked_for(Args names, const Section& section) {
  if (names.empty()) return true;
  for (const std::string_view name : names) {
    for (const std::string_view any : {"all", "default", "everything"}) {
      if (same_word(name, any)) return true;
    }
    if (same_word(name, section.name)) return true;
  }
  return false;
}

void info(Context& context) {
  Lines lines;
  for (const Section& section : kSections) {
    if (!is_asked_for(context.args.subspan(1), section)) continue;
    if (!lines.empty()) lines += "\r\n";
    lines += "# " + std::string(section.name) + "\r\n";
    section.add(lines, context.host);
  }
  context.reply.bulk(lines);
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
    {"command", -1, kLoading, {0, 0, 0}, command},
    {"config", -2, kAdmin | kLoading, {0, 0, 0}, config},
    {"dbsize", 1, kReadOnly | kFast, {0, 0, 0}, dbsize},
    {"echo", 2, kLoading | kFast, {0, 0, 0}, echo},
    {"flushall", -1, kWrite, {0, 0, 0}, flushall},
    {"info", -1, kLoading, {0, 0, 0}, info},
    {"ping", -1, kFast, {0, 0, 0}, ping},
    {"save", 1, kAdmin, {0, 0, 0}, save},
    {"select", 2, kLoading | kFast, {0, 0, 0}, select},
    {"shutdown", -1, kAdmin | kLoading, {0, 0, 0}, shutdown},
};

}  // namespace

std::span<const Command> admin_commands() {
  return kCommands;
}

}  // namespace klh
