// A library that a server is made to load (LD_PRELOAD, ld.so(8)): its system
// calls go through gates that a test opens and closes while it runs, and its
// clocks stand still unless the test advances them, so that nothing becomes due
// by itself. KLH_GATES names the page that they share; see ../gates.h.
//
// Only files count, not sockets, and not the standard streams.
#include "states/gates.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

using klh::test::Gate;
using klh::test::GatePage;

constexpr unsigned kLookUs = 200;
constexpr unsigned kTrickleUs = 1000;

template <class Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Shared {
  GatePage* page;
  pid_t server;         // the process that has loaded us, not its children
  timespec start_wall;  // when the clocks stopped
  timespec start_monotonic;

  Shared();
};

// By system calls, since the functions are ours.
Shared::Shared() : server(getpid()) {
  const char* const path = std::getenv("KLH_GATES");
  const int fd = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, path ? path : "", O_RDWR | O_CLOEXEC));
  void* const memory = mmap(nullptr, sizeof(GatePage), PROT_READ | PROT_WRITE,
                            MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    std::perror("gates: KLH_GATES");
    std::abort();
  }
  close(fd);
  page = static_cast<GatePage*>(memory);
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &start_wall);
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &start_monotonic);
}

Shared& shared() {
  static Shared instance;
  return instance;
}

__attribute__((constructor)) void begin() {
  shared();
}

bool is_file(int fd) {
  struct stat status;
  return fd > STDERR_FILENO && fstat(fd, &status) == 0 &&
         (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

int mode_of(Gate gate) {
  return shared().page->mode[static_cast<size_t>(gate)];
}

// Waits while the gate is held. False if the call must fail: errno tells how.
bool pass(Gate gate) {
  int mode = mode_of(gate);
  if (mode != GatePage::kOpen) ++shared().page->met[static_cast<size_t>(gate)];
  while (mode == GatePage::kHeld) {
    usleep(kLookUs);
    mode = mode_of(gate);
  }
  if (mode != GatePage::kOpen) errno = mode;
  return mode == GatePage::kOpen;
}

timespec later(timespec start, int64_t milliseconds) {
  constexpr int64_t kSecondNs = 1'000'000'000;
  const int64_t ns = start.tv_nsec + milliseconds % 1000 * 1'000'000;
  return {start.tv_sec + milliseconds / 1000 + ns / kSecondNs, ns % kSecondNs};
}

}  // namespace

extern "C" {

ssize_t read(int fd, void* bytes, size_t size) {
  static const auto real = next(read, "read");
  if (size == 0 || mode_of(Gate::load) == GatePage::kOpen || !is_file(fd)) {
    return real(fd, bytes, size);
  }
  ++shared().page->met[static_cast<size_t>(Gate::load)];
  usleep(kTrickleUs);
  return real(fd, bytes, 1);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next(write, "write");
  const bool is_child = getpid() != shared().server;
  const Gate gate = is_child ? Gate::child : Gate::write;
  if (size > 0 && is_file(fd) && !pass(gate)) return -1;
  return real(fd, bytes, size);
}

// No power fails here, so the syncs themselves are left out.
int fsync(int) {
  return pass(Gate::sync) ? 0 : -1;
}

int fdatasync(int) {
  return pass(Gate::sync) ? 0 : -1;
}

int listen(int fd, int backlog) {
  static const auto real = next(listen, "listen");
  const int outcome = real(fd, backlog);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (outcome == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
      address.sin_family == AF_INET) {
    shared().page->port = ntohs(address.sin_port);
  }
  return outcome;
}

// The clocks of what the process has used are left alone.
int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const bool is_wall =
      clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const bool is_monotonic =
      clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
      clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
  const Shared& in = shared();
  if (in.page->freezes_clock == 0 || !(is_wall || is_monotonic)) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  }
  *now =
      later(is_wall ? in.start_wall : in.start_monotonic, in.page->passed_ms);
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
