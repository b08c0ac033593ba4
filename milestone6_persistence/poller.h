// Waits until something happens on any of many descriptors, and tells only of
// those: epoll(7) on Linux, kqueue(2) on macOS and the BSDs.
//
// Edge-triggered: an event says that something has changed since the last one,
// not how things stand. So whoever gets "readable" must remember it until a
// read has shown that nothing is left; there is no second reminder. In return
// a descriptor is registered once, for both directions, for its whole life:
// no system call is needed when what its owner waits for changes.
//
// The poller owns its kernel object, never the descriptors. Whoever closes one
// removes it first: to close it is not enough while a child process has a copy
// (epoll(7), Q6), and its events would go on to come.
#pragma once

#include <span>
#include <vector>

#include "common/net.h"

namespace klh {

class Poller {
 public:
  struct Event {
    void* tag;      // as given to add()
    bool readable;  // bytes, a connection to accept, end of stream, an error
    bool writable;  // room in the send buffer, or an error

    // A short read does not mean that nothing is left: behind it stands the end
    // of the stream, an error, or what follows urgent data. The owner reads on
    // until EAGAIN or that end.
    bool must_drain;
  };

  Poller();
  ~Poller();

  // Watches `fd` from now on. Its first event tells what it is ready for
  // already. Returns false if the kernel refuses, for want of memory or by a
  // limit.
  [[nodiscard]] bool add(int fd, void* tag);

  // Watches it no longer. Does nothing if it is not watched.
  void remove(int fd);

  // Waits for the first events, at most `timeout_ms`; -1 is for ever, 0 not at
  // all. Returns none when the time is up or a signal came, and at most 8,192:
  // the others come with the next wait. A descriptor may have several. They are
  // valid until the next wait. It costs what the events cost, however many
  // descriptors are watched.
  std::span<const Event> wait(int timeout_ms);

 private:
  struct Ready;  // an event as the kernel writes it

  FileDescriptor fd_;
  std::vector<Ready>
      ready_;  // room for a wait, twice as much once it is filled
  std::vector<Event> events_;
};

}  // namespace klh
