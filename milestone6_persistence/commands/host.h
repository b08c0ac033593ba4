// What commands may know of the server that runs them, and ask of it. Main owns
// it. What they ask of the files and of the sockets goes through two
// interfaces, Keeper and SessionList, which always have an implementation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "commands/keeper.h"
#include "commands/rate.h"
#include "commands/session.h"
#include "commands/system_info.h"
#include "common/log.h"
#include "network/budget.h"
#include "options.h"
#include "store/store.h"

namespace klh {

// What INFO tells of a command: https://redis.io/commands/info, commandstats.
struct CommandStatistics {
  uint64_t calls = 0;
  uint64_t rejected = 0;  // not run: wrong number of arguments, no password
  uint64_t failed = 0;    // run, and replied an error
  uint64_t timed = 0;     // how many of the calls took `timed_ns`
  uint64_t timed_ns = 0;
};

// Counters for INFO.
struct Statistics {
  int64_t start_ms = 0;  // of the monotonic clock
  uint64_t changes_since_save = 0;
  uint64_t connections_received = 0;
  uint64_t connections_rejected = 0;
  uint64_t accepts_failed = 0;  // for want of descriptors or memory
  uint64_t commands_processed = 0;
  uint64_t input_bytes = 0;   // read from clients
  uint64_t output_bytes = 0;  // written to them
  uint64_t reads = 0;         // of sockets
  uint64_t writes = 0;
  Rate commands_rate;
  Rate input_rate;  // of bytes
  Rate output_rate;
  uint64_t keyspace_hits = 0;
  uint64_t keyspace_misses = 0;
  uint64_t expired_keys = 0;
  uint64_t evicted_keys = 0;
  uint64_t evicted_clients = 0;
  size_t connected_clients = 0;
  uint64_t error_replies = 0;
  std::map<std::string, uint64_t, std::less<>> errors;  // by code: "ERR", …
  std::vector<CommandStatistics> commands;  // by their numbers in the table

  // CONFIG RESETSTAT: what counts events begins again, what tells a state
  // stays.
  void reset();

  // Takes what has been counted so far into the rates. Called in each turn of
  // the loop, with the time of a clock that is never set.
  void sample(int64_t monotonic_ms) {
    commands_rate.sample(monotonic_ms, commands_processed);
    input_rate.sample(monotonic_ms, input_bytes);
    output_rate.sample(monotonic_ms, output_bytes);
  }
};

// How it stands with the files, for INFO. What ends in _s is in seconds since
// 1970, _since_ms in milliseconds of the monotonic clock; 0 if there is none.
struct FileStatus {
  bool is_loading = false;
  int64_t loading_start_s = 0;
  int64_t loading_since_ms = 0;
  uint64_t loading_bytes = 0;
  uint64_t loaded_bytes = 0;

  int64_t last_save_s = 0;
  int64_t last_duration_s = -1;  // how long it took, in seconds
  int64_t running_since_ms = 0;  // in the background; 0: none is running
  bool last_save_failed = false;
  uint64_t saves = 0;

  uint64_t journal_bytes = 0;  // the file
  uint64_t dump_bytes = 0;     // the file when it was written
  uint64_t pending_bytes = 0;  // of the journal
  bool is_syncing = false;

  // A failure while changes are refused, because they could not be kept.
  Status write_failure;
};

// Lists the clients that are connected.
class SessionList {
 public:
  // In no order, without those that are killed. They live until the next turn
  // of the loop.
  virtual std::vector<Session*> all() = 0;

 protected:
  ~SessionList() = default;
};

class NoSessions final : public SessionList {
 public:
  std::vector<Session*> all() override { return {}; }
};

// The null forms. They have no state, so one of each serves all.
inline KeepsNothing keeps_nothing;
inline NoSessions no_sessions;

struct Host {
  Store& store;
  Options& options;
  Log log{options.loglevel};
  Statistics statistics{};
  FileStatus files{};
  int64_t now_ms = 0;        // when this turn began, since 1970
  int64_t monotonic_ms = 0;  // the same moment by the monotonic clock

  Keeper* keeper = &keeps_nothing;  // never nullptr, like `sessions`
  SessionList* sessions = &no_sessions;

  uint64_t last_session_id = 0;
  const std::string run_id = make_run_id();

  Budget budget{options};  // of what clients take

  // Some 64 bits, for RANDOMKEY and its kin; not for secrets.
  std::mt19937_64 random{std::random_device{}()};

  // Whoever sets is_killed of a session sets this too.
  bool has_killed = false;

  // Set by SHUTDOWN: the server ends after this turn. What was to be written has
  // been, but others may have made changes since then.
  bool should_stop = false;
  bool stops_with_save = false;
  bool stops_by_force = false;  // even if something could not be written
};

}  // namespace klh
