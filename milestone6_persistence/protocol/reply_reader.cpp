#include "protocol/reply_reader.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace klh {

namespace {

constexpr std::string_view kTypesOfOneLine = "+-:,#(_";
constexpr std::string_view kTypesWithBytes = "$=!";
constexpr std::string_view kTypesWithReplies = "*~>%";
constexpr size_t kLineEnd = 2;

}  // namespace

bool has_bytes(char type) {
  return kTypesWithBytes.find(type) != kTypesWithBytes.npos;
}

bool has_replies(char type) {
  return kTypesWithReplies.find(type) != kTypesWithReplies.npos;
}

ReplyState ReplyReader::read(std::string_view input) {
  while (error_.empty() && state_ != State::complete) {
    if (position_ == input.size()) return ReplyState::need_more;
    step(input);
  }
  return error_.empty() ? ReplyState::complete : ReplyState::malformed;
}

// Looks at the next byte, or goes past many that may be anything.
void ReplyReader::step(std::string_view input) {
  switch (state_) {
    case State::type: return begin_reply(input[position_++]);
    case State::text: {
      const size_t end = input.find('\r', position_);
      position_ = end == input.npos ? input.size() : end + 1;
      if (end != input.npos) state_ = State::line_end;
      return;
    }
    case State::count: return add_digit(input[position_++]);
    case State::line_end: return end_line(input[position_++]);
    case State::bytes: return skip_bytes(input.size() - position_);
    case State::bytes_end: return end_bytes(input[position_++]);
    case State::complete: return;
  }
}

void ReplyReader::begin_reply(char type) {
  type_ = type;
  count_ = 0;
  digits_ = 0;
  if (has_bytes(type) || has_replies(type)) {
    state_ = State::count;
  } else if (kTypesOfOneLine.find(type) != kTypesOfOneLine.npos) {
    state_ = State::text;
  } else {
    fail("no reply begins with this byte");
  }
}

// A count is -1, or has digits only: no more than an int64_t can hold.
void ReplyReader::add_digit(char byte) {
  constexpr size_t kMostDigits = 10;
  const bool is_digit = byte >= '0' && byte <= '9';
  const bool is_minus = count_ < 0;
  if (byte == '\r' && digits_ > 0) {
    state_ = State::line_end;
  } else if (byte == '-' && digits_ == 0 && !is_minus) {
    count_ = -1;
  } else if (is_minus ? byte != '1' || digits_ > 0 : !is_digit) {
    fail("a count is not a number");
  } else {
    if (!is_minus) count_ = 10 * count_ + (byte - '0');
    if (++digits_ > kMostDigits || count_ > kMaxCount) {
      fail("a count is too large");
    }
  }
}

void ReplyReader::end_line(char byte) {
  if (byte != '\n') return fail("a line's CR has no LF behind it");
  if (has_bytes(type_) && count_ >= 0) {
    missing_ = static_cast<size_t>(count_) + kLineEnd;
    state_ = State::bytes;
  } else if (has_replies(type_) && count_ > 0) {
    if (open_.size() == kMaxDepth) return fail("too many arrays in each other");
    open_.push_back(type_ == '%' ? 2 * count_ : count_);
    state_ = State::type;
  } else {
    end_reply();
  }
}

// Goes past the bytes of the value without a look at them.
void ReplyReader::skip_bytes(size_t available) {
  const size_t size = std::min(missing_ - kLineEnd, available);
  position_ += size;
  missing_ -= size;
  if (missing_ == kLineEnd) state_ = State::bytes_end;
}

void ReplyReader::end_bytes(char byte) {
  if (byte != (missing_ == kLineEnd ? '\r' : '\n')) {
    return fail("a value has no CR LF behind its bytes");
  }
  if (--missing_ == 0) end_reply();
}

// The last reply of an array is the end of the array too, and so on outwards.
void ReplyReader::end_reply() {
  while (!open_.empty() && --open_.back() == 0) open_.pop_back();
  state_ = open_.empty() ? State::complete : State::type;
}

void ReplyReader::reset() {
  state_ = State::type;
  position_ = 0;
  error_ = {};
  open_.clear();
}

ReplyLine reply_line(std::string_view bytes) {
  const size_t end = bytes.find('\r');
  assert(end != bytes.npos);
  ReplyLine line{bytes[0], bytes.substr(1, end - 1), 0, end + kLineEnd};
  if (has_bytes(line.type) || has_replies(line.type)) {
    const char* const text = line.text.data();
    (void)std::from_chars(text, text + line.text.size(), line.count);
  }
  return line;
}

}  // namespace klh
