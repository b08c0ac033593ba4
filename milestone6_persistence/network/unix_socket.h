// Sockets that are files, for programs on the same machine. See unix(7).
#pragma once

#include <cstdint>
#include <string>

#include "common/net.h"

namespace klh {

// Returns a listening socket at `path`, with these permissions unless they are
// 0. A socket file that nobody listens at any more is replaced; one that
// somebody does, or a file of another kind, ends the program with one line on
// stderr, as any other failure does. The file is to be unlinked when the server
// ends.
FileDescriptor listen_unix(const std::string& path, uint32_t permissions);

// Returns a connected, blocking socket; a failure ends the program.
FileDescriptor connect_unix(const std::string& path);

}  // namespace klh
