#include "server.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "commands/eviction.h"
#include "common/clock.h"
#include "common/signals.h"
#include "network/access.h"

namespace klh {

namespace {

// These say in how many milliseconds accept() is tried again if no edge tells
// of a client.
constexpr int kAtTheNextEdge = -1;
constexpr int kLaterMs = 1000;

// How long a client that has had its last reply may take to close its side.
constexpr int64_t kLingerMs = 30'000;

FileDescriptor open_spare() {
  return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

Client& client_of(Turn& turn) {
  return static_cast<Client&>(turn);
}

size_t evictable_bytes(Client& client) {
  const Share& share = client.connection.session().share;
  return share.is_exempt() ? 0 : share.get();
}

}  // namespace

Server::Server(Host& host)
    : host_(host),
      listeners_(host.options),
      spare_(open_spare()),
      now_ms_(monotonic_ms()) {
  host_.sessions = this;
  listeners_.watch(poller_);
}

std::vector<Session*> Server::all() {
  std::vector<Session*> sessions;
  for (const auto& client : clients_) {
    Session& session = client->connection.session();
    if (!session.is_killed) sessions.push_back(&session);
  }
  return sessions;
}

bool Server::run_once() {
  wait();
  expire_keys();
  take_turns();
  close_killed();
  close_idle(clients_, timeout_ms_);
  close_idle(lingering_, kLingerMs);
  turns_.make_room(host_.budget.fair_share());
  tick_at_ms_ = host_.keeper->tick();
  incidents_.look(host_, now_ms_);
  return !stop_requested() && !host_.should_stop;
}

void Server::run() {
  listeners_.announce();
  while (run_once()) continue;
}

// While the files are loaded no key expires: the store's clock stands still.
void Server::wait() {
  timeout_ms_ = int64_t{host_.options.timeout} * 1000;
  const auto events = poller_.wait(wait_ms());
  now_ms_ = monotonic_ms();
  host_.monotonic_ms = now_ms_;
  host_.now_ms = unix_ms();
  host_.statistics.sample(now_ms_);
  if (!host_.files.is_loading) host_.store.set_now(host_.now_ms);
  bool accept_now = accept_after_ms_ >= 0;
  for (const Poller::Event& event : events) {
    if (event.tag == nullptr) {
      accept_now = true;
      continue;
    }
    Client& client = *static_cast<Client*>(event.tag);
    client.connection.note(event.readable, event.writable, event.must_drain);
    turns_.add(client);
  }
  if (accept_now) accept_clients();
}

// Returns for how long there is nothing to do unless something happens; -1 is
// for ever.
int Server::wait_ms() const {
  constexpr int64_t kLongestMs = 60'000;
  if (!turns_.empty()) return 0;
  if (host_.files.is_loading || should_evict(host_)) return 0;
  if (!host_.store.garbage().empty()) return 0;
  int64_t wait_ms = INT64_MAX;
  if (accept_after_ms_ >= 0) wait_ms = accept_after_ms_;
  if (timeout_ms_ != 0 && !clients_.empty()) {
    const int64_t idle_ms = now_ms_ - clients_.front()->last_active_ms;
    wait_ms = std::min(wait_ms, timeout_ms_ - idle_ms);
  }
  if (!lingering_.empty()) {
    const int64_t lingered_ms = now_ms_ - lingering_.front()->last_active_ms;
    wait_ms = std::min(wait_ms, kLingerMs - lingered_ms);
  }
  if (const auto expiry_ms = host_.store.next_expiry_ms()) {
    wait_ms = std::min(wait_ms, *expiry_ms - host_.now_ms);
  }
  if (tick_at_ms_ != INT64_MAX) {
    wait_ms = std::min(wait_ms, tick_at_ms_ - now_ms_);
  }
  if (incidents_.due_ms() != INT64_MAX) {
    wait_ms = std::min(wait_ms, incidents_.due_ms() - now_ms_);
  }
  if (wait_ms == INT64_MAX) return -1;
  return static_cast<int>(std::clamp<int64_t>(wait_ms, 0, kLongestMs));
}

// Accepts all that wait, since one edge may stand for many of them; but in a
// pass no more than a cap, for the sake of those who are connected.
void Server::accept_clients() {
  constexpr int kAcceptsPerPass = 256;
  accept_after_ms_ = kAtTheNextEdge;
  for (int i = 0; i < kAcceptsPerPass; ++i) {
    FileDescriptor fd(listeners_.accept());
    if (fd.is_open()) {
      add_client(std::move(fd));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno == EMFILE || errno == ENFILE) {
      ++host_.statistics.accepts_failed;
      if (!refuse_client()) return;
    } else if (errno == ENOBUFS || errno == ENOMEM) {
      ++host_.statistics.accepts_failed;
      accept_after_ms_ = kLaterMs;
      return;
    }
    // Anything else is the fault of that one connection, which is gone.
  }
  accept_after_ms_ = 0;
}

// There is no descriptor left to accept with. Clients would hang in the
// kernel's queue, neither served nor refused, and no edge would come for them
// again. So the spare one is given up to accept a client and hang up on it.
// Returns false when there is none left to refuse. That shows only now, since
// accept() fails for want of a descriptor even when the queue is empty.
bool Server::refuse_client() {
  spare_.reset();
  FileDescriptor fd(listeners_.accept());
  const bool refused = fd.is_open();
  if (!refused && errno != EAGAIN) accept_after_ms_ = kLaterMs;
  fd.reset();
  spare_ = open_spare();
  return refused;
}

void Server::add_client(FileDescriptor fd) {
  Statistics& statistics = host_.statistics;
  const auto error =
      refusal(host_.options, fd.get(), clients_.size() + lingering_.size());
  if (!error.empty()) {
    // A new socket has room for this. Should the client be gone, so be it.
    (void)!::write(fd.get(), error.data(), error.size());
    ++statistics.connections_rejected;
    return;
  }
  if (!set_nonblocking(fd.get())) return;
  set_no_delay(fd.get());
  set_keepalive(fd.get(), host_.options.tcp_keepalive);
  const int number = fd.get();
  auto client =
      std::make_unique<Client>(Connection(std::move(fd), host_, pool_));
  if (!poller_.add(number, client.get())) return;
  client->last_active_ms = now_ms_;
  clients_.push_back(std::move(client));
  clients_.back()->place = std::prev(clients_.end());
  ++statistics.connections_received;
  statistics.connected_clients = clients_.size();
}

// Those with work left get the next turn after the others.
void Server::take_turns() {
  const auto turns = turns_.take([this](Turn& turn) {
    const size_t bytes = client_of(turn).connection.read_and_execute();
    evict_clients();
    return bytes;
  });
  const bool is_safe = host_.keeper->commit();
  for (Turn* turn : turns) {
    client_of(*turn).connection.write_replies(is_safe);
    end_turn(client_of(*turn));
  }
  host_.statistics.connected_clients = clients_.size();
}

// While all take more than they may, the one that takes most is evicted. After
// each client's turn, so that no more than one reply is beyond the limit,
// however many are asked for at once. Mostly it is one comparison; who takes
// most is looked for only when some client has to go. O(clients) for each that
// does, and it must connect again to bring that about again.
void Server::evict_clients() {
  while (host_.budget.is_exceeded()) {
    const auto largest = std::max_element(
        clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
          return evictable_bytes(*a) < evictable_bytes(*b);
        });
    if (largest == clients_.end() || evictable_bytes(**largest) == 0) return;
    (*largest)->connection.evict();
    ++host_.statistics.evicted_clients;
    host_.has_killed = true;
  }
}

void Server::end_turn(Client& client) {
  Connection& connection = client.connection;
  if (connection.take_progress()) {
    client.last_active_ms = now_ms_;
    clients_.splice(clients_.end(), clients_, client.place);
  }
  if (connection.wants_close()) return close_client(client);
  if (connection.has_left() && !client.is_lingering) let_linger(client);
  if (connection.has_work()) {
    turns_.add(client);
  } else if (connection.waits_for_room()) {
    turns_.hold_back(client, connection.session().share.get());
  }
}

// It is told that nothing more comes, and counts as a client no longer.
void Server::let_linger(Client& client) {
  client.connection.hang_up();
  client.is_lingering = true;
  client.last_active_ms = now_ms_;
  lingering_.splice(lingering_.end(), clients_, client.place);
}

void Server::close_client(Client& client) {
  turns_.forget(client);
  poller_.remove(client.connection.fd());
  (client.is_lingering ? lingering_ : clients_).erase(client.place);
}

// After CLIENT KILL, and when somebody has been evicted: drops what waits for
// those that are killed, and gives all of them a turn, in which they end.
void Server::close_killed() {
  if (!std::exchange(host_.has_killed, false)) return;
  for (const auto& client : clients_) {
    Connection& connection = client->connection;
    if (connection.session().is_killed) connection.abandon();
    if (connection.wants_close() || connection.has_work()) turns_.add(*client);
  }
}

// Not all that are due at once: when a million keys expire in the same second,
// clients get their turns in between. So do they while large values are freed.
void Server::expire_keys() {
  constexpr size_t kKeysPerTurn = 200;
  host_.store.expire_due(kKeysPerTurn);
  host_.store.garbage().free_some(Garbage::kFreedPerTurn);
  if (should_evict(host_)) evict_keys(host_, kKeysPerTurn);
}

void Server::close_idle(Clients& clients, int64_t timeout_ms) {
  if (timeout_ms == 0) return;
  while (!clients.empty() && !clients.front()->is_ready &&
         now_ms_ - clients.front()->last_active_ms >= timeout_ms) {
    close_client(*clients.front());
  }
}

}  // namespace klh
