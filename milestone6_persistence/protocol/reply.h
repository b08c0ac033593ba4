// Writes replies, in the Redis protocol (RESP2), to the end of a buffer.
//
// A handler says what it means (an integer, a map, "none"); how that looks on
// the wire is decided here and nowhere else. Arrays and maps are announced by
// their size, then their elements are written one by one.
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
  explicit Reply(Buffer& output) : output_(output) {}

  void ok() { output_.append("+OK\r\n"); }

  // A short status; the text has no CR or LF.
  void status(std::string_view text);

  // "ERR what is wrong", or with another code for clients to match. CR and LF
  // in it become spaces, since it may quote what the client has sent.
  void error(std::string_view text);

  void integer(int64_t value);
  void bulk(std::string_view bytes);  // any bytes
  void null() { output_.append("$-1\r\n"); }
  void null_array() { output_.append("*-1\r\n"); }

  // `size` elements follow; of a map, `size` pairs of key and value.
  void array(size_t size) { header('*', size); }
  void map(size_t size) { header('*', 2 * size); }

 private:
  void header(char type, size_t size);

  Buffer& output_;
};

}  // namespace klh
