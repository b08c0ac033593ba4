#include "harness/wire.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "harness/deadline.h"
#include "harness/diagnosis.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// How long the reply is that stands at `at`, if it is complete.
std::optional<size_t> reply_size(std::string_view bytes, size_t at = 0) {
  const size_t line_end = bytes.find("\r\n", at);
  if (line_end == bytes.npos) return std::nullopt;
  size_t end = line_end + 2;
  int64_t count = 0;
  std::from_chars(bytes.data() + at + 1, bytes.data() + line_end, count);
  if (bytes[at] == '$' && count >= 0) end += static_cast<size_t>(count) + 2;
  for (int64_t i = 0; bytes[at] == '*' && i < count; ++i) {
    const auto size = reply_size(bytes, end);
    if (!size) return std::nullopt;
    end += *size;
  }
  if (end > bytes.size()) return std::nullopt;
  return end - at;
}

}  // namespace

Wire::Wire(uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) < 0) {
    fd_.reset();
    return;
  }
  if (!set_nonblocking(fd_.get())) die("fcntl");
  set_no_delay(fd_.get());
}

void Wire::send(const Words& words) {
  outgoing_ += encode(Dialect::resp, words);
}

void Wire::write_some() {
  const ssize_t put =
      ::send(fd(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
  if (put > 0) outgoing_.erase(0, static_cast<size_t>(put));
}

bool Wire::read_some() {
  char bytes[16 * 1024];
  const ssize_t got = ::recv(fd(), bytes, sizeof bytes, 0);
  if (got > 0) incoming_.append(bytes, static_cast<size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

std::string Wire::take_reply() {
  const auto size = reply_size(incoming_);
  if (!size) return "";
  const std::string reply = incoming_.substr(0, *size);
  incoming_.erase(0, *size);
  return reply;
}

std::string Wire::wait_for_reply() {
  const Deadline deadline(settings().deadline_ms);
  std::string reply;
  while ((reply = take_reply()).empty()) {
    const int events = wants_write() ? POLLIN | POLLOUT : POLLIN;
    pollfd polled = {fd(), static_cast<short>(events), 0};
    if (fd() < 0) return "";
    if (::poll(&polled, 1, deadline.remaining_ms()) <= 0) {
      fail("a reply, or the end of the connection",
           "neither, within " + deadline_text());
    }
    if (polled.revents & POLLOUT) write_some();
    if ((polled.revents & ~POLLOUT) != 0 && !read_some()) return "";
  }
  return reply;
}

}  // namespace klh::test
