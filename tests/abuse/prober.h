// The client that behaves: from a thread of its own it asks for something
// small each millisecond, checks each reply to the byte, and keeps how long it
// had to wait for it, while others abuse the server.
//
//   thread      PING, SET, GET, PING, ...      one at a time, until stop()
//   the others  wait_for_more(n)               so that nobody has to sleep
//
// A wait that is longer than the millisecond counts for all the requests that
// it kept from being sent, each as if it had been sent when it was due: a
// server that stands still for a second has not made one client in a thousand
// wait, but a thousand of a thousand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/net.h"
#include "harness/dialect.h"

namespace klh::test {

struct Latencies {
  size_t answers = 0;
  int64_t worst_us = 0;
  int64_t percentile_99_us = 0;
};

class Prober {
 public:
  // Connects; asks nothing yet.
  explicit Prober(uint16_t port);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  ~Prober();

  void start();

  // Returns when `count` more requests have been answered than when it was
  // called. Fails the test if one is not, or not as it should be.
  void wait_for_more(size_t count);

  // Ends the thread. Fails the test like wait_for_more().
  Latencies stop();

  // One request outside the thread, before start() or after stop(). Fails the
  // test unless exactly `reply` comes.
  void ask(const Words& words, std::string_view reply);

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  Clock::duration ask_next();
  bool try_to_ask(std::string_view request, std::string_view reply);
  void record(Clock::duration waited);
  void end_thread();
  void require_no_failure();

  FileDescriptor fd_;
  size_t asked_ = 0;  // the thread's own
  std::vector<int64_t> waited_us_;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable has_changed_;
  // Guarded by the mutex:
  size_t answers_ = 0;
  bool should_stop_ = false;
  std::string failure_;  // the thread ends with the first
};

}  // namespace klh::test
