// Reads a file line by line, of any length.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/buffer.h"
#include "common/net.h"
#include "common/status.h"

namespace klh {

// Opens a file to read it. What is no regular file, or a link to one, is refused
// at once: a FIFO would make us wait for whoever may write to it one day.
Status open_regular(const std::string& path, FileDescriptor& fd);

// Told how many bytes more have been read, 0 when a signal has interrupted the
// reading; false means: go no further.
using Progress = std::function<bool(size_t bytes)>;

// Told of what is wrong with a file, when the rest of it is wanted all the same:
// that is left out, and reading goes on. Empty: the first fault ends it.
using Tolerate = std::function<void(const Status& fault)>;

class LineReader {
 public:
  // `progress` may be empty.
  LineReader(int fd, const Progress& progress) : fd_(fd), progress_(progress) {}

  enum class Result { line, end, failed, stopped };

  // The next line with its '\n', which only the last may lack. The view is
  // valid until the next call. With `failed`, errno tells why. Looks at no byte
  // twice.
  Result next(std::string_view& line);

  // Of the line that next() has given: its number, the first being 1, and where
  // it begins in the file.
  uint64_t number() const { return number_; }
  uint64_t offset() const { return offset_; }

 private:
  Result read_some();

  int fd_;
  const Progress& progress_;
  Buffer input_;
  size_t line_size_ = 0;  // of the line that is in use, in front of input
  size_t searched_ = 0;
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  bool at_end_ = false;
};

// What is wrong with a header that ends in "\r\n".
Status explain_carriage_return();

}  // namespace klh
