// Where the client gets its lines from. Two sources can stand behind it: plain
// standard input, or GNU readline or libedit with editing and history, when the
// client is built with `make READLINE=1`.
#pragma once

#include <string>

namespace klh {

// Reads the next line, without its end, after a prompt if a person is typing.
// Returns false at the end of the input.
bool read_line(const std::string& prompt, std::string& line);

}  // namespace klh
