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
         (state_ == State::ended && outgoing_.empty());
}

void Connection::handle(bool readable) {
  if (readable && wants_read()) read_some();
  bool was_full;
  do {
    while (!is_full() && try_one_request()) continue;
    was_full = is_full();
    if (wants_write()) write_some();
  } while (was_full && !is_full() && state_ != State::failed);
}

// Takes what has come, up to kReadBytes. If there is more, poll() will tell.
void Connection::read_some() {
  char* const room = incoming_.prepare(kReadBytes);
  const ssize_t got = ::read(fd(), room, kReadBytes);
  if (got > 0) {
    incoming_.commit(static_cast<size_t>(got));
  } else if (got == 0) {
    state_ = State::ended;
  } else if (errno != EAGAIN && errno != EINTR) {
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

// Gives the kernel as much as its send buffer takes, without asking poll()
// first, since there is room nearly always. poll() is asked about the rest.
void Connection::write_some() {
  const ssize_t put = ::write(fd(), outgoing_.data(), outgoing_.size());
  if (put >= 0) {
    outgoing_.consume(static_cast<size_t>(put));
  } else if (errno != EAGAIN && errno != EINTR) {
    state_ = State::failed;
  }
}

}  // namespace klh
