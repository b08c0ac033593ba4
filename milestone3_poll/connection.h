// A client's connection: its socket, the bytes that have come from it and the
// bytes that wait to go to it.
//
//   socket --read--> incoming --parse--> request --execute--.
//   socket <--write-- outgoing <------------------ reply <--'
//
// The socket is non-blocking: a call that cannot go on now returns EAGAIN, and
// the connection says what it waits for instead of waiting.
//
//   state     reached when                     wants read   wants close
//   open      accepted                         yes          no
//   ended     the peer has closed its side,    no           when all replies
//             or sent what cannot be answered               are written
//   failed    read or write failed             no           yes
//
// In each state it wants to write while there is something outgoing. It owns
// the socket; the server owns it, and closes it at the end of a pass.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/key_value.h"
#include "common/net.h"

namespace klh {

class Connection {
 public:
  // `key_value` must outlive the connection.
  Connection(FileDescriptor fd, KeyValue& key_value);

  int fd() const { return fd_.get(); }
  bool wants_read() const { return state_ == State::open; }
  bool wants_write() const { return !outgoing_.empty(); }
  bool wants_close() const;

  // Makes one pass: does what the socket is ready for, and answers one request.
  void handle(bool readable, bool writable);

 private:
  enum class State { open, ended, failed };

  void read_some();
  bool try_one_request();
  void append_message(std::string_view payload);
  void write_some();

  FileDescriptor fd_;
  KeyValue& key_value_;
  State state_ = State::open;
  std::vector<uint8_t> incoming_;
  std::vector<uint8_t> outgoing_;
};

}  // namespace klh
