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
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/flags.h"
#include "common/key_value.h"
#include "common/net.h"
#include "common/signals.h"
#include "connection.h"
#include "poller.h"

namespace klh {

namespace {

// These say in how many milliseconds accept() is tried again if no edge tells
// of a client.
constexpr int kAtTheNextEdge = -1;
constexpr int kLaterMs = 1000;

struct Client;
using Clients = std::list<std::unique_ptr<Client>>;

struct Client {
  explicit Client(Connection connected) : connection(std::move(connected)) {}

  Connection connection;
  Clients::iterator place{};  // of itself, so that it can be moved and erased
  int64_t last_active_ms = 0;
  bool is_ready = false;  // stands in Server::ready_
};

class Server {
 public:
  Server(const std::string& address, uint16_t port, uint32_t timeout_s);
  void run();

 private:
  void wait();
  int wait_ms() const;
  void accept_clients();
  bool refuse_client();
  void add_client(FileDescriptor fd);
  void make_ready(Client& client);
  void take_turns();
  void close_idle();

  FileDescriptor listener_;
  FileDescriptor spare_;  // given up when there is no other; see refuse_client
  Poller poller_;
  KeyValue key_value_;
  Clients clients_;  // the longest idle first
  std::vector<Client*> ready_;
  int64_t timeout_ms_;  // 0: never
  int64_t now_ms_ = 0;
  int accept_after_ms_ = kAtTheNextEdge;
};

FileDescriptor open_spare() {
  return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

Server::Server(const std::string& address, uint16_t port, uint32_t timeout_s)
    : listener_(listen_tcp(address, port)),
      spare_(open_spare()),
      timeout_ms_(int64_t{timeout_s} * 1000),
      now_ms_(monotonic_ms()) {
  // A client can be gone between the event and accept(), which would then wait
  // for the next one (accept(2), NOTES), and all others with it.
  if (!set_nonblocking(listener_.get())) die("fcntl");
  if (!poller_.add(listener_.get(), nullptr)) die("poller");
  std::printf("listening on %s:%d\n", address.c_str(),
              local_port(listener_.get()));
  std::fflush(stdout);
}

void Server::run() {
  while (!stop_requested()) {
    wait();
    take_turns();
    close_idle();
  }
}

void Server::wait() {
  const auto events = poller_.wait(wait_ms());
  now_ms_ = monotonic_ms();
  bool accept_now = accept_after_ms_ >= 0;
  for (const Poller::Event& event : events) {
    if (event.tag == nullptr) {
      accept_now = true;
      continue;
    }
    Client& client = *static_cast<Client*>(event.tag);
    client.connection.note(event.readable, event.writable, event.must_drain);
    make_ready(client);
  }
  if (accept_now) accept_clients();
}

// Returns for how long there is nothing to do unless something happens; -1 is
// for ever.
int Server::wait_ms() const {
  if (!ready_.empty()) return 0;
  if (accept_after_ms_ >= 0) return accept_after_ms_;
  if (timeout_ms_ == 0 || clients_.empty()) return -1;
  const int64_t idle_ms = now_ms_ - clients_.front()->last_active_ms;
  constexpr int64_t kLongestMs = 60'000;  // timeout_ms_ may not fit an int
  return static_cast<int>(
      std::clamp<int64_t>(timeout_ms_ - idle_ms, 0, kLongestMs));
}

// Accepts all that wait, since one edge may stand for many of them; but in a
// pass no more than a cap, for the sake of those who are connected.
void Server::accept_clients() {
  constexpr int kAcceptsPerPass = 256;
  accept_after_ms_ = kAtTheNextEdge;
  for (int i = 0; i < kAcceptsPerPass; ++i) {
    FileDescriptor fd(::accept(listener_.get(), nullptr, nullptr));
    if (fd.is_open()) {
      add_client(std::move(fd));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno == EMFILE || errno == ENFILE) {
      if (!refuse_client()) return;
    } else if (errno == ENOBUFS || errno == ENOMEM) {
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
  FileDescriptor fd(::accept(listener_.get(), nullptr, nullptr));
  const bool refused = fd.is_open();
  if (!refused && errno != EAGAIN) accept_after_ms_ = kLaterMs;
  fd.reset();
  spare_ = open_spare();
  return refused;
}

void Server::add_client(FileDescriptor fd) {
  if (!set_nonblocking(fd.get())) return;
  set_no_delay(fd.get());
  const int number = fd.get();
  auto client = std::make_unique<Client>(Connection(std::move(fd), key_value_));
  if (!poller_.add(number, client.get())) return;
  client->last_active_ms = now_ms_;
  clients_.push_back(std::move(client));
  clients_.back()->place = std::prev(clients_.end());
}

void Server::make_ready(Client& client) {
  if (client.is_ready) return;
  client.is_ready = true;
  ready_.push_back(&client);
}

// Gives a turn to each that was ready when the pass began. Clients with work
// left get the next one after the others.
void Server::take_turns() {
  std::vector<Client*> turns;
  turns.swap(ready_);
  for (Client* client : turns) {
    client->is_ready = false;
    client->last_active_ms = now_ms_;
    clients_.splice(clients_.end(), clients_, client->place);
    client->connection.take_turn();
    if (client->connection.wants_close()) {
      clients_.erase(client->place);
    } else if (client->connection.has_work()) {
      make_ready(*client);
    }
  }
}

void Server::close_idle() {
  if (timeout_ms_ == 0) return;
  while (!clients_.empty() && !clients_.front()->is_ready &&
         now_ms_ - clients_.front()->last_active_ms >= timeout_ms_) {
    clients_.pop_front();
  }
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::string address = "127.0.0.1";
  uint16_t port = 7379;
  uint32_t timeout_s = 0;
  klh::parse_flags(
      argc, argv,
      {{"--bind", &address}, {"--port", &port}, {"--timeout", &timeout_s}});
  klh::install_signal_handlers();
  klh::raise_descriptor_limit();
  klh::Server(address, port, timeout_s).run();
}
