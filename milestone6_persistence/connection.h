// A client's connection: its socket, the bytes that have come from it and the
// bytes that wait to go to it.
//
//   socket --read--> incoming --parse--> request --execute--.
//   socket <--write-- outgoing <------------------ reply <--'
//
// Both buffers come from a pool and go back to it when they are nearly empty.
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
// Unless it has failed, it wants to write while there is something outgoing.
// While that is much it is held back: its requests are not answered, and no
// longer read either once many wait. So a client may send a whole pipeline
// before it reads a reply, as libraries do that do not send and receive at the
// same time; but one that does not take its replies fills its own socket
// buffers in the end, not our memory. One reply may be larger than that; what
// all clients take is bounded by the server.
//
// It owns the socket; the server owns it, and closes it at the end of a pass.
#pragma once

#include <cstddef>
#include <utility>

#include "commands/host.h"
#include "common/buffer.h"
#include "common/net.h"
#include "network/buffer_pool.h"
#include "protocol/request.h"

namespace klh {

class Connection {
 public:
  // `host` and `pool` must outlive the connection.
  Connection(FileDescriptor fd, Host& host, BufferPool& pool);

  int fd() const { return fd_.get(); }
  Session& session() { return session_; }
  bool wants_read() const { return is_open() && (!is_full() || may_wait()); }
  bool wants_write() const {
    return state_ != State::failed && !outgoing_.empty();
  }
  bool wants_close() const;

  // Remembers what has changed, as Poller::Event tells it.
  void note(bool readable, bool writable, bool must_drain);

  // One turn: at most one read, the answers to all its requests, one write of
  // at most kFullBytes, so that no client, however much it sends, keeps the
  // others waiting for long. The two halves of a turn are apart, so that all
  // changes of a turn can be made safe before any client is told of them. A
  // client whose changes are not is not told anything: its connection fails.
  // The first returns how many bytes of replies the turn is about, built or to
  // be written.
  size_t read_and_execute();
  void write_replies(bool is_safe);

  // Has it got on since the last call: completed a request, sent a good part of
  // one, or taken some of its replies? A byte now and then is no sign of life.
  bool take_progress() { return std::exchange(has_progressed_, false); }

  // Drops all that has come and all that waits, so as to be closed.
  void abandon();

  // Tells whether there is more to do without waiting. No event will say so,
  // since the edge has passed: another turn is due.
  bool has_work() const;

  // So many bytes make a turn a large one.
  static constexpr size_t kFullBytes = 1024 * 1024;

 private:
  enum class State { open, ended, failed };
  static constexpr size_t kMostWaitingBytes = 16 * 1024 * 1024;

  bool is_open() const {
    return state_ == State::open && !session_.should_close;
  }
  bool is_full() const { return outgoing_.size() >= kFullBytes; }
  bool may_wait() const;
  void read_some();
  bool try_one_request();
  void execute_request();
  void write_some();
  void note_progress() {
    has_progressed_ = true;
    unanswered_ = 0;
  }
  void count_bytes();

  FileDescriptor fd_;
  Host& host_;
  BufferPool& pool_;
  State state_ = State::open;
  bool readable_ = false;
  bool writable_ = true;  // a new socket's send buffer is empty
  bool must_drain_ = false;
  bool has_progressed_ = false;
  size_t unanswered_ = 0;      // bytes received since it last got on
  bool is_held_back_ = false;  // requests may wait in incoming
  Session session_;
  Request request_;
  Buffer incoming_;
  Buffer outgoing_;
};

}  // namespace klh
