// INFO: https://redis.io/commands/info says what the fields mean.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"
#include "common/memory.h"

namespace klh {

namespace {

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

// What it has now. The second number of /proc/self/statm is in pages; where
// there is no such file, the peak has to do.
int64_t resident_memory() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (!file) return peak_memory();
  long long size = 0;
  long long resident = 0;
  const int read = std::fscanf(file, "%lld %lld", &size, &resident);
  std::fclose(file);
  return read == 2 ? resident * sysconf(_SC_PAGESIZE) : peak_memory();
}

// 1536 is 1.50K, as Redis shows it.
std::string human(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + "B";
  constexpr std::string_view kUnits = "KMGTPE";
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024; ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%c", value, kUnits[unit]);
  return text;
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
  add(lines, "redis_version", kCompatibleVersion);
  add(lines, "server_name", "klh");
  add(lines, "process_id", getpid());
  add(lines, "tcp_port", host.options.port);
  add(lines, "uptime_in_seconds", std::time(nullptr) - host.statistics.start_s);
}

void add_clients(Lines& lines, const Host& host) {
  add(lines, "connected_clients", host.statistics.connected_clients);
  add(lines, "maxclients", host.options.maxclients);
}

// The size, and the same for people.
void add_bytes(Lines& lines, const std::string& name, uint64_t bytes) {
  add(lines, name, bytes);
  add(lines, name + "_human", human(bytes));
}

void add_memory(Lines& lines, const Host& host) {
  const Options& options = host.options;
  const uint64_t used = used_memory() + host.client_bytes;
  const auto resident = static_cast<uint64_t>(resident_memory());
  add_bytes(lines, "used_memory", used);
  add_bytes(lines, "used_memory_rss", resident);
  add_bytes(lines, "used_memory_peak", static_cast<uint64_t>(peak_memory()));
  add(lines, "used_memory_dataset", used_memory());
  add_bytes(lines, "maxmemory", options.maxmemory);
  add(lines, "maxmemory_policy", name_of(options.maxmemory_policy));
  add(lines, "mem_fragmentation_ratio",
      static_cast<double>(resident) /
          static_cast<double>(std::max<uint64_t>(used, 1)));
  add(lines, "mem_clients_normal", host.client_bytes);
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
  add(lines, "expired_keys", statistics.expired_keys);
  add(lines, "evicted_keys", statistics.evicted_keys);
  add(lines, "evicted_clients", statistics.evicted_clients);
  add(lines, "keyspace_hits", statistics.keyspace_hits);
  add(lines, "keyspace_misses", statistics.keyspace_misses);
}

// user and system seconds of this process. See getrusage(2).
void add_cpu(Lines& lines, const Host&) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) < 0) return;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  add(lines, "used_cpu_sys", seconds(usage.ru_stime));
  add(lines, "used_cpu_user", seconds(usage.ru_utime));
}

// Time is not taken for each command: two looks at the clock cost more than a
// GET.
void add_commandstats(Lines& lines, const Host& host) {
  for (const Command& command : command_table().all()) {
    const uint64_t calls =
        host.statistics.calls[command_table().number_of(command)];
    if (calls == 0) continue;
    add(lines, "cmdstat_" + std::string(command.name),
        "calls=" + std::to_string(calls));
  }
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
    {"Server", add_server},     {"Clients", add_clients},
    {"Memory", add_memory},     {"Persistence", add_persistence},
    {"Stats", add_stats},       {"CPU", add_cpu},
    {"Keyspace", add_keyspace}, {"Commandstats", add_commandstats},
};

// Without a name, or for "default", all sections but the one that is long.
bool is_asked_for(Args names, const Section& section) {
  const bool is_default = section.add != add_commandstats;
  if (names.empty()) return is_default;
  for (const std::string_view name : names) {
    if (same_word(name, section.name)) return true;
    if (same_word(name, "all") || same_word(name, "everything")) return true;
    if (same_word(name, "default") && is_default) return true;
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
  context.reply.text(lines);
}

const Command kCommands[] = {
    {"info", -1, kLoading, {0, 0, 0}, info},
};

}  // namespace

std::span<const Command> info_commands() {
  return kCommands;
}

void Statistics::reset() {
  connections_received = 0;
  connections_rejected = 0;
  commands_processed = 0;
  keyspace_hits = 0;
  keyspace_misses = 0;
  expired_keys = 0;
  evicted_keys = 0;
  evicted_clients = 0;
  calls.assign(command_table().all().size(), 0);
}

}  // namespace klh
