// What Linux tells of a running process in /proc (proc(5)): the only way to
// see from outside that a server waits, and for what, without guessing a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace klh::test {

// The most memory that the process has had resident so far, in bytes (VmHWM).
size_t peak_memory(pid_t pid);

// The memory that it has resident now, in bytes (proc_pid_statm(5)).
size_t resident_memory(pid_t pid);

// The CPU time that its first thread has had so far, in nanoseconds, up to when
// it last was switched off (proc_pid_schedstat(5)).
uint64_t cpu_time_ns(pid_t pid);

// How many descriptors it has open.
size_t open_descriptors(pid_t pid);

// True when every thread of the process waits for something to happen, and has
// done nothing between two looks at it. A process that spins never gets there.
bool is_asleep(pid_t pid);

// The system call that the first thread is blocked in; -1, -1 if in none.
struct BlockedCall {
  long number;  // SYS_read …
  int fd;       // its first argument
};
BlockedCall blocked_call(pid_t pid);

// The port at the other end of the TCP connection that is the process's
// descriptor `fd`; 0 if it is none.
uint16_t peer_port(pid_t pid, int fd);

// How many bytes have come from the port `writer` to the process's port
// `reader` and wait there to be read (rx_queue of /proc/PID/net/tcp).
size_t unread_bytes(pid_t pid, uint16_t reader, uint16_t writer);

}  // namespace klh::test
