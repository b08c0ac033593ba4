// The sockets that the server listens at: one for each address of --bind, all
// with the same port, and that of --unixsocket. Clients are accepted as if
// there were but one.
//
// They are non-blocking: a client can be gone between the event and accept(),
// which would then wait for the next one (accept(2), NOTES), and all others
// with it. They are closed, and the socket's file is removed, at the end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/net.h"
#include "options.h"
#include "poller.h"

namespace klh {

class Listeners {
 public:
  // Sets options.port if that was 0. Ends the program with one line on stderr
  // if it fails.
  explicit Listeners(Options& options);
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners();

  // Their events have a null tag.
  void watch(Poller& poller) const;

  // "listening on ADDRESS:PORT" on stdout, a line for each.
  void announce() const;

  // Accepts a client of any of them, as accept(2) returns it: EAGAIN when none
  // of them has any. The next call goes on where this one has found it.
  int accept();

 private:
  void listen_at(std::string name, FileDescriptor fd);

  std::vector<FileDescriptor> sockets_;
  std::vector<std::string> names_;  // of each, to be announced
  std::string path_;                // of the unix socket; empty: none
  size_t next_ = 0;
};

}  // namespace klh
