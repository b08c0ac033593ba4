#include "common/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace klh {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) die_plainly("address '" + host + "': " + gai_strerror(error));
  return Addresses(found, &freeaddrinfo);
}

std::string endpoint(const std::string& host, uint16_t port) {
  return host + ":" + std::to_string(port);
}

void set_option(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (setsockopt(fd, level, option, &on, sizeof on) < 0) die(name);
}

}  // namespace

void die(std::string_view what) {
  const int error = errno;
  die_plainly(std::string(what) + ": " + std::strerror(error));
}

void die_plainly(std::string_view what) {
  std::fprintf(stderr, "klh: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::exit(1);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(other.fd_) {
  other.fd_ = -1;
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

FileDescriptor listen_tcp(const std::string& address, uint16_t port) {
  const Addresses found =
      resolve(address, port, AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV);
  FileDescriptor fd(::socket(found->ai_family, SOCK_STREAM, 0));
  if (!fd.is_open()) die("socket");
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
  if (found->ai_family == AF_INET6) {  // leaves the port of IPv4 to others
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
  }
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) < 0) {
    die("bind " + endpoint(address, port));
  }
  if (::listen(fd.get(), SOMAXCONN) < 0) die("listen");
  return fd;
}

uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) < 0) {
    die("getsockname");
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

FileDescriptor connect_tcp(const std::string& host, uint16_t port) {
  const Addresses found = resolve(host, port, AI_NUMERICSERV);
  for (const addrinfo* each = found.get(); each; each = each->ai_next) {
    FileDescriptor fd(::socket(each->ai_family, SOCK_STREAM, 0));
    if (!fd.is_open()) continue;
    if (::connect(fd.get(), each->ai_addr, each->ai_addrlen) == 0) return fd;
  }
  die("connect to " + endpoint(host, port));
}

bool set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) >= 0;
}

void set_no_delay(int fd) {
  const int on = 1;
  // Fails only on a connection that is already gone, which read() will tell.
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) die("getrlimit");
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
#ifdef __APPLE__
  // It reports an infinite hard limit, but refuses more than this.
  limit.rlim_cur = std::min<rlim_t>(OPEN_MAX, limit.rlim_max);
#endif
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : soft;
}

}  // namespace klh
