#include "connection.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "framing.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

Connection::Connection(FileDescriptor fd, KeyValue& key_value)
    : fd_(std::move(fd)), key_value_(key_value) {}

bool Connection::wants_close() const {
  return state_ == State::failed ||
         (state_ == State::ended && outgoing_.empty() && !is_held_back_);
}

void Connection::note(bool readable, bool writable, bool must_drain) {
  readable_ |= readable;
  writable_ |= writable;
  must_drain_ |= must_drain;
}

void Connection::take_turn() {
  if (readable_ && wants_read()) read_some();
  while (!is_full() && try_one_request()) continue;
  is_held_back_ = is_full();
  if (writable_ && wants_write()) write_some();
}

bool Connection::has_work() const {
  return (readable_ && wants_read()) || (is_held_back_ && !is_full()) ||
         (writable_ && wants_write());
}

// Takes what has come, up to kReadBytes. Fewer than asked for means that no
// more is there (epoll(7), Q9), which saves the call that would return EAGAIN.
// There are two exceptions. The end of the stream is not a byte, and the edge
// that told of it has passed. And a read ends before urgent data (tcp(7)),
// however much stands behind it. In both cases the socket is read until nothing
// is left.
void Connection::read_some() {
  char* const room = incoming_.prepare(kReadBytes);
  const ssize_t got = ::read(fd(), room, kReadBytes);
  if (got > 0) {
    incoming_.commit(static_cast<size_t>(got));
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
  if (incoming_.size() < kHeaderBytes) return false;
  const size_t length = decode_length(incoming_.data());
  if (length > kMaxMessageBytes) {
    append_message("-ERR message too long");
    incoming_.release();
    state_ = State::ended;
    return false;
  }
  if (incoming_.size() < kHeaderBytes + length) return false;

  append_message(
      key_value_.execute(incoming_.view().substr(kHeaderBytes, length)));
  incoming_.consume(kHeaderBytes + length);
  return true;
}

void Connection::append_message(std::string_view payload) {
  char header[kHeaderBytes];
  encode_length(payload.size(), header);
  outgoing_.append({header, kHeaderBytes});
  outgoing_.append(payload);
}

// Gives the kernel as much as its send buffer takes. If that is not all, the
// buffer is full, and an edge will tell when there is room again.
void Connection::write_some() {
  const ssize_t put = ::write(fd(), outgoing_.data(), outgoing_.size());
  if (put >= 0) {
    outgoing_.consume(static_cast<size_t>(put));
    writable_ = outgoing_.empty();
  } else if (errno == EAGAIN) {
    writable_ = false;
  } else if (errno != EINTR) {
    state_ = State::failed;
  }
}

}  // namespace klh
