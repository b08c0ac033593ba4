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

// Writing comes before answering: the new reply then stays in outgoing, poll()
// reports that it can be written, and that is the pass in which the next
// request is answered. A reply written at once would leave nothing to wait for,
// and the requests that wait in incoming would wait for ever.
void Connection::handle(bool readable, bool writable) {
  if (readable && wants_read()) read_some();
  if (writable && wants_write()) write_some();
  if (state_ != State::failed) try_one_request();
}

// Takes what has come, up to kReadBytes. If there is more, poll() will tell.
void Connection::read_some() {
  uint8_t bytes[kReadBytes];
  const ssize_t got = ::read(fd(), bytes, sizeof bytes);
  if (got > 0) {
    incoming_.insert(incoming_.end(), bytes, bytes + got);
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
    incoming_.clear();
    state_ = State::ended;
    return false;
  }
  if (incoming_.size() < kHeaderBytes + length) return false;

  const auto* payload =
      reinterpret_cast<const char*>(incoming_.data() + kHeaderBytes);
  append_message(key_value_.execute({payload, length}));
  // This moves all that follows to the front, each time: O(n) for one request.
  incoming_.erase(incoming_.begin(),
                  incoming_.begin() + std::ptrdiff_t(kHeaderBytes + length));
  return true;
}

void Connection::append_message(std::string_view payload) {
  uint8_t header[kHeaderBytes];
  encode_length(payload.size(), header);
  outgoing_.insert(outgoing_.end(), header, header + kHeaderBytes);
  outgoing_.insert(outgoing_.end(), payload.begin(), payload.end());
}

// Gives the kernel as much as its send buffer takes. When it takes more, poll()
// will tell.
void Connection::write_some() {
  const ssize_t put = ::write(fd(), outgoing_.data(), outgoing_.size());
  if (put >= 0) {
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + put);
  } else if (errno != EAGAIN && errno != EINTR) {
    state_ = State::failed;
  }
}

}  // namespace klh
