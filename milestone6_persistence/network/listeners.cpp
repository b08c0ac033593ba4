#include "network/listeners.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <sstream>
#include <utility>

#include "network/unix_socket.h"

namespace klh {

Listeners::Listeners(Options& options) {
  std::istringstream addresses(options.bind);
  for (std::string address; addresses >> address;) {
    FileDescriptor fd = listen_tcp(address, options.port);
    options.port = local_port(fd.get());
    const bool is_ipv6 = address.find(':') != address.npos;
    listen_at((is_ipv6 ? "[" + address + "]" : address) + ":" +
                  std::to_string(options.port),
              std::move(fd));
  }
  if (sockets_.empty()) die_plainly("no address in '" + options.bind + "'");
  if (options.unixsocket.empty()) return;
  listen_at(options.unixsocket,
            listen_unix(options.unixsocket, options.unixsocketperm));
  path_ = options.unixsocket;
}

Listeners::~Listeners() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void Listeners::watch(Poller& poller) const {
  for (const FileDescriptor& socket : sockets_) {
    if (!poller.add(socket.get(), nullptr)) die("poller");
  }
}

void Listeners::announce() const {
  for (const std::string& name : names_) {
    std::printf("listening on %s\n", name.c_str());
  }
  std::fflush(stdout);
}

int Listeners::accept() {
  for (size_t i = 0; i < sockets_.size(); ++i) {
    const int fd = ::accept(sockets_[next_].get(), nullptr, nullptr);
    if (fd >= 0 || errno != EAGAIN) return fd;
    next_ = (next_ + 1) % sockets_.size();
  }
  return -1;
}

void Listeners::listen_at(std::string name, FileDescriptor fd) {
  if (!set_nonblocking(fd.get())) die("fcntl");
  names_.push_back(std::move(name));
  sockets_.push_back(std::move(fd));
}

}  // namespace klh
