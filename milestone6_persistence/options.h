// What can be set on the command line, by the names that Redis has for it:
// `--port 6379`. CONFIG GET reads the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/sync_policy.h"

namespace klh {

// The version of Redis whose commands and replies ours are like.
inline constexpr std::string_view kCompatibleVersion = "7.0.15";

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
  bool appendonly = true;  // keep a journal
  SyncPolicy appendfsync = SyncPolicy::everysec;
  uint32_t auto_aof_rewrite_percentage = 100;  // a snapshot is due when the
                                               // journal has this much of the
                                               // dump's size; 0: never
  uint64_t auto_aof_rewrite_min_size = 64 * 1024 * 1024;  // and is that large
  std::string bind = "127.0.0.1";  // numeric address to listen on
  uint16_t port = 6379;            // 0: any free one
  std::string dir = ".";           // where the files are; made if missing
  uint32_t maxclients = 10000;     // one more is refused with an error
  uint32_t timeout = 0;            // seconds until an idle one is closed; 0:
                                   // never
  std::string requirepass;         // what AUTH must give; empty: nothing
  std::vector<SaveRule> save = {{3600, 1}, {300, 100}, {60, 10000}};
};

struct OptionRow {
  std::string_view name;  // without dashes

  std::string (*get)(const Options& options);

  // Checks and sets a value; what is wrong with it, or "".
  std::string_view (*set)(Options& options, std::string_view value);

  bool is_fixed = false;  // CONFIG SET cannot change it while the server runs
};

// In the order of their names.
std::span<const OptionRow> option_rows();
const OptionRow* find_option(std::string_view name);

// From `--name value …`. A mistake ends the program with one line on stderr
// and exit status 1; --help prints the names and ends it with 0.
Options parse_options(int argc, char** argv);

}  // namespace klh
