// Finds whole replies in a stream of bytes, for clients: RESP2 and RESP3.
//
//   +OK  -ERR …  :1  ,1.5  #t  (123  _        one line
//   $5 hello  =8 txt:text  !9 ERR wrong       a line, so many bytes, CR LF
//   *2 …  ~2 …  >2 …  %1 …                    a line, so many replies
//
// The reader can stop after any byte and go on there when more have come: it
// never looks at a byte twice. So a reply of many megabytes, which comes in
// thousands of reads, costs as much as one that comes at once.
//
//             text                   a reply, and whatever it ends is whole
//     type --------> text ------.  .--------------------------> complete
//      ^ |                      v  |
//      | '---------> count --> line_end ---> bytes --> bytes_end
//      |    $ = ! * ~ > %        |                        |
//      '-------------------------+------------------------'
//            a reply in a reply comes next
//
// Its memory is that of the arrays that are open, at most kMaxDepth in each
// other. It does not judge what a text says, only where it ends.
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace klh {

enum class [[nodiscard]] ReplyState{complete, need_more, malformed};

class ReplyReader {
 public:
  static constexpr size_t kMaxDepth = 128;
  static constexpr int64_t kMaxCount = INT32_MAX;  // of bytes or of replies

  // Goes on reading the reply at the front of `input`, whose bytes it must find
  // again at the next call, with more behind them.
  //   complete   the reply has size() bytes; begin the next with reset()
  //   need_more  all of the input has been looked at
  //   malformed  error() says why, and the byte before size() shows it; where
  //              the next reply begins is unknown
  ReplyState read(std::string_view input);

  size_t size() const { return position_; }
  std::string_view error() const { return error_; }

  void reset();

 private:
  enum class State { type, text, count, line_end, bytes, bytes_end, complete };

  void step(std::string_view input);
  void begin_reply(char type);
  void add_digit(char byte);
  void end_line(char byte);
  void skip_bytes(size_t available);
  void end_bytes(char byte);
  void end_reply();
  void fail(std::string_view error) { error_ = error; }

  State state_ = State::type;
  size_t position_ = 0;
  std::string_view error_;     // one of ours, static
  char type_ = 0;              // of the reply that is being read
  int64_t count_ = 0;          // that it announces; -1: there is no value
  size_t digits_ = 0;          // bytes of the count so far
  size_t missing_ = 0;         // of its bytes, CR LF included
  std::vector<int64_t> open_;  // how many replies each open array lacks
};

// The line that a reply begins with, for whoever takes a whole one apart.
struct ReplyLine {
  char type;
  std::string_view text;  // behind the type, without CR LF
  int64_t count;          // of bytes or replies; -1: there is no value
  size_t size;            // of the line itself, with CR LF
};

bool has_bytes(char type);    // `count` bytes and CR LF follow the line
bool has_replies(char type);  // `count` replies follow, of a map 2 * count

// Returns the line at the front of `bytes`, which lives as long as they do.
// O(its size). Requires: a reply that is complete begins there.
ReplyLine reply_line(std::string_view bytes);

}  // namespace klh
