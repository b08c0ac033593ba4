#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "poller.h"

namespace klh {

namespace {

// A wait has room for so many events, at first and at most.
constexpr size_t kFewestEvents = 512;
constexpr size_t kMostEvents = 8192;

}  // namespace

struct Poller::Ready : epoll_event {};

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), ready_(kFewestEvents) {
  if (!fd_.is_open()) die("epoll_create1");
}

Poller::~Poller() = default;

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
  const int room = static_cast<int>(ready_.size());
  const int count = ::epoll_wait(fd_.get(), ready_.data(), room, timeout_ms);
  if (count < 0 && errno != EINTR) die("epoll_wait");
  events_.clear();
  for (int i = 0; i < count; ++i) {
    const epoll_event& ready = ready_[static_cast<size_t>(i)];
    const uint32_t bits = ready.events;
    const bool is_broken = bits & (EPOLLHUP | EPOLLERR);
    const bool is_closed = is_broken || (bits & EPOLLRDHUP);
    events_.push_back({.tag = ready.data.ptr,
                       .readable = is_closed || (bits & EPOLLIN),
                       .writable = is_broken || (bits & EPOLLOUT),
                       .must_drain = is_closed || (bits & EPOLLPRI)});
  }
  if (count == room) ready_.resize(std::min(2 * ready_.size(), kMostEvents));
  return events_;
}

}  // namespace klh
