// An event loop on edge-triggered epoll or kqueue: the cost of a pass is that
// of the clients who have something to do, not of all that are connected.
//
//          .-> wait: what has changed? -> accept the new ---.
//          |                                                v
//          '---- close the idle <---- a turn for each client that is ready
//                                       ^                       |
//                                       '-- those with work left '
//
// Poller::wait is the only call that waits, and not at all while some client
// has work left. An edge comes once: whoever could not finish in one turn
// stands in the list of the ready ones until there is nothing left to do.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "commands/host.h"
#include "commands/incidents.h"
#include "common/net.h"
#include "connection.h"
#include "network/buffer_pool.h"
#include "network/listeners.h"
#include "network/turns.h"
#include "poller.h"

namespace klh {

struct Client;
using Clients = std::list<std::unique_ptr<Client>>;

struct Client : Turn {
  explicit Client(Connection connected) : connection(std::move(connected)) {}

  Connection connection;
  Clients::iterator place{};  // of itself, so that it can be moved and erased
  int64_t last_active_ms = 0;
  bool is_lingering = false;  // stands in Server::lingering_
};

class Server final : public SessionList {
 public:
  // Listens where host.options say. `host` must outlive the server. Ends the
  // program with one line on stderr if that fails.
  explicit Server(Host& host);

  // One pass, which does not wait while the files are loaded. False once a
  // signal or SHUTDOWN has asked to stop.
  bool run_once();

  // Says on stdout where it listens, and serves until it is asked to stop.
  void run();

  std::vector<Session*> all() override;

 private:
  void wait();
  int wait_ms() const;
  void accept_clients();
  bool refuse_client();
  void add_client(FileDescriptor fd);
  void take_turns();
  void evict_clients();
  void end_turn(Client& client);
  void let_linger(Client& client);
  void close_client(Client& client);
  void close_killed();
  void expire_keys();
  void close_idle(Clients& clients, int64_t timeout_ms);

  Host& host_;
  Listeners listeners_;
  FileDescriptor spare_;  // given up when there is no other; see refuse_client
  Poller poller_;
  BufferPool pool_;
  Clients clients_;    // the longest idle first
  Clients lingering_;  // have had their last reply; the longest first
  Turns turns_;
  Incidents incidents_;
  int64_t timeout_ms_ = 0;  // 0: never
  int64_t now_ms_ = 0;      // by the monotonic clock, as all times here
  int64_t tick_at_ms_ = 0;
  int accept_after_ms_ = -1;  // -1: at the next edge
};

}  // namespace klh
