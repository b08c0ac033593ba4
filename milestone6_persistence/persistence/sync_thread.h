// Brings what was written to a file onto the disk, beside the event loop:
// fdatasync(2) takes milliseconds, and seconds on a busy disk.
//
//   loop:    start(fd) ........ is_busy()? ........ wait()
//   thread:      '--> fdatasync(fd) --> idle
//
// One call runs at a time. The thread is made when it is first needed; signals
// go to the others.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace klh {

class SyncThread {
 public:
  SyncThread() = default;
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;
  ~SyncThread();

  // Only when it is not busy. `fd` must stay open until it is idle again.
  void start(int fd);

  bool is_busy() const;

  // Waits until it is idle. The errno of the last call, or 0.
  int wait();

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int fd_ = -1;  // -1: idle
  int error_ = 0;
  bool should_end_ = false;
  std::thread thread_;
};

}  // namespace klh
