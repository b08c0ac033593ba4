#include "abuse/prober.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "harness/deadline.h"
#include "harness/diagnosis.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

constexpr auto kInterval = std::chrono::milliseconds(1);

int64_t microseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration)
      .count();
}

bool wait_for(int fd, short events, const Deadline& deadline) {
  pollfd ready = {fd, events, 0};
  return poll(&ready, 1, deadline.remaining_ms()) > 0;
}

}  // namespace

Prober::Prober(uint16_t port) : fd_(connect_tcp("127.0.0.1", port)) {
  set_no_delay(fd_.get());
}

Prober::~Prober() {
  end_thread();
}

void Prober::start() {
  thread_ = std::thread([this] { run(); });
}

void Prober::wait_for_more(size_t count) {
  std::unique_lock lock(mutex_);
  const size_t enough = answers_ + count;
  has_changed_.wait(lock,
                    [&] { return answers_ >= enough || !failure_.empty(); });
  lock.unlock();
  require_no_failure();
}

Latencies Prober::stop() {
  end_thread();
  require_no_failure();
  std::sort(waited_us_.begin(), waited_us_.end());
  if (waited_us_.empty()) return {};
  return {.answers = answers_,
          .worst_us = waited_us_.back(),
          .percentile_99_us = waited_us_[waited_us_.size() * 99 / 100]};
}

void Prober::ask(const Words& words, std::string_view reply) {
  try_to_ask(encode(Dialect::resp, words), reply);
  require_no_failure();
}

// Sleeps to keep the pace, not to wait for anything: without it the prober
// would be the heaviest client of all.
void Prober::run() {
  for (Clock::time_point due = Clock::now();;) {
    std::this_thread::sleep_until(due);
    const Clock::duration waited = ask_next();
    {
      const std::lock_guard lock(mutex_);
      if (should_stop_ || !failure_.empty()) break;
      record(waited);
      ++answers_;
    }
    has_changed_.notify_all();
    due = std::max(due + kInterval, Clock::now());
  }
  has_changed_.notify_all();
}

// PING, then SET and GET of a hundred keys by turns.
Prober::Clock::duration Prober::ask_next() {
  const size_t round = asked_ / 3;
  const std::string key = "prober:" + std::to_string(round % 100);
  const std::string value = "value " + std::to_string(round);
  Words words = {"PING"};
  std::string reply = "+PONG\r\n";
  if (asked_ % 3 == 1) {
    words = {"SET", key, value};
    reply = "+OK\r\n";
  } else if (asked_ % 3 == 2) {
    words = {"GET", key};
    reply = encode(Dialect::resp, klh::test::value(value));
  }
  ++asked_;
  const std::string request = encode(Dialect::resp, words);
  const Clock::time_point begin = Clock::now();
  try_to_ask(request, reply);
  return Clock::now() - begin;
}

// A request is far smaller than the socket's buffer: one call sends it.
bool Prober::try_to_ask(std::string_view request, std::string_view reply) {
  const Deadline deadline(settings().deadline_ms);
  std::string received;
  std::string then = "the server does not take the request";
  const ssize_t put =
      ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (put == static_cast<ssize_t>(request.size())) {
    then = "nothing more within " + deadline_text();
    std::array<char, 16384> bytes;
    while (received.size() < reply.size() && reply.starts_with(received) &&
           wait_for(fd_.get(), POLLIN, deadline)) {
      const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) {
        then = got == 0 ? "the end of the connection" : std::strerror(errno);
        break;
      }
      received.append(bytes.data(), static_cast<size_t>(got));
    }
  }
  if (received == reply) return true;
  const std::lock_guard lock(mutex_);
  failure_ = "to " + escaped(request) + "it gets " + escaped(received) +
             ", then " + then;
  return false;
}

// See the head of prober.h for the loop.
void Prober::record(Clock::duration waited) {
  for (; waited > Clock::duration::zero(); waited -= kInterval) {
    waited_us_.push_back(microseconds(waited));
  }
}

void Prober::end_thread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    should_stop_ = true;
  }
  thread_.join();
}

void Prober::require_no_failure() {
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) return;
  fail("the client that behaves is served while others do not", failure_);
}

}  // namespace klh::test
