// INFO: https://redis.io/commands/info says what the fields mean.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <string>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/rate.h"
#include "commands/system_info.h"
#include "commands/table.h"
#include "common/memory.h"

namespace klh {

namespace {

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

// With two digits behind the point, as Redis shows ratios and percentages.
std::string two_digits(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

double ratio(uint64_t part, uint64_t whole) {
  return static_cast<double>(part) /
         static_cast<double>(std::max<uint64_t>(whole, 1));
}

// What monitors ask for, and what there is none of here: a Redis that does not
// use it shows the same.
void add_zeros(Lines& lines, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) add(lines, name, 0);
}

void add_server(Lines& lines, const Host& host) {
  constexpr int64_t kDayS = 24 * 60 * 60;
  const int64_t uptime_s =
      (host.monotonic_ms - host.statistics.start_ms) / 1000;
  // What clients ask the version for is which commands they can use.
  add(lines, "redis_version", kCompatibleVersion);
  add(lines, "redis_mode", "standalone");
  add(lines, "server_name", "klh");
  add(lines, "os", system_name());
  add(lines, "arch_bits", 8 * sizeof(void*));
#ifdef __linux__
  add(lines, "multiplexing_api", "epoll");
#else
  add(lines, "multiplexing_api", "kqueue");
#endif
  add(lines, "process_id", getpid());
  add(lines, "run_id", host.run_id);
  add(lines, "tcp_port", host.options.port);
  add(lines, "server_time_usec", 1000 * host.now_ms);
  add(lines, "uptime_in_seconds", uptime_s);
  add(lines, "uptime_in_days", uptime_s / kDayS);
  add(lines, "hz", 1000 / Rate::kSampleMs);
  add(lines, "configured_hz", 1000 / Rate::kSampleMs);
  add(lines, "executable", executable_path());
  add(lines, "config_file", host.options.config_file);
}

void add_clients(Lines& lines, const Host& host) {
  add(lines, "connected_clients", host.statistics.connected_clients);
  add(lines, "cluster_connections", 0);
  add(lines, "maxclients", host.options.maxclients);
  add_zeros(lines, {"blocked_clients", "tracking_clients",
                    "clients_in_timeout_table"});
}

// The size, and the same for people.
void add_bytes(Lines& lines, const std::string& name, uint64_t bytes) {
  add(lines, name, bytes);
  add(lines, name + "_human", human(bytes));
}

// malloc of the C library tells nothing of its own without walking over all of
// its memory. As Redis does in that case, what was asked of it counts as
// allocated, and all that the process has as active and resident.
void add_allocator(Lines& lines, uint64_t used, uint64_t resident) {
  const uint64_t unused = resident > used ? resident - used : 0;
  add(lines, "allocator_allocated", used);
  add(lines, "allocator_active", resident);
  add(lines, "allocator_resident", resident);
  add(lines, "allocator_frag_ratio", two_digits(ratio(resident, used)));
  add(lines, "allocator_frag_bytes", unused);
  add(lines, "allocator_rss_ratio", "1.00");
  add(lines, "allocator_rss_bytes", 0);
  add(lines, "rss_overhead_ratio", "1.00");
  add(lines, "rss_overhead_bytes", 0);
  add(lines, "mem_fragmentation_ratio", two_digits(ratio(resident, used)));
  add(lines, "mem_fragmentation_bytes",
      static_cast<int64_t>(resident) - static_cast<int64_t>(used));
}

void add_memory(Lines& lines, const Host& host) {
  const uint64_t clients = host.budget.taken();
  const uint64_t used = used_memory() + clients;
  const uint64_t resident = resident_memory();
  const uint64_t peak = peak_memory();
  add_bytes(lines, "used_memory", used);
  add_bytes(lines, "used_memory_rss", resident);
  add_bytes(lines, "used_memory_peak", peak);
  add(lines, "used_memory_peak_perc",
      two_digits(100 * ratio(used, peak)) + "%");
  add(lines, "used_memory_overhead", clients);
  add(lines, "used_memory_startup", 0);
  add(lines, "used_memory_dataset", used_memory());
  add(lines, "used_memory_dataset_perc",
      two_digits(100 * ratio(used_memory(), used)) + "%");
  add_bytes(lines, "total_system_memory", total_memory());
  add_zeros(lines, {"used_memory_lua", "used_memory_scripts",
                    "number_of_cached_scripts", "number_of_functions",
                    "number_of_libraries"});
  add_bytes(lines, "maxmemory", host.options.maxmemory);
  add(lines, "maxmemory_policy", name_of(host.options.maxmemory_policy));
  add_allocator(lines, used, resident);
  add(lines, "mem_not_counted_for_evict", clients);
  add_zeros(lines, {"mem_replication_backlog", "mem_total_replication_buffers",
                    "mem_clients_slaves"});
  add(lines, "mem_clients_normal", clients);
  add(lines, "mem_cluster_links", 0);
  add(lines, "mem_aof_buffer", host.files.pending_bytes);
  add(lines, "mem_allocator", "libc");
  add(lines, "active_defrag_running", 0);
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
  add(lines, "async_loading", 0);
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
    add(lines, "aof_pending_rewrite", 0);
    add(lines, "aof_pending_bio_fsync", files.is_syncing ? 1 : 0);
  }
  add_zeros(lines, {"module_fork_in_progress", "module_fork_last_cow_size"});
  add_loading(lines, host);
}

std::string kilobytes(const Rate& rate) {
  return two_digits(rate.per_second() / 1024);
}

void add_traffic(Lines& lines, const Statistics& statistics) {
  add(lines, "instantaneous_ops_per_sec",
      static_cast<uint64_t>(statistics.commands_rate.per_second()));
  add(lines, "total_net_input_bytes", statistics.input_bytes);
  add(lines, "total_net_output_bytes", statistics.output_bytes);
  add_zeros(lines,
            {"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  add(lines, "instantaneous_input_kbps", kilobytes(statistics.input_rate));
  add(lines, "instantaneous_output_kbps", kilobytes(statistics.output_rate));
  add(lines, "instantaneous_input_repl_kbps", "0.00");
  add(lines, "instantaneous_output_repl_kbps", "0.00");
}

void add_stats(Lines& lines, const Host& host) {
  const Statistics& statistics = host.statistics;
  add(lines, "total_connections_received", statistics.connections_received);
  add(lines, "total_commands_processed", statistics.commands_processed);
  add_traffic(lines, statistics);
  add(lines, "rejected_connections", statistics.connections_rejected);
  add_zeros(lines, {"sync_full", "sync_partial_ok", "sync_partial_err"});
  add(lines, "expired_keys", statistics.expired_keys);
  add(lines, "evicted_keys", statistics.evicted_keys);
  add(lines, "evicted_clients", statistics.evicted_clients);
  add(lines, "keyspace_hits", statistics.keyspace_hits);
  add(lines, "keyspace_misses", statistics.keyspace_misses);
  add_zeros(lines,
            {"pubsub_channels", "pubsub_patterns", "pubsubshard_channels",
             "migrate_cached_sockets", "slave_expires_tracked_keys",
             "active_defrag_hits", "active_defrag_misses",
             "active_defrag_key_hits", "active_defrag_key_misses",
             "tracking_total_keys", "tracking_total_items",
             "tracking_total_prefixes", "unexpected_error_replies"});
  add(lines, "total_error_replies", statistics.error_replies);
  add(lines, "total_reads_processed", statistics.reads);
  add(lines, "total_writes_processed", statistics.writes);
  add_zeros(lines,
            {"io_threaded_reads_processed", "io_threaded_writes_processed"});
}

// Clients ask whether this is the server to write to: it always is. The id of
// what others could follow is that of this run, since nothing outlives it.
void add_replication(Lines& lines, const Host& host) {
  add(lines, "role", "master");
  add(lines, "connected_slaves", 0);
  add(lines, "master_failover_state", "no-failover");
  add(lines, "master_replid", host.run_id);
  add(lines, "master_replid2", std::string(host.run_id.size(), '0'));
  add(lines, "master_repl_offset", 0);
  add(lines, "second_repl_offset", -1);
  add_zeros(lines, {"repl_backlog_active", "repl_backlog_size",
                    "repl_backlog_first_byte_offset", "repl_backlog_histlen"});
}

void add_cpu(Lines& lines, const Host&) {
  const CpuTimes own = cpu_times();
  const CpuTimes children = cpu_times_of_children();
  add(lines, "used_cpu_sys", own.system_s);
  add(lines, "used_cpu_user", own.user_s);
  add(lines, "used_cpu_sys_children", children.system_s);
  add(lines, "used_cpu_user_children", children.user_s);
}

void add_cluster(Lines& lines, const Host&) {
  add(lines, "cluster_enabled", 0);
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
  const std::string mean = two_digits(ratio(usec, calls));
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
    {"Cluster", add_cluster},
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
  input_bytes = output_bytes = reads = writes = 0;
  commands_rate = input_rate = output_rate = Rate();
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
