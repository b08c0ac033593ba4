// A library that a server is made to load (LD_PRELOAD, ld.so(8)): it writes
// down what happens in one directory, so that a test can tell what a disk would
// hold if the power failed now. See ../disk.h, which reads it.
//
//   KLH_DISK_DIRECTORY   the directory that is watched
//   KLH_DISK_RECORD      another one, on the same file system, for
//     log                  what has happened, a line each; names are those
//                          below the directory, "file" or "directory/file",
//                          however the call has named them
//     inodes/N             a link to each file, N being its inode: so nothing
//                          that a name stood for is gone, and no inode comes
//                          back as another file
//   KLH_DISK_SYNC_US     how long a sync takes, at most: a random time
//   KLH_DISK_FAIL_SYNC   this sync of a file, counted from 1, fails with EIO;
//                        what it was to write is taken for written from then on
//                        and never is, as Linux does it (fsync(2), NOTES)
//
// A line is written when the call has succeeded, before it returns. So a
// process that is killed in between has done less than it could have, which no
// one has been told of.
//
// The syncs themselves are left out: the disk is that of the test. It knows
// nothing of files that are not appended to. sync_file_range(2), which
// redis-server calls too, is no sync: its page says that it must not be taken
// for one.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

template <class Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

const char* directory() {
  return std::getenv("KLH_DISK_DIRECTORY");
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_file(int fd, struct stat& status) {
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::string target_of(const std::string& link) {
  char path[4096];
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  return std::string(path, size < 0 ? 0 : static_cast<size_t>(size));
}

std::string path_of(int fd) {
  return target_of(fd == AT_FDCWD ? "/proc/self/cwd"
                                  : "/proc/self/fd/" + std::to_string(fd));
}

// What it is called below the directory, which itself is "."; "" elsewhere.
std::string name_below(const std::string& real_path) {
  char watched[4096];
  if (!realpath(directory(), watched)) return "";
  const std::string prefix = std::string(watched) + "/";
  if (real_path + "/" == prefix) return ".";
  return real_path.starts_with(prefix) ? real_path.substr(prefix.size()) : "";
}

// The same for a path, whose last part need not be there.
std::string name_below(int at, const std::string& path) {
  const size_t last = path.rfind('/') + 1;  // npos + 1 is 0
  const std::string above = path.starts_with('/') ? "" : path_of(at) + "/";
  char real[4096];
  if (!realpath((above + path.substr(0, last)).c_str(), real)) return "";
  const std::string in = name_below(std::string(real));
  if (in.empty()) return "";
  return in == "." ? path.substr(last) : in + "/" + path.substr(last);
}

// Is this the directory above the one that is watched?
bool is_above(int fd) {
  struct stat status;
  struct stat above;
  const std::string path = std::string(directory()) + "/..";
  return fstat(fd, &status) == 0 && stat(path.c_str(), &above) == 0 &&
         same(status, above);
}

// One write(2) to a file opened with O_APPEND: lines of several threads and
// processes do not mix. The descriptor is not kept, since a child closes all
// that it does not know.
__attribute__((format(printf, 1, 2))) void log(const char* format, ...) {
  const int error = errno;
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  char path[4096];
  std::snprintf(path, sizeof path, "%s/log", std::getenv("KLH_DISK_RECORD"));
  const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0 || write(fd, line, static_cast<size_t>(size)) != size) {
    std::perror("power loss: log");
    std::abort();
  }
  close(fd);
  errno = error;
}

void keep(int fd, unsigned long inode) {
  char from[64];
  char to[4096];
  std::snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
  std::snprintf(to, sizeof to, "%s/inodes/%lu", std::getenv("KLH_DISK_RECORD"),
                inode);
  if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) < 0) {
    std::perror("power loss: link");
    std::abort();
  }
}

void take_time() {
  const char* const most = std::getenv("KLH_DISK_SYNC_US");
  if (!most || std::atoi(most) == 0) return;
  static thread_local unsigned seed = static_cast<unsigned>(getpid());
  usleep(static_cast<unsigned>(rand_r(&seed)) %
         static_cast<unsigned>(std::atoi(most)));
}

bool fails() {
  static std::atomic<int> calls{0};
  const char* const number = std::getenv("KLH_DISK_FAIL_SYNC");
  return number && ++calls == std::atoi(number);
}

// What was written before the call is on the disk after it.
int sync(int fd) {
  struct stat status;
  if (is_file(fd, status)) {
    take_time();
    if (fails()) {
      log("lose_file %lu %ld\n", status.st_ino, status.st_size);
      errno = EIO;
      return -1;
    }
    log("sync_file %lu %ld\n", status.st_ino, status.st_size);
  } else if (const std::string name = name_below(path_of(fd)); !name.empty()) {
    take_time();
    log("sync_names %s\n", name.c_str());
  } else if (is_above(fd)) {
    log("sync_directory\n");
  }
  return 0;
}

// A call that may make a file, or empty one: looks before, and notes after it.
class Opening {
 public:
  Opening(int at, const char* path, int flags) : empties_(flags & O_TRUNC) {
    if (!(flags & (O_CREAT | O_TRUNC))) return;
    name_ = name_below(at, path);
    was_there_ = faccessat(at, path, F_OK, 0) == 0;
  }

  void note(int fd) const {
    struct stat status;
    if (fd < 0 || name_.empty() || !is_file(fd, status)) return;
    if (!was_there_) {
      keep(fd, status.st_ino);
      log("create %lu %s\n", status.st_ino, name_.c_str());
    } else if (empties_) {
      log("truncate %lu 0\n", status.st_ino);
    }
  }

 private:
  std::string name_;
  bool was_there_ = false;
  bool empties_;
};

int note_rename(int result, int from_at, const char* from, int to_at,
                const char* to) {
  if (result != 0) return result;
  const std::string old_name = name_below(from_at, from);
  const std::string new_name = name_below(to_at, to);
  if (!old_name.empty() && !new_name.empty()) {
    log("rename %s %s\n", old_name.c_str(), new_name.c_str());
  }
  return result;
}

int note_removal(int result, int at, const char* path) {
  if (result != 0) return result;
  const std::string name = name_below(at, path);
  if (!name.empty()) log("remove %s\n", name.c_str());
  return result;
}

}  // namespace

extern "C" {

int openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static const auto real = next(openat, "openat");
  const Opening opening(at, path, flags);
  const int fd = real(at, path, flags, mode);
  opening.note(fd);
  return fd;
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static const auto real = next(open, "open");
  const Opening opening(AT_FDCWD, path, flags);
  const int fd = real(path, flags, mode);
  opening.note(fd);
  return fd;
}

// The C library does not call open() for it.
FILE* fopen(const char* path, const char* mode) {
  static const auto real = next(fopen, "fopen");
  const int flags = mode[0] == 'w'   ? O_CREAT | O_TRUNC
                    : mode[0] == 'a' ? O_CREAT
                                     : 0;
  const Opening opening(AT_FDCWD, path, flags);
  FILE* const file = real(path, mode);
  opening.note(file ? fileno(file) : -1);
  return file;
}

int ftruncate(int fd, off_t size) {
  static const auto real = next(ftruncate, "ftruncate");
  const int result = real(fd, size);
  struct stat status;
  if (result == 0 && is_file(fd, status)) {
    log("truncate %lu %ld\n", status.st_ino, size);
  }
  return result;
}

int truncate(const char* path, off_t size) {
  static const auto real = next(truncate, "truncate");
  const int result = real(path, size);
  struct stat status;
  if (result == 0 && stat(path, &status) == 0) {
    log("truncate %lu %ld\n", status.st_ino, size);
  }
  return result;
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  static const auto real = next(renameat, "renameat");
  return note_rename(real(from_at, from, to_at, to), from_at, from, to_at, to);
}

int rename(const char* from, const char* to) {
  static const auto real = next(rename, "rename");
  return note_rename(real(from, to), AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int at, const char* path, int flags) {
  static const auto real = next(unlinkat, "unlinkat");
  return note_removal(real(at, path, flags), at, path);
}

int unlink(const char* path) {
  static const auto real = next(unlink, "unlink");
  return note_removal(real(path), AT_FDCWD, path);
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = next(mkdir, "mkdir");
  const int result = real(path, mode);
  if (result != 0) return result;
  const std::string name = name_below(AT_FDCWD, path);
  if (std::strcmp(path, directory()) == 0) {
    log("make\n");
  } else if (!name.empty()) {
    log("make_below %s\n", name.c_str());
  }
  return result;
}

int fsync(int fd) {
  return sync(fd);
}

int fdatasync(int fd) {
  return sync(fd);
}

// What redis-server calls: on a system of 64 bits they are the same.
int open64(const char*, int, ...) __attribute__((alias("open")));
FILE* fopen64(const char*, const char*) __attribute__((alias("fopen")));
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));
int truncate64(const char*, off64_t) __attribute__((alias("truncate")));

}  // extern "C"
