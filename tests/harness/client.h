// A client that can do all that the network does to a server: send a byte at
// a time, everything at once, half a message; stop sending, stop reading,
// vanish. Each wait has a deadline; what goes wrong is reported with the bytes
// that were sent, expected and received, and ends the test.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/net.h"
#include "harness/diagnosis.h"
#include "harness/dialect.h"
#include "harness/where.h"

namespace klh::test {

class Client {
 public:
  struct Options {
    int receive_buffer = 0;  // SO_RCVBUF in bytes; 0: the kernel's choice
  };

  // Connects to 127.0.0.1.
  Client(uint16_t port, Dialect dialect, Options options,
         Where where = Where::here());

  // Connects to a Unix socket.
  Client(const std::string& socket, Dialect dialect,
         Where where = Where::here());
  Client(Client&&) = default;
  Client& operator=(Client&&) = default;

  // --- what a client sends ---

  // All of the bytes, as one write as far as the kernel takes them.
  void send(std::string_view bytes, Where where = Where::here());

  // Each byte by a write of its own (and, with TCP_NODELAY, in a packet of its
  // own), the next when the server's kernel has the one before.
  void send_byte_by_byte(std::string_view bytes, Where where = Where::here());

  // As many of the bytes as the kernel takes without waiting.
  size_t send_what_fits(std::string_view bytes, Where where = Where::here());

  // Whether the kernel takes bytes, now or within so many milliseconds.
  bool can_send(int milliseconds = 0) const;

  // All of the bytes; false when the server has closed the connection before
  // it has taken them.
  bool send_until_closed(std::string_view bytes, Where where = Where::here());

  void request(const Words& words, Where where = Where::here());

  // The byte as urgent data: it goes beside the stream, and leaves a mark in it.
  void send_urgent(char byte, Where where = Where::here());

  // Returns when all that was sent has reached the server's kernel.
  void wait_until_delivered(Where where = Where::here());

  // shutdown(SHUT_WR): the server reads end of stream after what was sent.
  void finish_sending();

  // Closes by a reset (RST), as a crash or a pulled cable would in the end.
  void reset();

  // --- what comes back ---

  void expect(const Reply& reply, Where where = Where::here());
  void expect(const std::vector<Reply>& replies, Where where = Where::here());

  // The same reply again and again.
  void expect(size_t count, const Reply& reply, Where where = Where::here());

  // A request and its reply.
  void ask(const Words& words, const Reply& reply, Where where = Where::here());

  // No more bytes, but the end of the connection: orderly or, since a server
  // may close with bytes of ours unread, by a reset.
  void expect_closed(Where where = Where::here());

  // Whether the server answers a request or has closed the connection, perhaps
  // after the words with which Redis sends away one client too many; fails if
  // neither happens.
  enum class Served { yes, closed };
  Served try_to_ask(const Words& words, const Reply& reply,
                    Where where = Where::here());

  // True if nothing has arrived so far.
  bool has_nothing_to_read() const;

  // Every byte that arrives until `count` are there; for what is no reply.
  std::string receive(size_t count, Where where = Where::here());

  uint16_t local_port() const { return klh::local_port(fd_.get()); }
  bool is_open() const { return fd_.is_open(); }

 private:
  // All of the bytes, unless an error stops it, EAGAIN for the deadline.
  // Returns how many.
  size_t send_by_deadline(std::string_view bytes);
  bool is_sent_away() const;
  enum class Arrival { bytes, end, reset, deadline };
  Arrival receive_more();
  void expect_known(const Reply& reply, Where where);
  void expect_error(const Reply& reply, Where where);
  void note_sent(std::string_view bytes);
  void fail_in_send(size_t sent, size_t size, Where where);
  [[noreturn]] void fail_in_reply(const Reply& expected, Arrival arrival,
                                  Where where);
  std::string text_of(Arrival arrival) const;

  FileDescriptor fd_;
  Dialect dialect_;
  std::string sent_;       // since the last reply: for the report
  size_t sent_bytes_ = 0;  // sent_ is cut short
  std::string received_;   // arrived, not yet taken by an expectation
  std::string place_;      // "reply 3 of 10"
};

}  // namespace klh::test
