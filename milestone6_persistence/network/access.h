// Who may connect.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <string_view>

#include "options.h"

namespace klh {

// Does this peer's address belong to the machine itself: loopback, or a unix
// socket?
bool is_local(const sockaddr_storage& peer);

// With what error the client that has connected as `fd`, beside so many others,
// is to be sent away; empty if it may stay.
//   maxclients      there are enough
//   protected-mode  without a password, whoever can reach the port could read
//                   and erase everything: then only this machine is served
// Source:
// https://redis.io/docs/latest/operate/oss_and_stack/management/security/
std::string_view refusal(const Options& options, int fd, size_t clients);

// Has the kernel ask a peer that is silent for so many seconds whether it is
// still there, so that a connection whose other end has lost its power ends,
// some time. 0: never. See tcp(7). Does nothing for a unix socket.
void set_keepalive(int fd, unsigned seconds);

}  // namespace klh
