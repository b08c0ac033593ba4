// A client's connection: its socket, the bytes that have come from it and the
// bytes that wait to go to it.
//
//   socket --read--> incoming --parse--> request --execute--.
//   socket <--write-- outgoing <------------------ reply <--'
//
// The socket is non-blocking and its events are edges: the connection keeps in
// mind what the socket is ready for, until a read or write has shown that it no
// longer is. What is left when its turn is over, it does in the next turn.
//
//   state     reached when                     wants read   wants close
//   open      accepted                         see below    no
//   ended     the peer has closed its side,    no           when all replies
//             or sent what cannot be answered               are written
//   failed    read or write failed             no           yes
//
// In each state it wants to write while there is something outgoing. While
// that is much it neither reads nor answers: a client that does not take its
// replies fills its own socket buffers in the end, not our memory.
//
// It owns the socket; the server owns it, and closes it at the end of a pass.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/buffer.h"
#include "common/key_value.h"
#include "common/net.h"

namespace klh {

class Connection {
 public:
  // `key_value` must outlive the connection.
  Connection(FileDescriptor fd, KeyValue& key_value);

  int fd() const { return fd_.get(); }
  bool wants_read() const { return state_ == State::open && !is_full(); }
  bool wants_write() const { return !outgoing_.empty(); }
  bool wants_close() const;

  // Remembers what has changed, as Poller::Event tells it.
  void note(bool readable, bool writable, bool must_drain);

  // Takes one turn: at most one read, the answers to all its requests, one
  // write, so that no client, however much it sends, keeps the others waiting
  // for long.
  void take_turn();

  // Tells whether there is more to do without waiting. No event will say so,
  // since the edge has passed: another turn is due.
  bool has_work() const;

 private:
  enum class State { open, ended, failed };
  static constexpr size_t kFullBytes = 1024 * 1024;

  bool is_full() const { return outgoing_.size() >= kFullBytes; }
  void read_some();
  bool try_one_request();
  void append_message(std::string_view payload);
  void write_some();

  FileDescriptor fd_;
  KeyValue& key_value_;
  State state_ = State::open;
  bool readable_ = false;
  bool writable_ = true;  // a new socket's send buffer is empty
  bool must_drain_ = false;
  bool is_held_back_ = false;  // requests may wait in incoming: it was full
  Buffer incoming_;
  Buffer outgoing_;
};

}  // namespace klh
