// What commands may know of the server that runs them, and ask of it. The
// server owns it; main wires the callbacks, so that commands need to know
// neither sockets nor files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "commands/session.h"
#include "options.h"
#include "protocol/request.h"
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
  int64_t start_s = 0;  // all times: seconds since 1970
  uint64_t changes_since_save = 0;
  uint64_t connections_received = 0;
  uint64_t connections_rejected = 0;
  uint64_t commands_processed = 0;
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
};

// How it stands with the files, for INFO; all times in seconds since 1970, and
// 0 if there is none.
struct FileStatus {
  bool is_loading = false;
  int64_t loading_start_s = 0;
  uint64_t loading_bytes = 0;
  uint64_t loaded_bytes = 0;

  int64_t last_save_s = 0;
  int64_t last_duration_s = -1;
  int64_t running_since_s = 0;  // in the background; 0: none is running
  bool last_save_failed = false;
  uint64_t saves = 0;

  uint64_t journal_bytes = 0;  // the file
  uint64_t dump_bytes = 0;     // the file when it was written
  uint64_t pending_bytes = 0;  // of the journal
  bool is_syncing = false;

  // Why changes are refused at the moment: they could not be kept. Or "".
  std::string complaint;
};

struct Host {
  Store& store;
  Options& options;
  Statistics statistics{};
  FileStatus files{};
  int64_t now_ms = 0;  // when this turn began, since 1970

  // Writes all keys to disk, in the second form in the background: then an
  // empty string only means that it has begun. What went wrong, or "".
  std::function<std::string()> save{};
  std::function<std::string()> start_save{};

  // Makes all changes so far as safe as `appendfsync` says. False: they are
  // not, and no client may be told that they were made.
  std::function<bool()> commit{};

  // Does what is due for the files, and says when it wants to be called again
  // at the latest, in milliseconds since 1970.
  std::function<int64_t()> tick{};

  // Told of each change of the store, in order, as a command that brings it
  // about again whenever it is run: no relative times, no random choice, DEL
  // for a key that has expired. Empty when nobody wants to know.
  std::function<void(Args effect)> on_effect{};

  uint64_t last_session_id = 0;

  size_t client_bytes = 0;  // what the buffers of all clients take

  // Some 64 bits, for RANDOMKEY and its kin; not for secrets.
  std::mt19937_64 random{std::random_device{}()};

  // Calls visit(Session&) for each client that is connected. Whoever sets
  // should_close of one that is not its own sets has_killed too.
  using Visit = std::function<void(Session&)>;
  std::function<void(const Visit& visit)> for_each_session{};
  bool has_killed = false;

  // Set by SHUTDOWN: the server ends after this turn, and what was to be saved
  // has been saved.
  bool should_stop = false;
  bool stops_by_force = false;  // even if something could not be written
};

}  // namespace klh
