#include "persistence/worker.h"

#include <signal.h>

#include <cassert>
#include <system_error>
#include <utility>

namespace klh {

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    should_end_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Worker::start(Job job) {
  {
    const std::lock_guard lock(mutex_);
    assert(!job_);
    job_ = std::move(job);
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  // A thread inherits the mask, pthread_sigmask(3): a signal that came to this
  // one would not interrupt the loop's wait.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // Below.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (thread_.joinable()) return;
  error_ = job_();
  job_ = nullptr;
}

bool Worker::is_busy() const {
  const std::lock_guard lock(mutex_);
  return static_cast<bool>(job_);
}

int Worker::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_; });
  return error_;
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return job_ || should_end_; });
    if (!job_) return;
    const Job job = job_;
    lock.unlock();
    const int error = job();
    lock.lock();
    error_ = error;
    job_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace klh
