// A thread beside the event loop, for the calls that would hold it up: to sync
// a file takes milliseconds, and seconds on a busy disk; to remove one of 2 GB
// has taken 2.2 s.
//
//   loop:    start(job) ........ is_busy()? ........ wait()
//   thread:      '-----> job() --> idle
//
// One job runs at a time. The thread is made when it is first needed; signals
// go to the others. When the system has none to give (pthread_create(3),
// EAGAIN), start() does the job itself: late is better than never.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace klh {

class Worker {
 public:
  using Job = std::function<int()>;  // returns an errno, or 0

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // Only when it is not busy.
  void start(Job job);

  bool is_busy() const;

  // Waits until it is idle. Returns what the last job has returned, or 0.
  int wait();

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Job job_;  // empty: idle
  int error_ = 0;
  bool should_end_ = false;
  std::thread thread_;
};

}  // namespace klh
