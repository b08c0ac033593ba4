// A library that a server is made to load (LD_PRELOAD, ld.so(8)): it holds the
// reading of one file at a byte, for harness/held_server.h.
//
//   KLH_HOLD_FILE=dump-1.klh   the name of the file, whatever its directory
//   KLH_HOLD_AT=100            so many bytes of it are read as always
//   KLH_HOLD_SOCKET=path       a Unix socket, to which a connection is made when
//                              these are read; once that is closed by the other
//                              side, the rest is read as always
//
// As long as it is held, each read(2) of the file waits for a moment and then
// fails with EINTR, as if a signal had come: so the server goes on with whatever
// it does beside the loading.
#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr int kMomentMs = 2;

std::string environment(const char* name) {
  const char* const text = std::getenv(name);
  return text ? text : "";
}

struct Plan {
  const std::string end_of_path = "/" + environment("KLH_HOLD_FILE");
  const off_t at = std::atoll(environment("KLH_HOLD_AT").c_str());
  int control = -1;
  bool is_over = environment("KLH_HOLD_SOCKET").empty();
};

Plan& plan() {
  static Plan instance;
  return instance;
}

bool is_meant(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char path[4096];
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<size_t>(size))
                         .ends_with(plan().end_of_path);
}

// Tells whoever listens that the reading is held now. Nobody: then it is not.
int connect_to_test() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = environment("KLH_HOLD_SOCKET");
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) {
    plan().is_over = true;
  }
  return fd;
}

bool is_held() {
  Plan& plan = ::plan();
  if (plan.is_over) return false;
  if (plan.control < 0) plan.control = connect_to_test();
  pollfd closed = {plan.control, POLLIN, 0};
  if (!plan.is_over && ::poll(&closed, 1, kMomentMs) > 0) plan.is_over = true;
  return !plan.is_over;
}

}  // namespace

extern "C" ssize_t read(int fd, void* bytes, size_t size) {
  static const auto next =
      reinterpret_cast<decltype(&read)>(dlsym(RTLD_NEXT, "read"));
  if (plan().is_over || !is_meant(fd)) return next(fd, bytes, size);
  const off_t before = plan().at - ::lseek(fd, 0, SEEK_CUR);
  if (before > 0) {
    return next(fd, bytes, std::min(size, static_cast<size_t>(before)));
  }
  if (!is_held()) return next(fd, bytes, size);
  errno = EINTR;
  return -1;
}
