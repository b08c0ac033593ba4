// Finds whole replies in a stream of bytes, for clients: RESP2 and RESP3.
//
//   +OK  -ERR …  :1  ,1.5  #t  (123  _        one line
//   $5 hello  =8 txt:text  !9 ERR wrong       a line, so many bytes, CR LF
//   *2 …  ~2 …  >2 …  %1 …                    a line, so many replies
//
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace klh {

enum class [[nodiscard]] ReplyState{complete, need_more, malformed};

struct ReplyLine {
  char type;
  std::string_view text;  // behind the type, without CR LF
  int64_t count;          // of bytes or replies; -1: there is no value
  size_t size;            // of the line itself, with CR LF
};

bool has_bytes(char type);    // `count` bytes and CR LF follow the line
bool has_replies(char type);  // `count` replies follow, of a map 2 * count

// Reads the line that a reply begins with, at the front of `bytes`.
ReplyState read_reply_line(std::string_view bytes, ReplyLine& line);

// The size of the reply at the front of `bytes`, with all that is in it.
// O(size), also when it is not complete.
ReplyState measure_reply(std::string_view bytes, size_t& size);

}  // namespace klh
