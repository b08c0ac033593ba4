#include "harness/client.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "harness/deadline.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

constexpr size_t kSentShown = 200;  // bytes kept for the report

bool wait_for(int fd, short events, const Deadline& deadline) {
  pollfd ready = {fd, events, 0};
  return poll(&ready, 1, deadline.remaining_ms()) > 0;
}

// A connect that fails, or that no one accepts for too long.
bool connect_by_deadline(int fd, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  const int made = connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
  if (made == 0) return true;
  if (errno != EINPROGRESS) return false;
  if (!wait_for(fd, POLLOUT, Deadline(settings().deadline_ms))) {
    errno = ETIMEDOUT;
    return false;
  }
  socklen_t size = sizeof errno;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &size);
  return errno == 0;
}

}  // namespace

Client::Client(uint16_t port, Dialect dialect, Options options, Where where)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      dialect_(dialect) {
  if (!fd_.is_open()) die("socket");
  if (options.receive_buffer > 0) {
    // Before connect: the window is negotiated then. See tcp(7).
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer,
               sizeof options.receive_buffer);
  }
  if (!connect_by_deadline(fd_.get(), port)) {
    fail("the server accepts a connection", std::strerror(errno), where);
  }
  set_no_delay(fd_.get());
}

Client::Client(const std::string& socket, Dialect dialect, Where where)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), dialect_(dialect) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  socket.copy(name.sun_path, sizeof name.sun_path - 1);
  if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) {
    fail("the server accepts a connection", std::strerror(errno), where);
  }
  if (!set_nonblocking(fd_.get())) die("fcntl");
}

void Client::send(std::string_view bytes, Where where) {
  const size_t sent = send_by_deadline(bytes);
  if (sent < bytes.size()) fail_in_send(sent, bytes.size(), where);
}

bool Client::send_until_closed(std::string_view bytes, Where where) {
  const size_t sent = send_by_deadline(bytes);
  const bool is_stuck = sent < bytes.size() && errno == EAGAIN;
  if (is_stuck) fail_in_send(sent, bytes.size(), where);
  return sent == bytes.size();
}

size_t Client::send_by_deadline(std::string_view bytes) {
  note_sent(bytes);
  const Deadline deadline(settings().deadline_ms);
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(fd_.get(), bytes.data() + sent,
                               bytes.size() - sent, MSG_NOSIGNAL);
    if (put >= 0) {
      sent += static_cast<size_t>(put);
    } else if (errno != EAGAIN || !wait_for(fd_.get(), POLLOUT, deadline)) {
      break;
    }
  }
  return sent;
}

void Client::send_byte_by_byte(std::string_view bytes, Where where) {
  for (const char& byte : bytes) {
    send({&byte, 1}, where);
    wait_until_delivered(where);
  }
}

size_t Client::send_what_fits(std::string_view bytes, Where where) {
  const ssize_t put =
      ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN) fail_in_send(0, bytes.size(), where);
  const size_t sent = put < 0 ? 0 : static_cast<size_t>(put);
  note_sent(bytes.substr(0, sent));
  return sent;
}

bool Client::can_send(int milliseconds) const {
  return wait_for(fd_.get(), POLLOUT, Deadline(milliseconds));
}

void Client::request(const Words& words, Where where) {
  send(encode(dialect_, words), where);
}

void Client::send_urgent(char byte, Where where) {
  note_sent({&byte, 1});
  if (::send(fd_.get(), &byte, 1, MSG_OOB | MSG_NOSIGNAL) != 1) {
    fail_in_send(0, 1, where);
  }
}

// What the other side has not yet acknowledged is still counted. See tcp(7).
void Client::wait_until_delivered(Where where) {
  const Deadline deadline(settings().deadline_ms);
  int unsent = 1;
  while (ioctl(fd_.get(), SIOCOUTQ, &unsent) == 0 && unsent > 0) {
    if (deadline.has_passed()) {
      fail("the server's kernel takes all that is sent",
           counted(static_cast<size_t>(unsent), "byte") + " are left", where);
    }
    sched_yield();
  }
}

void Client::finish_sending() {
  shutdown(fd_.get(), SHUT_WR);
}

void Client::reset() {
  const linger at_once = {1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd_.reset();
}

void Client::expect(const Reply& reply, Where where) {
  if (reply.kind == Reply::Kind::error) {
    expect_error(reply, where);
  } else {
    expect_known(reply, where);
  }
}

void Client::expect(const std::vector<Reply>& replies, Where where) {
  for (size_t i = 0; i < replies.size(); ++i) {
    place_ =
        "reply " + with_commas(i + 1) + " of " + with_commas(replies.size());
    expect(replies[i], where);
  }
  place_.clear();
}

void Client::expect(size_t count, const Reply& reply, Where where) {
  for (size_t i = 0; i < count; ++i) {
    place_ = "reply " + with_commas(i + 1) + " of " + with_commas(count);
    expect(reply, where);
  }
  place_.clear();
}

void Client::ask(const Words& words, const Reply& reply, Where where) {
  sent_.clear();
  sent_bytes_ = 0;
  request(words, where);
  expect(reply, where);
}

void Client::expect_closed(Where where) {
  const Arrival arrival = received_.empty() ? receive_more() : Arrival::bytes;
  if (arrival == Arrival::end || arrival == Arrival::reset) return;
  Observation seen;
  seen.sent = sent_;
  seen.sent_bytes = sent_bytes_;
  seen.shows_bytes = false;
  seen.expected = "the server closes the connection";
  seen.received = arrival == Arrival::bytes ? "it sent " + escaped(received_)
                                            : text_of(arrival);
  fail(seen, where);
}

Client::Served Client::try_to_ask(const Words& words, const Reply& reply,
                                  Where where) {
  const std::string bytes = encode(dialect_, words);
  const ssize_t put =
      ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put < 0) return Served::closed;
  note_sent(bytes);
  if (received_.empty()) {
    const Arrival arrival = receive_more();
    if (arrival == Arrival::end || arrival == Arrival::reset) {
      return Served::closed;
    }
  }
  if (is_sent_away()) {
    received_.clear();
    expect_closed(where);
    return Served::closed;
  }
  expect(reply, where);
  return Served::yes;
}

bool Client::is_sent_away() const {
  return dialect_ == Dialect::resp &&
         received_ == "-ERR max number of clients reached\r\n";
}

bool Client::has_nothing_to_read() const {
  return received_.empty() && !wait_for(fd_.get(), POLLIN, Deadline(0));
}

std::string Client::receive(size_t count, Where where) {
  while (received_.size() < count) {
    const Arrival arrival = receive_more();
    if (arrival == Arrival::bytes) continue;
    fail(counted(count, "byte"),
         escaped(received_) + ", then " + text_of(arrival), where);
  }
  const std::string bytes = received_.substr(0, count);
  received_.erase(0, count);
  return bytes;
}

Client::Arrival Client::receive_more() {
  if (!wait_for(fd_.get(), POLLIN, Deadline(settings().deadline_ms))) {
    return Arrival::deadline;
  }
  static std::vector<char> bytes(256 * 1024);
  const ssize_t got = read(fd_.get(), bytes.data(), bytes.size());
  if (got == 0) return Arrival::end;
  if (got < 0) return Arrival::reset;
  received_.append(bytes.data(), static_cast<size_t>(got));
  return Arrival::bytes;
}

// Compares what has come so far at each step, so that a wrong byte fails the
// test at once, and not at the deadline when the rest has not come.
void Client::expect_known(const Reply& reply, Where where) {
  const std::string wanted = encode(dialect_, reply);
  size_t equal = 0;
  while (true) {
    const size_t comparable = std::min(wanted.size(), received_.size());
    if (std::memcmp(wanted.data() + equal, received_.data() + equal,
                    comparable - equal) != 0) {
      fail_in_reply(reply, Arrival::bytes, where);
    }
    equal = comparable;
    if (equal == wanted.size()) break;
    const Arrival arrival = receive_more();
    if (arrival != Arrival::bytes) fail_in_reply(reply, arrival, where);
  }
  received_.erase(0, wanted.size());
}

void Client::expect_error(const Reply& reply, Where where) {
  while (true) {
    const Matched matched = match_error(dialect_, reply, received_);
    if (matched.match == Match::complete) {
      received_.erase(0, matched.size);
      return;
    }
    if (matched.match == Match::different) {
      fail_in_reply(reply, Arrival::bytes, where);
    }
    const Arrival arrival = receive_more();
    if (arrival != Arrival::bytes) fail_in_reply(reply, arrival, where);
  }
}

void Client::note_sent(std::string_view bytes) {
  sent_bytes_ += bytes.size();
  const size_t room = kSentShown - std::min(kSentShown, sent_.size());
  sent_.append(bytes.substr(0, room));
}

void Client::fail_in_send(size_t sent, size_t size, Where where) {
  const std::string why =
      errno == EAGAIN ? "it takes no more of it within " + deadline_text()
                      : std::strerror(errno);
  Observation seen;
  seen.sent = sent_;
  seen.sent_bytes = sent_bytes_;
  seen.shows_bytes = false;
  seen.expected = "the server reads all that is sent";
  seen.received = "after " + with_commas(sent) + " of " +
                  counted(size, "byte") + ": " + why;
  fail(seen, where);
}

void Client::fail_in_reply(const Reply& expected, Arrival arrival,
                           Where where) {
  Observation seen;
  seen.sent = sent_;
  seen.sent_bytes = sent_bytes_;
  seen.expected = encode(dialect_, expected);
  seen.received = received_;
  if (arrival != Arrival::bytes) seen.then = text_of(arrival);
  seen.place = place_;
  // The header of a framed error is not known before it has come.
  if (expected.kind == Reply::Kind::error && dialect_ == Dialect::framed) {
    seen.expected = received_.size() < 4 || received_[3] != 0
                        ? frame(seen.expected)
                        : received_.substr(0, 4) + seen.expected;
  }
  fail(seen, where);
}

std::string Client::text_of(Arrival arrival) const {
  switch (arrival) {
    case Arrival::bytes: return "more";
    case Arrival::end: return "the server closed the connection";
    case Arrival::reset:
      return "the connection was reset: the server crashed, or closed it with "
             "bytes unread";
    case Arrival::deadline: return "nothing more within " + deadline_text();
  }
  return "";
}

}  // namespace klh::test
