// Writes replies to the end of a buffer, in the version of the Redis protocol
// that the client has asked for: 2, or 3 after HELLO 3.
//
// A handler says what it means (an integer, a map, "none"); how that looks on
// the wire is decided here and nowhere else. Arrays, sets and maps are
// announced by their size, then their elements are written one by one.
//
//                  RESP2                      RESP3
//   null           $-1                        _
//   null_array     *-1                        _
//   map of n       *2n                        %n
//   set of n       *n                         ~n
//   real 1.5       $3 1.5                     ,1.5
//   text           $size ...                  =size txt:...
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/buffer.h"

namespace klh {

class Reply {
 public:
  // `output` must outlive the reply.
  explicit Reply(Buffer& output, int protocol = 2)
      : output_(output), is_resp3_(protocol == 3) {}

  bool is_resp3() const { return is_resp3_; }
  Buffer& output() { return output_; }

  void ok() { output_.append("+OK\r\n"); }

  // Replies a short status; the text has no CR or LF.
  void status(std::string_view text);

  // "ERR what is wrong", or with another code for clients to match. CR and LF
  // in it become spaces, since it may quote what the client has sent.
  void error(std::string_view text);

  void integer(int64_t value);
  void bulk(std::string_view bytes);  // any bytes
  void real(double value);            // a score, as Redis 7.0 prints it
  void text(std::string_view text);   // for people to read, such as INFO's
  void null() { output_.append(is_resp3_ ? "_\r\n" : "$-1\r\n"); }
  void null_array() { output_.append(is_resp3_ ? "_\r\n" : "*-1\r\n"); }

  // `size` elements follow; of a map, `size` pairs of key and value.
  void array(size_t size) { header('*', size); }
  void set(size_t size) { header(is_resp3_ ? '~' : '*', size); }
  void map(size_t size) {
    is_resp3_ ? header('%', size) : header('*', 2 * size);
  }

 private:
  void header(char type, size_t size);

  Buffer& output_;
  bool is_resp3_;
};

}  // namespace klh
