// What commands may know of the server that runs them, and ask of it. The
// server owns it; main wires the callbacks, so that commands need to know
// neither sockets nor files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "commands/session.h"
#include "options.h"
#include "protocol/request.h"
#include "store/store.h"

namespace klh {

// Counters for INFO.
struct Statistics {
  int64_t start_s = 0;  // all times: seconds since 1970
  int64_t last_save_s = 0;
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
  std::vector<uint64_t> calls;  // of each command, by its number in the table

  // CONFIG RESETSTAT: what counts events begins again, what tells a state
  // stays.
  void reset();
};

struct Host {
  Store& store;
  Options& options;
  Statistics statistics{};

  // Writes all keys to disk; what went wrong, or "".
  std::function<std::string()> save{};

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
};

}  // namespace klh
