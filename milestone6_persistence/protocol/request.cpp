#include "protocol/request.h"

#include <cassert>
#include <cctype>
#include <cstring>
#include <string>

#include "common/words.h"

namespace klh {

namespace {

constexpr int kMaxDigits = 18;         // always fit an int64_t
constexpr size_t kKeptArguments = 16;  // room that is kept between requests

// A web page can make a browser send us an HTTP request, whose body would then
// be taken for commands. Every such request has a line that begins like this.
bool is_http(Args words) {
  if (words.empty()) return false;
  std::string first(words[0]);
  for (char& byte : first) {
    byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
  }
  return first == "post" || first == "host:";
}

}  // namespace

Parse Request::parse(Buffer& input, bool is_strangers) {
  is_strangers_ = is_strangers;
  if (state_ == State::complete) return Parse::complete;
  if (position_ == input.size()) return Parse::need_more;
  for (;;) {
    const Parse part = read_part(input.data(), input.size());
    if (part != Parse::complete || state_ == State::complete) return part;
  }
}

void Request::reset() {
  state_ = State::start;
  position_ = 0;
  if (spans_.capacity() > kKeptArguments) std::vector<Span>().swap(spans_);
  if (args_.capacity() > kKeptArguments) {
    std::vector<std::string_view>().swap(args_);
  }
  spans_.clear();
  args_.clear();
}

Parse Request::read_part(char* bytes, size_t end) {
  if (position_ == end) return Parse::need_more;
  switch (state_) {
    case State::start: return read_start(bytes[position_]);
    case State::array_size: return read_array_size(bytes, end);
    case State::dollar: return read_dollar(bytes[position_]);
    case State::bulk_size: return read_bulk_size(bytes, end);
    case State::bulk: return read_bulk(bytes, end);
    case State::inline_line: return read_inline_line(bytes, end);
    case State::complete: break;
  }
  return Parse::complete;
}

Parse Request::read_start(char first) {
  if (first == '*') {
    ++position_;
    expect_number(State::array_size);
  } else {
    state_ = State::inline_line;
  }
  return Parse::complete;
}

Parse Request::read_array_size(const char* bytes, size_t end) {
  const Parse result = read_number(bytes, end);
  if (result != Parse::malformed && is_strangers_ && !is_negative_ &&
      number_ > kStrangersArguments) {
    return fail("Protocol error: unauthenticated multibulk length");
  }
  if (result == Parse::malformed ||
      (!is_negative_ && number_ > kMaxArguments)) {
    return fail("Protocol error: invalid multibulk length");
  }
  if (result == Parse::complete) {
    missing_ = number_;
    state_ = missing_ > 0 ? State::dollar : State::complete;
  }
  return result;
}

Parse Request::read_dollar(char byte) {
  if (byte != '$') {
    return fail(std::string("Protocol error: expected '$', got '") + byte +
                "'");
  }
  ++position_;
  expect_number(State::bulk_size);
  return Parse::complete;
}

Parse Request::read_bulk_size(const char* bytes, size_t end) {
  const Parse result = read_number(bytes, end);
  if (result == Parse::malformed || number_ > kMaxBulkBytes ||
      (result == Parse::complete && number_ < 0)) {
    return fail("Protocol error: invalid bulk length");
  }
  if (is_strangers_ && number_ > kStrangersBulkBytes) {
    return fail("Protocol error: unauthenticated bulk length");
  }
  if (result == Parse::complete) {
    const auto size = static_cast<size_t>(number_);
    const size_t behind = position_ + size + kLineEnd;
    if (is_strangers_ && behind > kStrangersRequestBytes) {
      return fail("Protocol error: unauthenticated bulk length");
    }
    if (behind > kMaxRequestBytes) {
      return fail("Protocol error: request too large");
    }
    spans_.push_back(
        {static_cast<uint32_t>(position_), static_cast<uint32_t>(size)});
    state_ = State::bulk;
  }
  return result;
}

// The bytes of an argument are not looked at here: it is there when what ends
// it is there.
Parse Request::read_bulk(const char* bytes, size_t end) {
  if (end < announced_bytes()) return Parse::need_more;
  const size_t behind = announced_bytes() - kLineEnd;
  if (bytes[behind] != '\r' || bytes[behind + 1] != '\n') {
    return fail("Protocol error: expected CRLF after an argument");
  }
  position_ = behind + kLineEnd;
  finish_bulk(bytes);
  return Parse::complete;
}

Parse Request::read_inline_line(char* bytes, size_t end) {
  const void* const found =
      std::memchr(bytes + position_, '\n', end - position_);
  const char* const newline = static_cast<const char*>(found);
  const auto size = newline ? static_cast<size_t>(newline - bytes) : end;
  if (size > (is_strangers_ ? kStrangersRequestBytes : kMaxInlineBytes)) {
    return fail("Protocol error: too big inline request");
  }
  position_ = size;
  if (!newline) return Parse::need_more;
  ++position_;
  if (!split_words(bytes, size, args_)) {
    return fail("Protocol error: unbalanced quotes in request");
  }
  if (is_http(args_)) return fail("Protocol error: this is not HTTP");
  state_ = State::complete;
  return Parse::complete;
}

// A decimal number and the CR LF behind it.
Parse Request::read_number(const char* bytes, size_t end) {
  while (position_ < end) {
    const char byte = bytes[position_++];
    if (has_cr_) {
      if (byte != '\n' || digits_ == 0) return Parse::malformed;
      if (is_negative_) number_ = -number_;
      return Parse::complete;
    }
    if (byte == '\r') {
      has_cr_ = true;
    } else if (byte == '-' && digits_ == 0 && !is_negative_) {
      is_negative_ = true;
    } else if (takes_digit(byte)) {
      number_ = number_ * 10 + (byte - '0');
      ++digits_;
    } else {
      return Parse::malformed;
    }
  }
  return Parse::need_more;
}

// Each number has one form: no leading zeros, no -0.
bool Request::takes_digit(char byte) const {
  const bool follows_zero = digits_ > 0 && number_ == 0;
  const bool makes_minus_zero = digits_ == 0 && is_negative_ && byte == '0';
  return byte >= '0' && byte <= '9' && digits_ < kMaxDigits && !follows_zero &&
         !makes_minus_zero;
}

void Request::expect_number(State state) {
  state_ = state;
  number_ = 0;
  digits_ = 0;
  is_negative_ = false;
  has_cr_ = false;
}

// Only now that all bytes are there, and stay where they are, can they be
// pointed at.
void Request::finish_bulk(const char* bytes) {
  if (--missing_ > 0) {
    state_ = State::dollar;
    return;
  }
  if (spans_.size() > kKeptArguments) args_.reserve(spans_.size());
  for (const Span& span : spans_) {
    args_.emplace_back(bytes + span.begin, span.size);
  }
  state_ = State::complete;
}

Parse Request::fail(std::string_view error) {
  error_ = error;
  return Parse::malformed;
}

}  // namespace klh
