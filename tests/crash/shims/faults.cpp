// A library that a server is made to load (LD_PRELOAD, ld.so(8)): it counts the
// server's system calls by their kinds, and makes one of them fail.
//
//   KLH_FAULT_CALLS      a file for the counters, shared by all processes
//   KLH_FAULT=write:28:5 the fifth write to a file fails with errno 28
//   KLH_FAULT=send:0:3+  from the third on all fall short
//   KLH_KILL=rename:7    before the seventh rename the whole group of processes
//                        is killed by signal 9
//
// The kinds are those of fault_kinds.h. What the edge-triggered epoll(7) of the
// server would not survive, because it cannot happen, does not happen here
// either: who was told that there is nothing more gets an edge when there is.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "crash/fault_kinds.h"

namespace {

using klh::test::FaultKind;
using klh::test::kFaultKinds;

template <class Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// What the environment says.
struct Plan {
  int kind = -1;
  int error = 0;  // 0: fall short
  unsigned number = 0;
  bool goes_on = false;
  int kill_kind = -1;
  unsigned kill_number = 0;
  std::atomic<uint32_t>* calls = nullptr;  // of each kind

  Plan();
};

int kind_of(const char* name) {
  for (size_t i = 0; i < std::size(kFaultKinds); ++i) {
    if (std::strcmp(kFaultKinds[i], name) == 0) return static_cast<int>(i);
  }
  return -1;
}

Plan::Plan() {
  const char* const path = std::getenv("KLH_FAULT_CALLS");
  // Not by open(), which is ours.
  const int fd =
      path ? static_cast<int>(syscall(SYS_open, path, O_RDWR | O_CLOEXEC)) : -1;
  void* const memory =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    std::perror("faults: KLH_FAULT_CALLS");
    std::abort();
  }
  close(fd);
  calls = static_cast<std::atomic<uint32_t>*>(memory);
  char name[64];
  const char* const death = std::getenv("KLH_KILL");
  if (death && std::sscanf(death, "%63[^:]:%u", name, &kill_number) == 2) {
    kill_kind = kind_of(name);
  }
  const char* const text = std::getenv("KLH_FAULT");
  char more = ' ';
  if (text &&
      std::sscanf(text, "%63[^:]:%d:%u%c", name, &error, &number, &more) >= 3) {
    goes_on = more == '+';
    kind = kind_of(name);
  }
}

Plan& plan() {
  static Plan instance;
  return instance;
}

__attribute__((constructor)) void read_plan() {
  plan();
}

// Is it this call's turn?
bool is_hit(FaultKind kind) {
  Plan& in = plan();
  const auto index = static_cast<int>(kind);
  const uint32_t number = ++in.calls[index];
  if (index == in.kill_kind && number == in.kill_number) kill(0, SIGKILL);
  if (index != in.kind) return false;
  return in.goes_on ? number >= in.number : number == in.number;
}

bool fails(FaultKind kind) {
  if (!is_hit(kind)) return false;
  errno = plan().error;
  return true;
}

// For those that can fall short: 0 fails, else how much is asked for.
size_t allowed(FaultKind kind, size_t size, size_t few) {
  if (!is_hit(kind)) return size;
  if (plan().error == 0) return std::min(size, few);
  errno = plan().error;
  return 0;
}

struct Watched {
  int poller;
  epoll_event event;
};
constexpr int kMostWatched = 4096;
Watched watched[kMostWatched];

int real_epoll_ctl(int poller, int operation, int fd, epoll_event* event) {
  static const auto real = next(epoll_ctl, "epoll_ctl");
  return real(poller, operation, fd, event);
}

// As if what was held back came only now.
void give_edge(int fd) {
  const int error = errno;
  if (fd < kMostWatched && watched[fd].event.events != 0) {
    real_epoll_ctl(watched[fd].poller, EPOLL_CTL_MOD, fd, &watched[fd].event);
  }
  errno = error;
}

bool is_socket(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next(write, "write");
  if (fd <= STDERR_FILENO || size == 0) return real(fd, bytes, size);
  const bool to_socket = is_socket(fd);
  const size_t few = std::max<size_t>(1, size / 2);
  const size_t now =
      allowed(to_socket ? FaultKind::send : FaultKind::write, size, few);
  const ssize_t put = now == 0 ? -1 : real(fd, bytes, now);
  if (to_socket && now < size) give_edge(fd);
  return put;
}

ssize_t read(int fd, void* bytes, size_t size) {
  constexpr size_t kFew = 7;
  static const auto real = next(read, "read");
  if (fd <= STDERR_FILENO || size == 0) return real(fd, bytes, size);
  const bool from_socket = is_socket(fd);
  const size_t now =
      allowed(from_socket ? FaultKind::recv : FaultKind::read, size, kFew);
  const ssize_t got = now == 0 ? -1 : real(fd, bytes, now);
  if (from_socket && now < size) give_edge(fd);
  return got;
}

int fsync(int fd) {
  static const auto real = next(fsync, "fsync");
  return fails(FaultKind::fsync) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static const auto real = next(fdatasync, "fdatasync");
  return fails(FaultKind::fdatasync) ? -1 : real(fd);
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  static const auto real = next(renameat, "renameat");
  return fails(FaultKind::rename) ? -1 : real(from_at, from, to_at, to);
}

int openat(int at, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static const auto real = next(openat, "openat");
  return fails(FaultKind::openat) ? -1 : real(at, name, flags, mode);
}

int open(const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static const auto real = next(open, "open");
  return fails(FaultKind::open) ? -1 : real(name, flags, mode);
}

DIR* opendir(const char* name) {
  static const auto real = next(opendir, "opendir");
  return fails(FaultKind::opendir) ? nullptr : real(name);
}

int ftruncate(int fd, off_t size) {
  static const auto real = next(ftruncate, "ftruncate");
  return fails(FaultKind::ftruncate) ? -1 : real(fd, size);
}

int unlinkat(int at, const char* name, int flags) {
  static const auto real = next(unlinkat, "unlinkat");
  return fails(FaultKind::unlinkat) ? -1 : real(at, name, flags);
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = next(mkdir, "mkdir");
  return fails(FaultKind::mkdir) ? -1 : real(path, mode);
}

int flock(int fd, int operation) {
  static const auto real = next(flock, "flock");
  return fails(FaultKind::flock) ? -1 : real(fd, operation);
}

pid_t fork() {
  static const auto real = next(fork, "fork");
  return fails(FaultKind::fork) ? -1 : real();
}

pid_t waitpid(pid_t pid, int* status, int options) {
  static const auto real = next(waitpid, "waitpid");
  return fails(FaultKind::waitpid) ? -1 : real(pid, status, options);
}

// This one returns what went wrong.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                   void* (*run)(void*), void* argument) {
  static const auto real = next(pthread_create, "pthread_create");
  if (fails(FaultKind::pthread_create)) return errno;
  return real(thread, attributes, run, argument);
}

int accept(int fd, sockaddr* address, socklen_t* size) {
  static const auto real = next(accept, "accept");
  if (!fails(FaultKind::accept)) return real(fd, address, size);
  if (errno == EAGAIN) give_edge(fd);
  return -1;
}

int epoll_wait(int poller, epoll_event* events, int most, int timeout_ms) {
  static const auto real = next(epoll_wait, "epoll_wait");
  if (fails(FaultKind::epoll_wait)) return -1;
  return real(poller, events, most, timeout_ms);
}

int epoll_ctl(int poller, int operation, int fd, epoll_event* event) {
  const bool adds = operation == EPOLL_CTL_ADD;
  if (adds && fails(FaultKind::epoll_ctl)) return -1;
  if (adds && fd < kMostWatched) watched[fd] = {poller, *event};
  return real_epoll_ctl(poller, operation, fd, event);
}

}  // extern "C"
