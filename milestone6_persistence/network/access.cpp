#include "network/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstdint>

namespace klh {

namespace {

#ifdef __APPLE__
constexpr int kIdleOption = TCP_KEEPALIVE;
#else
constexpr int kIdleOption = TCP_KEEPIDLE;
#endif

bool is_loopback(uint32_t ipv4) {
  return ipv4 >> 24 == 127;
}

bool has_local_peer(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  auto* const any = reinterpret_cast<sockaddr*>(&peer);
  return ::getpeername(fd, any, &size) == 0 && is_local(peer);
}

void set_option(int fd, int level, int option, int value) {
  // Fails on a connection that is already gone, which read() will tell.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

bool is_local(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_UNIX) return true;
  if (peer.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(peer);
    return is_loopback(ntohl(in.sin_addr.s_addr));
  }
  if (peer.ss_family != AF_INET6) return false;
  const in6_addr& address =
      reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  // ::ffff:127.0.0.1, a peer of IPv4 on a socket that takes both
  return IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127;
}

std::string_view refusal(const Options& options, int fd, size_t clients) {
  if (clients >= options.maxclients) {
    return "-ERR max number of clients reached\r\n";
  }
  const bool is_protected =
      options.protected_mode && options.requirepass.empty();
  if (is_protected && !has_local_peer(fd)) {
    return "-DENIED klh is in protected mode, since no password is set: only "
           "clients on the same machine are served. To be served from "
           "elsewhere, set a password, --requirepass, or, if the network can "
           "be "
           "trusted, start with --protected-mode no.\r\n";
  }
  return "";
}

// The second and the third probe follow sooner: after three that nobody answers
// the connection is dead.
void set_keepalive(int fd, unsigned seconds) {
  if (seconds == 0) return;
  constexpr int kProbes = 3;
  const int idle = static_cast<int>(std::min(seconds, 32767u));  // tcp(7)
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, kIdleOption, idle);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, idle / kProbes));
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace klh
