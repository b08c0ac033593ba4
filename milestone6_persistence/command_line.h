// How the program is started:
//
//   server [FILE] [--name value ...]
//   server --check DIR
//
// FILE is a configuration file as Redis has it: a line for each option, flags
// win over it.
//
//   # comment
//   port 6379
//   bind 127.0.0.1 ::1
//   requirepass "a word with \x22 in it"
//   save 3600 1
//   save 300 100
#pragma once

#include <string>
#include <string_view>

#include "common/status.h"
#include "options.h"

namespace klh {

// A mistake ends the program with one line on stderr and exit status 1; --help
// and --version print what they should and end it with 0.
Options parse_command_line(int argc, char** argv);

// Sets what the lines of a configuration file say. The quotes of words are
// those of split_words(); a line that begins with '#', and an empty one, says
// nothing; it may end in CR LF. Where an option stands twice the last line
// counts, but `save` lines add up, the first of them to no rules, as in Redis.
// Refused with the number of the line as its place: what is no option, a value
// that is none. `options` are half changed then.
[[nodiscard]] Status read_configuration(std::string_view text,
                                        Options& options);

// The same from a file, whose path is put before the number of the line. Sets
// options.config_file too.
[[nodiscard]] Status read_configuration_file(const std::string& path,
                                             Options& options);

}  // namespace klh
