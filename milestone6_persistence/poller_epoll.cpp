#include <sys/epoll.h>

#include <cerrno>

#include "poller.h"

namespace klh {

namespace {

constexpr int kEventsPerWait = 512;

}  // namespace

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!fd_.is_open()) die("epoll_create1");
}

bool Poller::add(int fd, void* tag) {
  epoll_event event{};
  // EPOLLHUP and EPOLLERR come unasked, EPOLLRDHUP and EPOLLPRI do not.
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  event.data.ptr = tag;
  return ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) {
  (void)::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const Poller::Event> Poller::wait(int timeout_ms) {
  epoll_event ready[kEventsPerWait];
  const int count = ::epoll_wait(fd_.get(), ready, kEventsPerWait, timeout_ms);
  if (count < 0 && errno != EINTR) die("epoll_wait");
  events_.clear();
  for (int i = 0; i < count; ++i) {
    const uint32_t bits = ready[i].events;
    const bool is_broken = bits & (EPOLLHUP | EPOLLERR);
    const bool is_closed = is_broken || (bits & EPOLLRDHUP);
    events_.push_back({.tag = ready[i].data.ptr,
                       .readable = is_closed || (bits & EPOLLIN),
                       .writable = is_broken || (bits & EPOLLOUT),
                       .must_drain = is_closed || (bits & EPOLLPRI)});
  }
  return events_;
}

}  // namespace klh
