// Sockets without the boilerplate: what milestone 1 writes out by hand.
//
// A FileDescriptor owns one descriptor, as std::unique_ptr owns an object:
// it cannot be copied, and whoever holds it last closes it. Functions that
// only use a descriptor take a plain int.
//
// The functions below are for start-up: what fails there ends the program with
// one line on stderr and exit status 1. What fails later, while clients are
// being served, is never a reason to die; see each milestone's connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace klh {

// Prints "klh: <what>: <strerror(errno)>" and exits with status 1.
[[noreturn]] void die(std::string_view what);

// Does the same for a mistake that has no errno: prints "klh: <what>".
[[noreturn]] void die_plainly(std::string_view what);

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

  // Closes the descriptor now. close(2) is called once even when it reports
  // EINTR: on Linux the number is free by then and may be someone else's.
  void reset();

 private:
  int fd_ = -1;
};

// Returns a listening socket on `address` (IPv4 or IPv6, numeric) and `port`;
// port 0 lets the kernel choose a free one, which local_port() then tells.
// SO_REUSEADDR is set: a server can be started again at once although old
// connections are still in TIME_WAIT. See listen(2), socket(7).
FileDescriptor listen_tcp(const std::string& address, uint16_t port);

// Returns the port of a bound socket, in host byte order. See getsockname(2).
uint16_t local_port(int fd);

// Returns a connected, blocking socket. `host` may be a name; each address that
// it resolves to is tried in turn. See getaddrinfo(3).
FileDescriptor connect_tcp(const std::string& host, uint16_t port);

// Makes read, write and accept on `fd` return EAGAIN instead of waiting.
// Returns false if fcntl(2) fails.
[[nodiscard]] bool set_nonblocking(int fd);

// Sends small segments at once instead of waiting for the acknowledgement of
// the one before (Nagle's algorithm, tcp(7) TCP_NODELAY): a pipelined reply
// would else wait for the peer's delayed ACK, 40 ms on Linux.
void set_no_delay(int fd);

// Lifts the soft limit of open descriptors to the hard one (getrlimit(2)) and
// returns it.
uint64_t raise_descriptor_limit();

}  // namespace klh
