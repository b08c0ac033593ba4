#include <sys/event.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "poller.h"

namespace klh {

namespace {

// A wait has room for so many events, at first and at most.
constexpr size_t kFewestEvents = 512;
constexpr size_t kMostEvents = 8192;

using KernelEvent = struct kevent;  // the function has the same name

}  // namespace

struct Poller::Ready : KernelEvent {};

Poller::Poller() : fd_(::kqueue()), ready_(kFewestEvents) {
  if (!fd_.is_open()) die("kqueue");
}

Poller::~Poller() = default;

bool Poller::add(int fd, void* tag) {
  const auto ident = static_cast<uintptr_t>(fd);
  struct kevent changes[2];
  // EV_CLEAR makes it edge-triggered. The write filter of a listening socket
  // has nothing to tell.
  EV_SET(&changes[0], ident, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, tag);
  EV_SET(&changes[1], ident, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, tag);
  return ::kevent(fd_.get(), changes, 2, nullptr, 0, nullptr) == 0;
}

// close(2) is enough here, kqueue(2): what is watched is our descriptor, not
// what it shares with a child's copy.
void Poller::remove(int) {}

std::span<const Poller::Event> Poller::wait(int timeout_ms) {
  const timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
  const int room = static_cast<int>(ready_.size());
  const int count = ::kevent(fd_.get(), nullptr, 0, ready_.data(), room,
                             timeout_ms < 0 ? nullptr : &timeout);
  if (count < 0 && errno != EINTR) die("kevent");
  events_.clear();
  for (int i = 0; i < count; ++i) {
    const KernelEvent& ready = ready_[static_cast<size_t>(i)];
    // EV_EOF on the read filter: the peer has closed its side. On the write
    // filter: it has closed both, a write will fail.
    const bool is_closed = ready.flags & EV_EOF;
    const bool is_read = ready.filter == EVFILT_READ;
    // EV_FLAG1 of the read filter is the EV_OOBAND of macOS. The BSDs' read
    // filter does not tell of urgent data.
    const bool is_urgent = is_read && (ready.flags & EV_FLAG1);
    events_.push_back({.tag = ready.udata,
                       .readable = is_closed || is_read,
                       .writable = !is_read,
                       .must_drain = is_closed || is_urgent});
  }
  if (count == room) ready_.resize(std::min(2 * ready_.size(), kMostEvents));
  return events_;
}

}  // namespace klh
