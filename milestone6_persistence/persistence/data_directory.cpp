#include "persistence/data_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

namespace klh {

namespace {

constexpr std::string_view kSuffix = ".klh";
constexpr std::string_view kUnfinishedSuffix = ".tmp";
constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

std::string_view prefix_of(FileKind kind) {
  return kind == FileKind::dump ? "dump-" : "journal-";
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

FileDescriptor open_directory(const std::string& path) {
  return FileDescriptor(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Makes the directory if it is missing, and makes that last: its name stands
// in the directory above.
void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) < 0) {
    if (errno == EEXIST) return;
    die("directory " + path);
  }
  const FileDescriptor parent = open_directory(path + "/..");
  if (!parent.is_open() || !sync_file(parent.get())) {
    die("directory above " + path);
  }
}

template <class Call>
auto again_after_interrupt(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Two servers would each remove what the other has saved. The lock goes with
// the descriptor, however we end. But a child has a copy of that until it comes
// to close it, see flock(2): so a server that is started right after one was
// killed may have to wait for a moment.
bool lock(int fd, int how) {
  constexpr int kMostTries = 100;
  constexpr std::chrono::milliseconds kBetween{10};
  for (int tries = 1;; ++tries) {
    if (again_after_interrupt([&] { return ::flock(fd, how | LOCK_NB); }) ==
        0) {
      return true;
    }
    if (errno != EWOULDBLOCK || tries == kMostTries) return false;
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace

std::string file_name(FileKind kind, uint64_t number) {
  return std::string(prefix_of(kind)) + std::to_string(number) +
         std::string(kSuffix);
}

std::optional<uint64_t> number_in(std::string_view name, FileKind kind) {
  const std::string_view prefix = prefix_of(kind);
  if (!name.starts_with(prefix)) return std::nullopt;
  uint64_t number = 0;
  std::from_chars(name.data() + prefix.size(), name.data() + name.size(),
                  number);
  if (number == 0 || file_name(kind, number) != name) return std::nullopt;
  return number;
}

std::string unfinished(const std::string& name) {
  return name + std::string(kUnfinishedSuffix);
}

std::string_view finished(std::string_view name) {
  if (name.ends_with(kUnfinishedSuffix)) {
    name.remove_suffix(kUnfinishedSuffix.size());
  }
  return name;
}

DataDirectory::DataDirectory(std::string path, Use use)
    : path_(std::move(path)) {
  if (use == Use::serve) make_directory(path_);
  fd_ = open_directory(path_);
  if (!fd_.is_open()) die("directory " + path_);
  if (!lock(fd_.get(), use == Use::serve ? LOCK_EX : LOCK_SH)) {
    die("directory " + path_ + " is used by another server");
  }
}

std::string DataDirectory::path_of(const std::string& name) const {
  return path_ + "/" + name;
}

std::optional<std::vector<std::string>> DataDirectory::names() const {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path_.c_str()));
  if (!directory) return std::nullopt;
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const each = readdir(directory.get())) {
    names.emplace_back(each->d_name);
  }
  if (errno != 0) return std::nullopt;
  return names;
}

FileDescriptor DataDirectory::open(const std::string& name, int flags) const {
  return FileDescriptor(again_after_interrupt([&] {
    return ::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC, kFileMode);
  }));
}

Status DataDirectory::check() const {
  struct stat facts {};
  if (::fstat(fd_.get(), &facts) < 0) return Status::from_errno(path_);
  if (facts.st_nlink > 0) return {};
  return Status::missing("the directory has been removed").at(path_);
}

Status DataDirectory::check(const std::string& name, const FileId& file) const {
  const auto found = id_of(name);
  if (found && *found == file) return {};
  return Status::missing(found ? "another file has taken its place"
                               : "it has been removed")
      .at(path_of(name));
}

std::optional<FileId> DataDirectory::id_of(const std::string& name) const {
  struct stat facts {};
  if (::fstatat(fd_.get(), name.c_str(), &facts, 0) < 0) return std::nullopt;
  return FileId{facts.st_dev, facts.st_ino};
}

FileDescriptor DataDirectory::open_to_read(const std::string& name) const {
  return open(name, O_RDONLY);
}

FileDescriptor DataDirectory::open_to_append(const std::string& name) const {
  return open(name, O_WRONLY | O_APPEND);
}

// The old file is not emptied but left to whoever has it open: on macOS the
// child of a server that was killed lives on, and still writes its dump.
FileDescriptor DataDirectory::create(const std::string& name) const {
  remove(name);
  return open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
}

FileDescriptor DataDirectory::create_new(const std::string& name) const {
  return open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
}

bool DataDirectory::finish(const std::string& name) const {
  return ::renameat(fd_.get(), unfinished(name).c_str(), fd_.get(),
                    name.c_str()) == 0;
}

bool DataDirectory::remove(const std::string& name) const {
  return ::unlinkat(fd_.get(), name.c_str(), 0) == 0;
}

bool DataDirectory::note_failed_sync(const Status& failure) const {
  const FileDescriptor fd = create_new(std::string(kSyncFailed));
  // One that is there stays: all that counts is that there is one.
  if (!fd.is_open()) return errno == EEXIST;
  Buffer text;
  text.append(failure.text() + "\nThe next start writes a new dump.\n");
  (void)write_all(fd.get(), text);
  return true;
}

bool DataDirectory::sync() const {
  return sync_file(fd_.get());
}

std::optional<FileId> id_of(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) < 0) return std::nullopt;
  return FileId{facts.st_dev, facts.st_ino};
}

Status suspicion(const DataDirectory& directory) {
  return Status::damaged(
             "a sync has failed, so the disk may not hold what is read here; a "
             "start writes a new dump")
      .at(directory.path_of(std::string(kSyncFailed)));
}

std::string complaint_of(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// On macOS fsync stops at the disk's own cache, F_FULLFSYNC does not. A file
// system that has none says so in one of three ways; after any other failure
// bytes may be lost, and an fsync that succeeds would hide that.
bool sync_file(int fd) {
#ifdef F_FULLFSYNC
  const auto full_sync = [&] { return fcntl(fd, F_FULLFSYNC); };
  if (again_after_interrupt(full_sync) == 0) return true;
  if (errno != ENOTSUP && errno != ENOTTY && errno != EINVAL) return false;
#endif
  return again_after_interrupt([&] { return fsync(fd); }) == 0;
}

bool sync_data(int fd) {
#ifdef F_FULLFSYNC
  return sync_file(fd);
#else
  return again_after_interrupt([&] { return fdatasync(fd); }) == 0;
#endif
}

bool write_all(int fd, Buffer& bytes) {
  while (!bytes.empty()) {
    const ssize_t put = again_after_interrupt(
        [&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (put < 0) return false;
    bytes.consume(static_cast<size_t>(put));
  }
  return true;
}

}  // namespace klh
