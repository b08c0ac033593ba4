// What can be set on the command line, by the names that Redis has for it:
// `--port 6379`. CONFIG GET reads the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace klh {

// The version of Redis whose commands and replies ours are like.
inline constexpr std::string_view kCompatibleVersion = "7.0.15";

struct Options {
  std::string bind = "127.0.0.1";  // numeric address to listen on
  uint16_t port = 6379;            // 0: any free one
  std::string dir = ".";           // where the files are; made if missing
  uint32_t maxclients = 10000;     // one more is refused with an error
  uint32_t timeout = 0;            // seconds until an idle one is closed; 0:
                                   // never
  std::string requirepass;         // what AUTH must give; empty: nothing
  bool save_at_end = true;         // `--save ""` writes only at SAVE
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
