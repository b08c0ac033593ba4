#include "common/words.h"

#include <cctype>

namespace klh {

namespace {

bool is_space(char byte) {
  return std::isspace(static_cast<unsigned char>(byte)) != 0;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Reads the words of a line, writing them decoded over what has been read.
class WordReader {
 public:
  WordReader(char* line, size_t size)
      : next_(line), end_(line + size), out_(line) {}

  void skip_spaces() {
    while (next_ < end_ && is_space(*next_)) ++next_;
  }
  bool at_end() const { return next_ == end_; }

  // False when a quote is not closed where a word ends.
  bool read(std::string_view& word) {
    char* const begin = out_;
    while (next_ < end_ && !is_space(*next_)) {
      const char byte = *next_++;
      if (byte == '"' || byte == '\'') {
        if (!read_quoted(byte)) return false;
      } else {
        *out_++ = byte;
      }
    }
    word = {begin, static_cast<size_t>(out_ - begin)};
    return true;
  }

 private:
  bool read_quoted(char quote) {
    while (next_ < end_) {
      const char byte = *next_++;
      if (byte == quote) return next_ == end_ || is_space(*next_);
      if (byte == '\\' && next_ < end_ && (quote == '"' || *next_ == quote)) {
        *out_++ = quote == '"' ? read_escape() : *next_++;
      } else {
        *out_++ = byte;
      }
    }
    return false;
  }

  char read_escape() {
    const char byte = *next_++;
    if (byte == 'x' && end_ - next_ >= 2) {
      const int high = hex_value(next_[0]);
      const int low = hex_value(next_[1]);
      if (high >= 0 && low >= 0) {
        next_ += 2;
        return static_cast<char>(high * 16 + low);
      }
    }
    switch (byte) {
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'b': return '\b';
      case 'a': return '\a';
      default: return byte;
    }
  }

  const char* next_;
  const char* end_;
  char* out_;
};

}  // namespace

bool split_words(char* line, size_t size,
                 std::vector<std::string_view>& words) {
  WordReader reader(line, size);
  for (reader.skip_spaces(); !reader.at_end(); reader.skip_spaces()) {
    std::string_view word;
    if (!reader.read(word)) return false;
    words.push_back(word);
  }
  return true;
}

}  // namespace klh
