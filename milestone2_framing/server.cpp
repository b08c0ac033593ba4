// A blocking server of framed messages: one client at a time.
//
//   listen_tcp -> accept -> read_message -> write_message -> close
//                   ^         ^__________________|            |
//                   |_________________________________________|
//
// Every call waits until it is done, read_message until the last byte of a
// message has come. While one client is served the others wait in the
// kernel's queue, however long it takes that client to send the next byte.
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "common/flags.h"
#include "common/key_value.h"
#include "common/net.h"
#include "common/signals.h"
#include "framing.h"

namespace klh {

namespace {

FileDescriptor open_listener(const std::string& address, uint16_t port);
FileDescriptor accept_client(int listener);
void serve_client(int client, KeyValue& key_value);

void run(const std::string& address, uint16_t port) {
  const FileDescriptor listener = open_listener(address, port);
  KeyValue key_value;
  while (!stop_requested()) {
    const FileDescriptor client = accept_client(listener.get());
    if (client.is_open()) serve_client(client.get(), key_value);
  }
}

FileDescriptor open_listener(const std::string& address, uint16_t port) {
  FileDescriptor listener = listen_tcp(address, port);
  std::printf("listening on %s:%d\n", address.c_str(),
              local_port(listener.get()));
  std::fflush(stdout);
  return listener;
}

// Returns the next client's connection, or none: a signal came, or that
// connection broke before we got to it (accept(2), "Error handling"). Whatever
// has run out would be missing again at once, so it is better to end and say
// why.
FileDescriptor accept_client(int listener) {
  FileDescriptor client(::accept(listener, nullptr, nullptr));
  const bool is_out =
      errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
  if (!client.is_open() && is_out) die("accept");
  return client;
}

// Takes each message as one request, however many reads it comes in.
void serve_client(int client, KeyValue& key_value) {
  std::string request;
  while (!stop_requested()) {
    const Io result = read_message(client, request);
    if (result == Io::too_long) {
      // It costs too much to read what follows the header only to skip it, so
      // this is the last reply.
      (void)write_message(client, "-ERR message too long");
    }
    if (result != Io::complete) return;
    if (write_message(client, key_value.execute(request)) != Io::complete) {
      return;
    }
  }
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
