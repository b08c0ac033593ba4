#include "harness/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/net.h"

namespace klh::test {

namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  return name;
}

}  // namespace

uint16_t free_port() {
  const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = loopback(0);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name)) {
    die("bind");
  }
  return local_port(fd.get());
}

bool accepts(uint16_t port) {
  const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = loopback(port);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&name),
                 sizeof name) == 0;
}

}  // namespace klh::test
