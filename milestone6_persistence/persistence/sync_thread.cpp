#include "persistence/sync_thread.h"

#include <signal.h>

#include <cassert>
#include <cerrno>

#include "persistence/data_directory.h"

namespace klh {

SyncThread::~SyncThread() {
  {
    const std::lock_guard lock(mutex_);
    should_end_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SyncThread::start(int fd) {
  {
    const std::lock_guard lock(mutex_);
    assert(fd_ < 0);
    fd_ = fd;
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  // A thread inherits the mask, pthread_sigmask(3): a signal that came to this
  // one would not interrupt the loop's wait.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool SyncThread::is_busy() const {
  const std::lock_guard lock(mutex_);
  return fd_ >= 0;
}

int SyncThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return fd_ < 0; });
  return error_;
}

void SyncThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return fd_ >= 0 || should_end_; });
    if (fd_ < 0) return;
    const int fd = fd_;
    lock.unlock();
    const int error = sync_data(fd) ? 0 : errno;
    lock.lock();
    error_ = error;
    fd_ = -1;
    changed_.notify_all();
  }
}

}  // namespace klh
