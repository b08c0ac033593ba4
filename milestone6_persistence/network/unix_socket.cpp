#include "network/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace klh {

namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    die_plainly("unix socket '" + path + "': the path is too long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

FileDescriptor open_socket() {
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (!fd.is_open()) die("socket");
  return fd;
}

// 0, or what connect(2) has to say.
int try_to_connect(int fd, const std::string& path) {
  const sockaddr_un address = address_of(path);
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(fd, any, sizeof address) == 0 ? 0 : errno;
}

// A server that was killed leaves its file behind: only a socket that refuses
// connections is such a one. A queue that is full, EAGAIN, has somebody at its
// other end.
void remove_if_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) < 0) return;  // bind() will tell
  if (!S_ISSOCK(status.st_mode)) {
    die_plainly("unix socket '" + path +
                "': there is a file that is no socket");
  }
  const FileDescriptor fd = open_socket();
  if (!set_nonblocking(fd.get())) die("fcntl");
  if (try_to_connect(fd.get(), path) != ECONNREFUSED) {
    die_plainly("unix socket '" + path + "': another server listens there");
  }
  if (::unlink(path.c_str()) < 0) die("unlink " + path);
}

}  // namespace

// The permissions are there before anybody can connect: not before listen(2).
FileDescriptor listen_unix(const std::string& path, uint32_t permissions) {
  const sockaddr_un address = address_of(path);
  remove_if_stale(path);
  FileDescriptor fd = open_socket();
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd.get(), any, sizeof address) < 0) die("bind " + path);
  const auto mode = static_cast<mode_t>(permissions);
  if (mode != 0 && ::chmod(path.c_str(), mode) < 0) die("chmod " + path);
  if (::listen(fd.get(), SOMAXCONN) < 0) die("listen");
  return fd;
}

FileDescriptor connect_unix(const std::string& path) {
  FileDescriptor fd = open_socket();
  errno = try_to_connect(fd.get(), path);
  if (errno != 0) die("connect to " + path);
  return fd;
}

}  // namespace klh
