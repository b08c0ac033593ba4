// Reads requests from a byte stream, in the two forms of the Redis protocol:
//
//   array    *2\r\n$3\r\nGET\r\n$4\r\nname\r\n      what clients send
//   inline   GET name\r\n                           what a person types
//
// The parser can stop after any byte and go on there when more have come: it
// never looks at a byte twice. So a request that trickles in costs as much as
// one that comes at once.
//
//             '*'                    for each argument
//     start -------> array_size ---> dollar ---> bulk_size ---> bulk
//       |                              ^                          |
//       | else                         '--------------------------+
//       v                                                         v
//     inline_line ---------------------------------------> complete
//
// What a peer announces is checked against the limits below before anything is
// allocated for it: memory is used for bytes that have come, never for bytes
// that were promised. Requests are read only; replies are elsewhere.
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"

namespace klh {

using Args = std::span<const std::string_view>;

enum class [[nodiscard]] Parse{complete, need_more, malformed};

class Request {
 public:
  // The limits of Redis 7.0: proto-max-bulk-len, an int, the inline buffer, and
  // the query buffer, which bounds all arguments together.
  static constexpr int64_t kMaxBulkBytes = 512 * 1024 * 1024;
  static constexpr int64_t kMaxArguments = INT32_MAX;
  static constexpr size_t kMaxInlineBytes = 64 * 1024;
  static constexpr size_t kMaxRequestBytes = 1024 * 1024 * 1024;
  static constexpr size_t kLineEnd = 2;  // CR LF
  // And those for a stranger, who has not given the password yet.
  static constexpr int64_t kStrangersBulkBytes = 16 * 1024;
  static constexpr int64_t kStrangersArguments = 10;
  static constexpr size_t kStrangersRequestBytes = 24 * 1024;

  // Goes on reading the request at the front of `input`, whose bytes it must
  // find again at the next call, with more behind them.
  //   complete   args() are there, and the request has size() bytes; consume
  //              these from the input, then begin the next with reset()
  //   need_more  all of the input has been looked at
  //   malformed  error() says why; where the next request begins is unknown
  // May change the bytes of an inline request in place.
  Parse parse(Buffer& input, bool is_strangers = false);

  // Returns the arguments, the command's name first; none for an empty line or
  // array. They are valid as long as the bytes of the input stay in place.
  Args args() const { return args_; }
  size_t size() const { return position_; }
  std::string_view error() const { return error_; }

  // With how many bytes of the input the argument ends that is being read; 0 if
  // none is.
  size_t announced_bytes() const {
    if (state_ != State::bulk) return 0;
    return size_t{spans_.back().begin} + spans_.back().size + kLineEnd;
  }

  // What it takes beside the input, in bytes; with what it will take for the
  // arguments when the last of them is there.
  size_t allocated_bytes() const {
    return spans_.capacity() * sizeof(Span) +
           std::max(args_.capacity(), spans_.size()) * sizeof(std::string_view);
  }

  void reset();

 private:
  enum class State {
    start,
    array_size,
    dollar,
    bulk_size,
    bulk,
    inline_line,
    complete
  };
  struct Span {
    uint32_t begin;  // from the first byte of the request
    uint32_t size;
  };
  static_assert(kMaxRequestBytes <= UINT32_MAX);

  // Each reads its part of the request, from position_ on; `complete` means
  // that this part is, and state_ says what comes next.
  Parse read_part(char* bytes, size_t end);
  Parse read_start(char first);
  Parse read_array_size(const char* bytes, size_t end);
  Parse read_dollar(char byte);
  Parse read_bulk_size(const char* bytes, size_t end);
  Parse read_bulk(const char* bytes, size_t end);
  Parse read_inline_line(char* bytes, size_t end);
  Parse read_number(const char* bytes, size_t end);

  bool takes_digit(char byte) const;
  void expect_number(State state);
  void finish_bulk(const char* bytes);
  Parse fail(std::string_view error);

  State state_ = State::start;
  bool is_strangers_ = false;
  size_t position_ = 0;  // of the first byte that has not been looked at
  int64_t missing_ = 0;  // arguments of the array that have not come yet

  // The number that is being read; its digits may come in pieces.
  int64_t number_ = 0;
  int digits_ = 0;
  bool is_negative_ = false;
  bool has_cr_ = false;

  std::vector<Span> spans_;  // of the arguments of an array
  std::vector<std::string_view> args_;
  std::string error_;
};

}  // namespace klh
