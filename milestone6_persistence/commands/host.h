// What commands may know of the server that runs them, and ask of it. The
// server owns it; main wires the callbacks, so that commands need to know
// neither sockets nor files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "options.h"
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
  size_t connected_clients = 0;
};

struct Host {
  Store& store;
  Options& options;
  Statistics statistics{};

  // Writes all keys to disk; what went wrong, or "".
  std::function<std::string()> save{};

  // Set by SHUTDOWN: the server ends after this turn, and what was to be saved
  // has been saved.
  bool should_stop = false;
};

}  // namespace klh
