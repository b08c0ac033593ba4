// The kinds of system calls that can be made to fail.
#pragma once

namespace klh::test {

enum class FaultKind {
  write,  // to a file
  send,   // write(2) to a socket
  read,   // from a file
  recv,   // read(2) from a socket
  fsync,
  fdatasync,
  rename,
  openat,
  open,
  opendir,
  ftruncate,
  unlinkat,
  mkdir,
  flock,
  fork,
  waitpid,
  pthread_create,
  accept,
  epoll_wait,
  epoll_ctl
};

inline constexpr const char* kFaultKinds[] = {
    "write",     "send",           "read",   "recv",       "fsync",
    "fdatasync", "rename",         "openat", "open",       "opendir",
    "ftruncate", "unlinkat",       "mkdir",  "flock",      "fork",
    "waitpid",   "pthread_create", "accept", "epoll_wait", "epoll_ctl"};

}  // namespace klh::test
