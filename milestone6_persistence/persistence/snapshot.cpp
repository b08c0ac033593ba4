#include "persistence/snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "common/buffer.h"
#include "persistence/crc32c.h"
#include "persistence/record.h"

namespace klh {

namespace {

constexpr std::string_view kHeader = "# klh 1\n";
constexpr std::string_view kHeaderBegin = "# klh";
constexpr std::string_view kFooterBegin = "# end ";
constexpr std::string_view kPrefix = "dump-";
constexpr std::string_view kSuffix = ".klh";
constexpr std::string_view kUnfinishedSuffix = ".tmp";
constexpr size_t kWriteBytes = 256 * 1024;
constexpr size_t kReadBytes = 1024 * 1024;

std::string file_name(uint64_t number) {
  return std::string(kPrefix) + std::to_string(number) + std::string(kSuffix);
}

// The N of "dump-N.klh" or "dump-N.klh.tmp", written as the server writes it.
std::optional<uint64_t> number_of(std::string_view name) {
  if (name.ends_with(kUnfinishedSuffix)) {
    name.remove_suffix(kUnfinishedSuffix.size());
  }
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  uint64_t number = 0;
  const char* const digits = name.data() + kPrefix.size();
  std::from_chars(digits, name.data() + name.size(), number);
  if (number == 0 || file_name(number) != name) return std::nullopt;
  return number;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// The names in a directory, or what went wrong in errno. See readdir(3).
std::optional<std::vector<std::string>> names_in(const std::string& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (!directory) return std::nullopt;
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const each = readdir(directory.get())) {
    names.emplace_back(each->d_name);
  }
  if (errno != 0) return std::nullopt;
  return names;
}

// What was written is on the disk itself, not only in the kernel's memory.
// fsync(2); on macOS it stops at the disk's own cache, F_FULLFSYNC does not.
bool sync_to_disk(int fd) {
#ifdef F_FULLFSYNC
  if (fcntl(fd, F_FULLFSYNC) == 0) return true;
#endif
  int result;
  do {
    result = fsync(fd);
  } while (result < 0 && errno == EINTR);
  return result == 0;
}

std::string complaint_of(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

FileDescriptor open_directory(const std::string& path) {
  return FileDescriptor(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Makes the directory if it is missing, and makes that last: its name stands
// in the directory above.
void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) < 0) {
    if (errno == EEXIST) return;
    die("directory " + path);
  }
  const FileDescriptor parent = open_directory(path + "/..");
  if (!parent.is_open() || !sync_to_disk(parent.get())) {
    die("directory above " + path);
  }
}

std::string footer(uint64_t records, uint32_t checksum) {
  char text[64];
  std::snprintf(text, sizeof text, "# end %llu %08X\n",
                static_cast<unsigned long long>(records), checksum);
  return text;
}

// Writes a dump to a file piece by piece, and keeps the first failure.
class Writer {
 public:
  explicit Writer(int fd) : fd_(fd) { output_.append(kHeader); }

  void add(const Entry& entry, std::optional<int64_t> when_ms) {
    if (error_ != 0) return;
    append_record(output_, entry);
    ++records_;
    if (when_ms) {
      append_expiry(output_, entry.key(), *when_ms);
      ++records_;
    }
    if (output_.size() >= kWriteBytes) flush();
  }

  // The errno of what went wrong, or 0.
  int finish() {
    flush();
    output_.append(footer(records_, checksum_));
    flush();
    if (error_ == 0 && !sync_to_disk(fd_)) error_ = errno;
    return error_;
  }

 private:
  void flush() {
    checksum_ = crc32c(output_.view(), checksum_);
    while (error_ == 0 && !output_.empty()) {
      const ssize_t put = ::write(fd_, output_.data(), output_.size());
      if (put >= 0) {
        output_.consume(static_cast<size_t>(put));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
  }

  int fd_;
  Buffer output_;
  uint64_t records_ = 0;
  uint32_t checksum_ = 0;
  int error_ = 0;
};

// Reads a dump line by line into a store.
class Reader {
 public:
  explicit Reader(Store& store) : store_(store) {}

  // What is wrong with the file, "LINE: REASON", or "".
  std::string read_all(int fd) {
    ssize_t got;
    do {
      got = ::read(fd, input_.prepare(kReadBytes), kReadBytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return at_line(std::strerror(errno));
      input_.commit(static_cast<size_t>(got));
      const std::string complaint = take_lines();
      if (!complaint.empty()) return at_line(complaint);
    } while (got != 0);
    const std::string complaint = take_end();
    return complaint.empty() ? "" : at_line(complaint);
  }

 private:
  std::string at_line(const std::string& complaint) const {
    return std::to_string(line_number_) + ": " + complaint;
  }

  std::string take_lines() {
    for (;;) {
      // What was searched for a line's end once is not searched again.
      const size_t end = input_.view().find('\n', searched_);
      if (end == std::string_view::npos) break;
      const std::string complaint = take_line(input_.view().substr(0, end + 1));
      if (!complaint.empty()) return complaint;
      input_.consume(end + 1);
      searched_ = 0;
    }
    searched_ = input_.size();
    return "";
  }

  // `line` with its '\n', if it has one.
  std::string take_line(std::string_view line) {
    ++line_number_;
    if (has_footer_) return "something stands behind the footer";
    if (line_number_ == 1 && line == kHeader) {
      has_header_ = true;
    } else if (line_number_ == 1 && line.starts_with(kHeaderBegin)) {
      return "a header, but not '# klh 1'";
    } else if (line.starts_with(kFooterBegin)) {
      return take_footer(line);
    }
    checksum_ = crc32c(line, checksum_);
    if (line.starts_with('#')) return "";
    ++records_;
    if (line.ends_with('\n')) line.remove_suffix(1);
    return load_record(line, store_);
  }

  std::string take_footer(std::string_view line) {
    if (!has_header_) return "a footer, but the file has no header '# klh 1'";
    if (line != footer(records_, checksum_)) {
      return "damaged: the content does not fit its footer";
    }
    has_footer_ = true;
    return "";
  }

  // What is left when the file ends: a last line without '\n' is fine only in
  // a file that was written by hand.
  std::string take_end() {
    if (line_number_ == 0 && kHeader.starts_with(input_.view())) {
      ++line_number_;
      return "cut short: no header and no record";
    }
    if (!has_header_ && !input_.empty()) {
      const std::string complaint = take_line(input_.view());
      if (!complaint.empty()) return complaint;
      input_.release();
    }
    if (!has_header_ && records_ == 0) return "neither header nor record";
    if (has_header_ && !has_footer_) {
      ++line_number_;
      return "cut short: the footer '# end ...' is missing";
    }
    if (!input_.empty()) {
      ++line_number_;
      return "something stands behind the footer";
    }
    return "";
  }

  Store& store_;
  Buffer input_;
  size_t searched_ = 0;
  uint64_t line_number_ = 0;
  uint64_t records_ = 0;
  uint32_t checksum_ = 0;
  bool has_header_ = false;
  bool has_footer_ = false;
};

}  // namespace

Snapshots::Snapshots(const std::string& directory) : path_(directory) {
  make_directory(path_);
  directory_ = open_directory(path_);
  if (!directory_.is_open()) die("directory " + path_);
  // Two servers would each remove what the other has saved. The lock goes with
  // the descriptor, however we end. See flock(2).
  if (::flock(directory_.get(), LOCK_EX | LOCK_NB) < 0) {
    die("directory " + path_ + " is used by another server");
  }
}

std::string Snapshots::load(Store& store) {
  const auto names = names_in(path_);
  if (!names) return complaint_of("directory " + path_);
  for (const std::string& name : *names) {
    if (name.ends_with(kUnfinishedSuffix)) continue;
    newest_ = std::max(newest_, number_of(name).value_or(0));
  }
  if (newest_ == 0) return "";
  if (newest_ >= UINT64_MAX - 1) {
    return path_ + "/" + file_name(newest_) +
           ": no number is left for the next";
  }

  const std::string name = file_name(newest_);
  const FileDescriptor fd(
      ::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return complaint_of(path_ + "/" + name);
  const std::string complaint = Reader(store).read_all(fd.get());
  return complaint.empty() ? "" : path_ + "/" + name + ":" + complaint;
}

std::string Snapshots::save(const Store& store) {
  const std::string name = file_name(newest_ + 1);
  const std::string unfinished = name + std::string(kUnfinishedSuffix);
  const std::string complaint = write_file(store, unfinished);
  if (!complaint.empty()) {
    ::unlinkat(directory_.get(), unfinished.c_str(), 0);
    return complaint;
  }
  if (::renameat(directory_.get(), unfinished.c_str(), directory_.get(),
                 name.c_str()) < 0) {
    const std::string why = complaint_of("rename " + path_ + "/" + unfinished);
    ::unlinkat(directory_.get(), unfinished.c_str(), 0);
    return why;
  }
  // From here on the new name may be what the next start finds.
  ++newest_;
  if (!sync_to_disk(directory_.get())) return complaint_of("fsync " + path_);
  remove_older_files();
  return "";
}

std::string Snapshots::write_file(const Store& store, const std::string& name) {
  const FileDescriptor fd(::openat(directory_.get(), name.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                   0644));
  if (!fd.is_open()) return complaint_of("open " + path_ + "/" + name);
  Writer writer(fd.get());
  store.for_each(
      [&](const Entry& entry) { writer.add(entry, store.time_of(entry)); });
  errno = writer.finish();
  return errno == 0 ? "" : complaint_of("write " + path_ + "/" + name);
}

// What is left over costs only room, so the next save may try again.
void Snapshots::remove_older_files() {
  const auto names = names_in(path_);
  if (!names) return;
  for (const std::string& name : *names) {
    const uint64_t number = number_of(name).value_or(newest_);
    if (number < newest_) ::unlinkat(directory_.get(), name.c_str(), 0);
  }
}

}  // namespace klh
