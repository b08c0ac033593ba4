// What commands know and set of the client that sent them. The connection owns
// it; the server can list all of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "network/budget.h"

namespace klh {

struct Session {
  uint64_t id = 0;  // never used twice
  int fd = -1;  // for the addresses, getpeername(2), when they are asked for
  int64_t connected_ms = 0;  // both of the monotonic clock
  int64_t last_active_ms = 0;
  int protocol = 2;          // of replies: 2, or 3 after HELLO 3
  std::string name;          // CLIENT SETNAME
  std::string library_name;  // CLIENT SETINFO
  std::string library_version;
  std::string_view last_command;  // of the tables, which never change

  // What it takes beside itself.
  size_t allocated_bytes() const {
    return name.size() + library_name.size() + library_version.size();
  }

  // CLIENT REPLY: which replies are thrown away.
  enum class Mute { none, next, this_one, all };
  Mute mute = Mute::none;

  Share share;  // what it takes of the budget

  bool is_authenticated = false;
  bool has_changed = false;   // the store, since its last replies were written
  bool should_close = false;  // after its replies are written: QUIT
  bool is_killed = false;     // is to be closed at once: CLIENT KILL
};

}  // namespace klh
