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
//   ended     the peer has closed its side     no           when all replies
//                                                           are written
//   leaving   it has sent QUIT, or what        yes, to      no: the peer closes,
//             cannot be answered               discard it   or time is up
//   failed    read or write failed, killed,    no           yes
//             or evicted
//
// Unless it has failed, it wants to write while there is something outgoing.
//
// How much may wait in the buffers is asked of the client's share of the budget
// (network/budget.h). A client that takes no replies is held back in the end:
// then it fills its own socket buffers, not our memory.
//
// A leaving client is told that nothing more comes, but still read from: to
// close a socket with bytes unread resets the connection, and a peer that is
// still sending would never see the last reply. See RFC 1122, 4.2.2.13.
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
  bool wants_read() const { return most_to_read() > 0; }
  bool wants_write() const {
    return state_ != State::failed && !outgoing_.empty();
  }
  bool wants_close() const;

  // Remembers what has changed, as Poller::Event tells it.
  void note(bool readable, bool writable, bool must_drain);

  // One turn: at most one read, the answers to all its requests, one write of
  // at most 1 MB, so that no client, however much it sends, keeps the others
  // waiting for long. The two halves of a turn are apart, so that all changes
  // of a turn can be made safe before any client is told of them. A client
  // whose changes are not is not told anything: its connection fails. The first
  // returns how many bytes of replies the turn is about, built or to be
  // written.
  size_t read_and_execute();
  void write_replies(bool is_safe);

  // Has it got on since the last call: completed a request, sent a good part of
  // one, or taken some of its replies? A byte now and then is no sign of life.
  bool take_progress() { return std::exchange(has_progressed_, false); }

  // Tells whether there is more to do without waiting. No event will say so,
  // since the edge has passed: another turn is due.
  bool has_work() const;

  // Tells whether it is held back by what others take. No event will say either
  // when it is to have another turn: the budget has to be asked.
  bool waits_for_room() const;

  // Tells whether it is leaving and its last reply is written. Then it is time
  // to hang up: the peer sees the end of the stream.
  bool has_left() const {
    return state_ == State::leaving && outgoing_.empty();
  }
  void hang_up();

  // Drops all that has come and all that waits, so as to be closed.
  void abandon();

  // Does the same, but tells the client why if it has taken all replies so far.
  void evict();

 private:
  enum class State { open, ended, leaving, failed };

  size_t most_to_read() const;
  bool may_answer() const;
  bool answer_requests();
  void read_some();
  void receive(size_t bytes);
  bool try_one_request();
  void execute_request();
  void leave();
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
  size_t unanswered_ = 0;      // bytes received since it last got on, or left
  bool is_held_back_ = false;  // requests may wait in incoming
  Session session_;
  Request request_;
  Buffer incoming_;
  Buffer outgoing_;
};

}  // namespace klh
