// What can be set, by the names that Redis has for it: on the command line,
// `--port 6379`, in a configuration file, `port 6379`, and while the server
// runs, `CONFIG SET`. All three go through the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/log.h"
#include "common/status.h"
#include "common/sync_policy.h"

namespace klh {

// The version of Redis whose commands and replies ours are like.
inline constexpr std::string_view kCompatibleVersion = "7.0.15";

enum class EvictionPolicy { no_eviction, all_keys_lru };

// Its name in Redis: "noeviction", "allkeys-lru".
std::string_view name_of(EvictionPolicy policy);

// A snapshot is due `seconds` after the last one, once there are so many
// changes.
struct SaveRule {
  uint32_t seconds;
  uint32_t changes;
};

// What the program is to do: `--check DIR` and `--repair DIR` only look after
// the files of a server that does not run.
enum class Task { serve, check, repair };

struct Options {
  Task task = Task::serve;
  std::string restore;      // the dump to begin the directory with, or ""
  std::string config_file;  // its absolute path; empty: none

  // Numeric addresses to listen on, with spaces between them.
  std::string bind = "127.0.0.1";
  uint16_t port = 6379;    // 0: any free one
  std::string unixsocket;  // a path to listen at, too; empty: none
  uint32_t unixsocketperm =
      0;  // its mode, as of chmod(2); 0: as umask(2) has it
  bool protected_mode = true;   // without a password, only for this machine
  std::string dir = ".";        // where the files are; made if missing
  uint32_t maxclients = 10000;  // one more is refused with an error
  uint32_t most_clients = UINT32_MAX;  // that the system has descriptors for
  uint32_t timeout = 0;  // seconds until an idle one is closed; 0: never
  uint32_t tcp_keepalive = 300;          // seconds between probes; 0: none
  std::string requirepass;               // what AUTH must give; empty: nothing
  LogLevel loglevel = LogLevel::notice;  // what is told on stderr

  bool appendonly = true;  // keep a journal
  SyncPolicy appendfsync = SyncPolicy::everysec;
  std::vector<SaveRule> save = {{3600, 1}, {300, 100}, {60, 10000}};

  // A snapshot is also due when the journal has this much of the dump's size,
  // in percent, and is this large, in bytes. 0 percent: never.
  uint32_t auto_aof_rewrite_percentage = 100;
  uint64_t auto_aof_rewrite_min_size = 64 * 1024 * 1024;

  // For data: beyond so many bytes, commands that need more get an error, or
  // keys go that have not been used of late, chosen among so many. 0: no limit.
  uint64_t maxmemory = 0;
  EvictionPolicy maxmemory_policy = EvictionPolicy::no_eviction;
  uint32_t maxmemory_samples = 5;

  // For what all clients have sent and not read: beyond so many bytes, the
  // client that takes most is closed. Negative: in percent of maxmemory. 0: no
  // limit, as is Redis's default; but then a hundred clients that ask for 100
  // MB each and never read take 10 GB.
  int64_t maxmemory_clients = int64_t{1} << 30;
};

// maxmemory-clients in bytes; 0: no limit.
uint64_t clients_limit(const Options& options);

struct OptionRow {
  std::string_view name;  // without dashes

  std::string (*get)(const Options& options);

  // Checks and sets a value. `options` are as they were if it is refused.
  Status (*set)(Options& options, std::string_view value);

  bool is_fixed = false;  // CONFIG SET cannot change it while the server runs

  // In a configuration file the value may be many words, which are joined by
  // blanks.
  bool takes_words = false;
};

// In the order of their names.
std::span<const OptionRow> option_rows();
const OptionRow* find_option(std::string_view name);

}  // namespace klh
