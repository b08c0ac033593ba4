// An event loop on poll(): any number of clients, and none that is slow or
// silent hangs another.
//
//          .-> poll: who is ready? -> handle each ready client -.
//          |                                                    v
//          '-------- close the finished <---- accept a new one -'
//
// poll() is the only call that waits. The sockets are non-blocking, so each
// other call does what can be done now and returns.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/flags.h"
#include "common/key_value.h"
#include "common/net.h"
#include "common/signals.h"
#include "connection.h"

namespace klh {

namespace {

constexpr int kRestMs = 1000;

class Server {
 public:
  Server(const std::string& address, uint16_t port);
  void run();

 private:
  void wait();
  void handle_ready();
  void accept_client();
  void close_finished();

  FileDescriptor listener_;
  KeyValue key_value_;
  std::vector<std::unique_ptr<Connection>> connections_;
  // These are the question to poll() and its answer: the listener, then each
  // connection in the order of connections_.
  std::vector<pollfd> polled_;
  int64_t accept_at_ms_ = 0;  // not before; see accept_client
};

Server::Server(const std::string& address, uint16_t port)
    : listener_(listen_tcp(address, port)) {
  // A client can be gone between poll() and accept(), which would then wait
  // for the next one (accept(2), NOTES), and all others with it.
  if (!set_nonblocking(listener_.get())) die("fcntl");
  std::printf("listening on %s:%d\n", address.c_str(),
              local_port(listener_.get()));
  std::fflush(stdout);
}

void Server::run() {
  while (!stop_requested()) {
    wait();
    handle_ready();  // before accepting: a new one has no place in polled_
    if (polled_[0].revents != 0) accept_client();
    close_finished();
  }
}

void Server::wait() {
  const int64_t rest_ms = std::max<int64_t>(accept_at_ms_ - monotonic_ms(), 0);
  const short accept_events = rest_ms > 0 ? 0 : POLLIN;
  polled_.assign(1, {listener_.get(), accept_events, 0});
  for (const auto& connection : connections_) {
    short events = 0;
    if (connection->wants_read()) events |= POLLIN;
    if (connection->wants_write()) events |= POLLOUT;
    polled_.push_back({connection->fd(), events, 0});
  }
  const int timeout_ms = rest_ms > 0 ? static_cast<int>(rest_ms) : -1;
  const int count = ::poll(polled_.data(), polled_.size(), timeout_ms);
  if (count < 0) {
    if (errno != EINTR) die("poll");
    for (pollfd& each : polled_) each.revents = 0;
  }
}

void Server::handle_ready() {
  // POLLHUP and POLLERR come unasked. Reading or writing, whichever the
  // connection is waiting for, then tells what has happened.
  constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
  for (size_t i = 0; i < connections_.size(); ++i) {
    const short ready = polled_[i + 1].revents;
    if (ready != 0) connections_[i]->handle(ready & kReadable);
  }
}

// Accepts one new client a pass. If there are more, poll() will tell.
void Server::accept_client() {
  FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
  if (client.is_open()) {
    if (!set_nonblocking(client.get())) return;
    set_no_delay(client.get());
    connections_.push_back(
        std::make_unique<Connection>(std::move(client), key_value_));
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
             errno == ENOBUFS) {
    // The client stays in the kernel's queue, so poll() would report it again
    // at once, and so on at 100 % CPU. So it is not asked until one of ours has
    // gone, or for a second: by the clock, however often poll() returns in it
    // for the others.
    accept_at_ms_ = monotonic_ms() + kRestMs;
  }
  // Anything else is the fault of that one connection, which is gone.
}

// Connections go away here and nowhere else, so that no loop over them is
// disturbed.
void Server::close_finished() {
  const size_t closed = std::erase_if(
      connections_, [](const auto& each) { return each->wants_close(); });
  if (closed > 0) accept_at_ms_ = 0;
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::string address = "127.0.0.1";
  uint16_t port = 7379;
  klh::parse_flags(argc, argv, {{"--bind", &address}, {"--port", &port}});
  klh::install_signal_handlers();
  klh::Server(address, port).run();
}
