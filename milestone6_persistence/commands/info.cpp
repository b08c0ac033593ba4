// INFO: https://redis.io/commands/info says what the fields mean.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
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
  add(lines, "redis_mode", "standalone");
  add(lines, "server_name", "klh");
  add(lines, "process_id", getpid());
  add(lines, "tcp_port", host.options.port);
  add(lines, "config_file", host.options.config_file);
  add(lines, "uptime_in_seconds",
      (host.monotonic_ms - host.statistics.start_ms) / 1000);
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
  const uint64_t used = used_memory() + host.budget.taken();
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
  add(lines, "mem_clients_normal", host.budget.taken());
  add(lines, "lazyfree_pending_objects", host.store.garbage().pending());
  add(lines, "lazyfreed_objects", host.store.garbage().freed());
}

void add_loading(Lines& lines, const Host& host) {
  const FileStatus& files = host.files;
  if (!files.is_loading) return;
  const uint64_t total = std::max<uint64_t>(files.loading_bytes, 1);
  const int64_t passed_s = (host.monotonic_ms - files.loading_since_ms) / 1000;
  const uint64_t left = total - std::min(files.loaded_bytes, total);
  const double rate = static_cast<double>(files.loaded_bytes) /
                      static_cast<double>(std::max<int64_t>(passed_s, 1));
  add(lines, "loading_start_time", files.loading_start_s);
  add(lines, "loading_total_bytes", files.loading_bytes);
  add(lines, "loading_loaded_bytes", files.loaded_bytes);
  add(lines, "loading_loaded_perc", 100 * files.loaded_bytes / total);
  add(lines, "loading_eta_seconds",
      static_cast<int64_t>(static_cast<double>(left) / std::max(rate, 1.0)));
}

// A snapshot is what Redis calls a save of its RDB file and a rewrite of its
// AOF, both at once; the journal is its AOF.
void add_persistence(Lines& lines, const Host& host) {
  const FileStatus& files = host.files;
  const int64_t running_s =
      files.running_since_ms == 0
          ? -1
          : (host.monotonic_ms - files.running_since_ms) / 1000;
  const std::string_view last = files.last_save_failed ? "err" : "ok";
  add(lines, "loading", files.is_loading ? 1 : 0);
  add(lines, "rdb_changes_since_last_save", host.statistics.changes_since_save);
  add(lines, "rdb_bgsave_in_progress", running_s < 0 ? 0 : 1);
  add(lines, "rdb_last_save_time", files.last_save_s);
  add(lines, "rdb_last_bgsave_status", last);
  add(lines, "rdb_last_bgsave_time_sec", files.last_duration_s);
  add(lines, "rdb_current_bgsave_time_sec", running_s);
  add(lines, "rdb_saves", files.saves);
  add(lines, "aof_enabled", host.options.appendonly ? 1 : 0);
  add(lines, "aof_rewrite_in_progress", running_s < 0 ? 0 : 1);
  add(lines, "aof_rewrite_scheduled", 0);
  add(lines, "aof_last_rewrite_time_sec", files.last_duration_s);
  add(lines, "aof_current_rewrite_time_sec", running_s);
  add(lines, "aof_last_bgrewrite_status", last);
  add(lines, "aof_last_write_status",
      std::string_view(files.write_failure.ok() ? "ok" : "err"));
  if (host.options.appendonly) {
    add(lines, "aof_current_size", files.dump_bytes + files.journal_bytes);
    add(lines, "aof_base_size", files.dump_bytes);
    add(lines, "aof_buffer_length", files.pending_bytes);
    add(lines, "aof_pending_bio_fsync", files.is_syncing ? 1 : 0);
  }
  add_loading(lines, host);
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
  add(lines, "total_error_replies", statistics.error_replies);
}

// Clients ask whether this is the server to write to: it always is.
void add_replication(Lines& lines, const Host&) {
  add(lines, "role", std::string_view("master"));
  add(lines, "connected_slaves", 0);
  add(lines, "master_repl_offset", 0);
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

// What the calls that were timed took, for all of them.
uint64_t microseconds_of(const CommandStatistics& command) {
  if (command.timed == 0) return 0;
  const auto mean_ns = static_cast<double>(command.timed_ns) /
                       static_cast<double>(command.timed);
  return static_cast<uint64_t>(mean_ns * static_cast<double>(command.calls) /
                               1000);
}

std::string text_of(const CommandStatistics& command) {
  const uint64_t usec = microseconds_of(command);
  const uint64_t calls = std::max<uint64_t>(command.calls, 1);
  char mean[32];
  std::snprintf(mean, sizeof mean, "%.2f",
                static_cast<double>(usec) / static_cast<double>(calls));
  return "calls=" + std::to_string(command.calls) +
         ",usec=" + std::to_string(usec) + ",usec_per_call=" + mean +
         ",rejected_calls=" + std::to_string(command.rejected) +
         ",failed_calls=" + std::to_string(command.failed);
}

void add_commandstats(Lines& lines, const Host& host) {
  for (const Command& command : command_table().all()) {
    const CommandStatistics& counted =
        host.statistics.commands[command_table().number_of(command)];
    if (counted.calls + counted.rejected == 0) continue;
    add(lines, "cmdstat_" + std::string(command.name), text_of(counted));
  }
}

void add_errorstats(Lines& lines, const Host& host) {
  for (const auto& [code, count] : host.statistics.errors) {
    add(lines, "errorstat_" + code, "count=" + std::to_string(count));
  }
}

void add_keyspace(Lines& lines, const Host& host) {
  if (host.store.size() == 0) return;
  add(lines, "db0",
      "keys=" + std::to_string(host.store.size()) +
          ",expires=" + std::to_string(host.store.expiring()) + ",avg_ttl=0");
}

struct Section {
  std::string_view name;
  void (*add)(Lines& lines, const Host& host);
};

constexpr Section kSections[] = {
    {"Server", add_server},
    {"Clients", add_clients},
    {"Memory", add_memory},
    {"Persistence", add_persistence},
    {"Stats", add_stats},
    {"Replication", add_replication},
    {"CPU", add_cpu},
    {"Commandstats", add_commandstats},
    {"Errorstats", add_errorstats},
    {"Keyspace", add_keyspace},
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
  error_replies = 0;
  errors.clear();
  commands.assign(command_table().all().size(), {});
}

}  // namespace klh
