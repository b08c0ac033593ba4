#include "persistence/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace klh {

namespace {

constexpr size_t kReadBytes = 1024 * 1024;

}  // namespace

Status open_regular(const std::string& path, FileDescriptor& fd) {
  // A FIFO is open at once then, and nothing is read from it (open(2)).
  fd = FileDescriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd.is_open() || ::fstat(fd.get(), &status) < 0) {
    return Status::from_errno(path);
  }
  if (S_ISREG(status.st_mode)) return {};
  return Status::invalid("not a regular file").at(path);
}

LineReader::Result LineReader::next(std::string_view& line) {
  input_.consume(line_size_);
  offset_ += line_size_;
  line_size_ = 0;
  ++number_;
  searched_ = 0;
  size_t end;
  while ((end = input_.view().find('\n', searched_)) ==
         std::string_view::npos) {
    searched_ = input_.size();
    if (at_end_) {
      end = input_.size() - 1;
      break;
    }
    const Result result = read_some();
    if (result != Result::line) return result;
  }
  if (input_.empty()) return Result::end;
  line_size_ = end + 1;
  line = input_.view().substr(0, line_size_);
  return Result::line;
}

LineReader::Result LineReader::read_some() {
  const ssize_t got = ::read(fd_, input_.prepare(kReadBytes), kReadBytes);
  if (got < 0 && errno != EINTR) return Result::failed;
  const size_t bytes = got < 0 ? 0 : static_cast<size_t>(got);
  input_.commit(bytes);
  at_end_ = got == 0;
  const bool goes_on = !progress_ || progress_(bytes);
  return goes_on ? Result::line : Result::stopped;
}

Status explain_carriage_return() {
  return Status::damaged(
      "the byte 0x0D at the end: the file was copied as text, and its lines "
      "ended in 0x0A alone");
}

}  // namespace klh
