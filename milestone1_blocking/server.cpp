// A blocking server: one client at a time, one read is one request.
//
//   socket -> bind -> listen -> accept -> read -> write -> close
//                                 ^        ^_______|         |
//                                 |__________________________|
//
// Every call waits until it is done: accept until a client comes, read until
// it sends something, write until the kernel has taken the reply. While one
// client is served the others wait in the kernel's queue.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/flags.h"
#include "common/key_value.h"
#include "common/net.h"
#include "common/signals.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

int open_listener(const std::string& address, uint16_t port);
int accept_client(int listener);
void serve_client(int client, KeyValue& key_value);
ssize_t read_some(int client, char* bytes, size_t size);
bool write_reply(int client, std::string_view reply);

void run(const std::string& address, uint16_t port) {
  const int listener = open_listener(address, port);
  KeyValue key_value;
  while (!stop_requested()) {
    const int client = accept_client(listener);
    if (client < 0) continue;
    serve_client(client, key_value);
    close(client);
  }
  close(listener);
}

// Returns a socket that clients can connect to. Its address and port stand in
// network byte order, hence htons. See socket(2), bind(2), listen(2), ip(7).
int open_listener(const std::string& address, uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) die("socket");

  // Without this option a restarted server could not bind for as long as
  // connections of the last one are in TIME_WAIT, a minute on Linux. See
  // socket(7).
  const int on = 1;
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
    die("SO_REUSEADDR");
  }

  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) {
    die_plainly("address '" + address + "' is not of the form 127.0.0.1");
  }
  if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) {
    die("bind " + address + ":" + std::to_string(port));
  }
  if (listen(listener, SOMAXCONN) < 0) die("listen");

  // Port 0 asked for any free port: which one did the kernel choose?
  socklen_t size = sizeof name;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) < 0) {
    die("getsockname");
  }
  std::printf("listening on %s:%d\n", address.c_str(), ntohs(name.sin_port));
  std::fflush(stdout);
  return listener;
}

// Returns the next client's connection, or -1 when there is none: a signal
// came, or that connection broke before we got to it (accept(2), "Error
// handling"). Whatever has run out would be missing again at once, so it is
// better to end and say why.
int accept_client(int listener) {
  const int client = accept(listener, nullptr, nullptr);
  const bool is_out =
      errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
  if (client < 0 && is_out) die("accept");
  return client;
}

// Takes what one read returns as one request. It is none: TCP carries bytes,
// not messages. Two writes of the client can come in one read, and one write
// in two.
void serve_client(int client, KeyValue& key_value) {
  char bytes[kReadBytes];
  while (!stop_requested()) {
    const ssize_t size = read_some(client, bytes, sizeof bytes);
    if (size <= 0) return;
    const std::string_view request(bytes, static_cast<size_t>(size));
    if (!write_reply(client, key_value.execute(request))) return;
  }
}

// Reads the bytes that have come and returns how many they are: at least one,
// 0 when the client has closed its side, -1 on an error. See read(2).
ssize_t read_some(int client, char* bytes, size_t size) {
  ssize_t got;
  do {
    got = read(client, bytes, size);
  } while (got < 0 && errno == EINTR && !stop_requested());
  return got;
}

// Returns false when not all of it could be written: the client is gone, or a
// signal came.
bool write_reply(int client, std::string_view reply) {
  const ssize_t put = write(client, reply.data(), reply.size());
  return put == static_cast<ssize_t>(reply.size());
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::string address = "127.0.0.1";
  uint16_t port = 7379;
  klh::parse_flags(argc, argv, {{"--bind", &address}, {"--port", &port}});
  klh::install_signal_handlers();
  klh::run(address, port);
}
