#include "connection.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

// Of requests that a turn answers: what was read in it, and as much again of
// what had to wait before.
constexpr size_t kAnsweredBytes = 2 * kReadBytes;

}  // namespace

Connection::Connection(FileDescriptor fd, Host& host, BufferPool& pool)
    : fd_(std::move(fd)), host_(host), pool_(pool) {
  session_.fd = fd_.get();
  session_.share = Share(host.budget);
  session_.is_authenticated = host.options.requirepass.empty();
  session_.id = ++host.last_session_id;
  session_.connected_s = host.now_ms / 1000;
}

bool Connection::wants_close() const {
  return state_ == State::failed ||
         (session_.should_close && outgoing_.empty()) ||
         (state_ == State::ended && outgoing_.empty() && !is_held_back_);
}

void Connection::note(bool readable, bool writable, bool must_drain) {
  readable_ |= readable;
  writable_ |= writable;
  must_drain_ |= must_drain;
}

size_t Connection::read_and_execute() {
  pool_.lend(incoming_);
  pool_.lend(outgoing_);
  const size_t before = outgoing_.size();
  if (readable_ && wants_read()) read_some();
  const size_t waiting = incoming_.size();
  const auto has_had_enough = [&] {
    return waiting - incoming_.size() >= kAnsweredBytes;
  };
  while (!is_full() && !session_.should_close && !host_.should_stop &&
         !has_had_enough() && try_one_request()) {
  }
  is_held_back_ = is_full() || has_had_enough() || host_.should_stop;
  pool_.take_back(incoming_);
  count_bytes();
  const size_t after = outgoing_.size();
  return std::max(after - before, std::min(after, kFullBytes));
}

// Nobody is told of a change that may be lost.
void Connection::write_replies(bool is_safe) {
  if (session_.has_changed && !is_safe) state_ = State::failed;
  session_.has_changed = false;
  if (writable_ && wants_write()) write_some();
  pool_.take_back(outgoing_);
  count_bytes();
}

bool Connection::has_work() const {
  return (readable_ && wants_read()) || (is_held_back_ && !is_full()) ||
         (writable_ && wants_write());
}

// Is there room for one more read of requests that have to wait? Not so much
// that anyone is evicted for it: the buffer doubles when it grows.
bool Connection::may_wait() const {
  const uint64_t limit = clients_limit(host_.options);
  const bool is_crowded = limit != 0 && host_.budget.taken() >= limit / 4;
  return !is_crowded && incoming_.size() < kMostWaitingBytes;
}

// Takes what has come, up to kReadBytes. Fewer than asked for means that no
// more is there (epoll(7), Q9), which saves the call that would return EAGAIN.
// There are two exceptions. The end of the stream is not a byte, and the edge
// that told of it has passed. And a read ends before urgent data (tcp(7)),
// however much stands behind it. In both it is read until nothing is left.
void Connection::read_some() {
  char* const room = incoming_.prepare(kReadBytes);
  const ssize_t got = ::read(fd(), room, kReadBytes);
  if (got > 0) {
    incoming_.commit(static_cast<size_t>(got));
    unanswered_ += static_cast<size_t>(got);
    if (unanswered_ >= kReadBytes) note_progress();
    readable_ = got == kReadBytes || must_drain_;
  } else if (got == 0) {
    state_ = State::ended;
  } else if (errno == EAGAIN) {
    readable_ = must_drain_ = false;
  } else if (errno != EINTR) {
    state_ = State::failed;
  }
}

// Answers the first request of incoming. Returns false if it is not complete
// yet.
bool Connection::try_one_request() {
  switch (request_.parse(incoming_, needs_password(host_, session_))) {
    case Parse::need_more: return false;
    case Parse::malformed:
      Reply(outgoing_).error("ERR " + std::string(request_.error()));
      request_.reset();
      incoming_.release();
      state_ = State::ended;
      return false;
    case Parse::complete: break;
  }
  if (!request_.args().empty()) execute_request();
  incoming_.consume(request_.size());
  request_.reset();
  note_progress();
  return true;
}

// CLIENT REPLY can ask for no replies, to the next request or to all.
void Connection::execute_request() {
  using Mute = Session::Mute;
  const Mute before = session_.mute;
  if (before == Mute::next) session_.mute = Mute::this_one;
  session_.last_active_s = host_.now_ms / 1000;
  const size_t size = outgoing_.size();
  Context context(host_, session_, request_.args(), outgoing_);
  execute(context);
  const bool is_muted = before != Mute::none && session_.mute != Mute::none;
  if (session_.mute == Mute::this_one) session_.mute = Mute::none;
  if (is_muted) outgoing_.truncate(size);
}

// Gives the kernel what a turn may write. If it does not take all of that, its
// send buffer is full, and an edge will tell when there is room again.
void Connection::write_some() {
  const size_t size = std::min(outgoing_.size(), kFullBytes);
  const ssize_t put = ::write(fd(), outgoing_.data(), size);
  if (put >= 0) {
    outgoing_.consume(static_cast<size_t>(put));
    note_progress();
    writable_ = static_cast<size_t>(put) == size;
  } else if (errno == EAGAIN) {
    writable_ = false;
  } else if (errno != EINTR) {
    state_ = State::failed;
  }
}

}  // namespace klh
