#include "connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "commands/command.h"
#include "commands/table.h"
#include "network/turns.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = BufferPool::kReadBytes;

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
  session_.connected_ms = host.monotonic_ms;
  session_.share.set_strangers(!session_.is_authenticated);
}

bool Connection::wants_close() const {
  return state_ == State::failed ||
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
  is_held_back_ = !answer_requests();
  pool_.take_back(incoming_);
  count_bytes();
  const size_t after = outgoing_.size();
  return std::max(after - before, std::min(after, Turns::kLargeBytes));
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
  return (readable_ && wants_read()) || (is_held_back_ && may_answer()) ||
         (writable_ && wants_write());
}

bool Connection::waits_for_room() const {
  return is_held_back_ && session_.share.waits_for_room();
}

size_t Connection::most_to_read() const {
  if (state_ == State::leaving) return kReadBytes;
  if (state_ != State::open) return 0;
  return session_.share.most_to_read(incoming_.size(), is_held_back_);
}

bool Connection::may_answer() const {
  return session_.share.may_answer(incoming_.size(), outgoing_.size());
}

// Answers what has come, as far as one turn goes. Returns false if some of it
// may be left.
bool Connection::answer_requests() {
  const size_t replies = outgoing_.size();
  const size_t requests = incoming_.size();
  while (may_answer() && !host_.should_stop &&
         outgoing_.size() - replies < Turns::kLargeBytes &&
         requests - incoming_.size() < kAnsweredBytes) {
    if (!try_one_request()) return true;
  }
  return false;
}

// Takes what has come, up to kReadBytes. Fewer than asked for means that no
// more is there (epoll(7), Q9), which saves the call that would return EAGAIN.
// There are two exceptions. The end of the stream is not a byte, and the edge
// that told of it has passed. And a read ends before urgent data (tcp(7)),
// however much stands behind it. In both cases the socket is read until nothing
// is left.
void Connection::read_some() {
  const size_t most = most_to_read();
  char* const room =
      incoming_.prepare(most, request_.announced_bytes() + kReadBytes);
  const ssize_t got = ::read(fd(), room, most);
  if (got > 0) {
    ++host_.statistics.reads;
    host_.statistics.input_bytes += static_cast<size_t>(got);
    receive(static_cast<size_t>(got));
    readable_ = static_cast<size_t>(got) == most || must_drain_;
  } else if (got == 0) {
    state_ = State::ended;
  } else if (errno == EAGAIN) {
    readable_ = must_drain_ = false;
  } else if (errno != EINTR) {
    state_ = State::failed;
  }
}

// Keeps the bytes that have come. A client that is leaving has them discarded,
// as many as its longest request could have had; then it fails.
void Connection::receive(size_t bytes) {
  unanswered_ += bytes;
  if (state_ == State::leaving) {
    if (unanswered_ > Request::kMaxRequestBytes) state_ = State::failed;
    return;
  }
  incoming_.commit(bytes);
  if (unanswered_ >= kReadBytes) note_progress();
}

// Answers the first request of incoming. Returns false if it is not complete
// yet.
bool Connection::try_one_request() {
  switch (request_.parse(incoming_, needs_password(host_, session_))) {
    case Parse::need_more: return false;
    case Parse::malformed:
      Reply(outgoing_).error("ERR " + std::string(request_.error()));
      leave();
      return false;
    case Parse::complete: break;
  }
  if (!request_.args().empty()) execute_request();
  incoming_.consume(request_.size());
  request_.reset();
  note_progress();
  if (session_.should_close) leave();
  return true;
}

// CLIENT REPLY can ask for no replies, to the next request or to all.
void Connection::execute_request() {
  using Mute = Session::Mute;
  const Mute before = session_.mute;
  if (before == Mute::next) session_.mute = Mute::this_one;
  session_.last_active_ms = host_.monotonic_ms;
  const size_t size = outgoing_.size();
  Context context(host_, session_, request_.args(), outgoing_);
  execute(context);
  const bool is_muted = before != Mute::none && session_.mute != Mute::none;
  if (session_.mute == Mute::this_one) session_.mute = Mute::none;
  if (is_muted) outgoing_.truncate(size);
}

// Sees to it that nothing more is answered. A peer that has closed its side has
// ended already.
void Connection::leave() {
  if (state_ == State::open) state_ = State::leaving;
  request_ = Request();
  incoming_.release();
  unanswered_ = 0;
}

// Shuts our side down. That fails if the peer has gone, which read() will tell.
void Connection::hang_up() {
  (void)::shutdown(fd(), SHUT_WR);
}

void Connection::abandon() {
  leave();
  state_ = State::failed;
  session_.is_killed = true;
  outgoing_.release();
  count_bytes();
}

void Connection::evict() {
  const bool is_between_replies = outgoing_.empty();
  const State before = state_;
  abandon();
  if (!is_between_replies) return;
  state_ = before == State::open ? State::leaving : before;
  session_.is_killed = false;
  session_.name = session_.library_name = session_.library_version = {};
  Reply(outgoing_).error(
      "OOM request needs more memory than 'maxmemory-clients' has left");
  count_bytes();
}

// Gives the kernel what a turn may write. If it does not take all of that, its
// send buffer is full, and an edge will tell when there is room again.
void Connection::write_some() {
  const size_t size = std::min(outgoing_.size(), Turns::kLargeBytes);
  const ssize_t put = ::write(fd(), outgoing_.data(), size);
  if (put >= 0) {
    ++host_.statistics.writes;
    host_.statistics.output_bytes += static_cast<size_t>(put);
    outgoing_.consume(static_cast<size_t>(put));
    note_progress();
    writable_ = static_cast<size_t>(put) == size;
  } else if (errno == EAGAIN) {
    writable_ = false;
  } else if (errno != EINTR) {
    state_ = State::failed;
  }
}

// Sets what it takes of the budget. A connection that is about to be closed
// counts no more: it cannot be chosen again.
void Connection::count_bytes() {
  if (state_ == State::failed) return session_.share.set(0);
  session_.share.set_strangers(needs_password(host_, session_));
  session_.share.set(BufferPool::bytes_of(incoming_) +
                     BufferPool::bytes_of(outgoing_) +
                     request_.allocated_bytes() + session_.allocated_bytes());
}

}  // namespace klh
