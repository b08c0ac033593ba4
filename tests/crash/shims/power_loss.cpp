// A library that a server is made to load (LD_PRELOAD, ld.so(8)): it writes
// down what happens in one directory, so that a test can tell what a disk would
// hold if the power failed now. See ../disk.h, which reads it.
//
//   KLH_DISK_DIRECTORY   the directory that is watched
//   KLH_DISK_RECORD      another one, on the same file system, for
//     log                  what has happened, a line each
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
// nothing of files that are not appended to.
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

// Is this the directory, or the one above it?
bool is_directory(int fd, const char* below = "") {
  char path[4096];
  struct stat status;
  struct stat watched;
  std::snprintf(path, sizeof path, "%s%s", directory(), below);
  return fstat(fd, &status) == 0 && stat(path, &watched) == 0 &&
         same(status, watched);
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
  } else if (is_directory(fd)) {
    take_time();
    log("sync_names\n");
  } else if (is_directory(fd, "/..")) {
    log("sync_directory\n");
  }
  return 0;
}

}  // namespace

extern "C" {

int openat(int at, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static const auto real = next(openat, "openat");
  const bool is_watched = (flags & O_CREAT) && is_directory(at);
  const bool was_there = is_watched && faccessat(at, name, F_OK, 0) == 0;
  const int fd = real(at, name, flags, mode);
  struct stat status;
  if (fd < 0 || !is_watched || !is_file(fd, status)) return fd;
  if (!was_there) {
    keep(fd, status.st_ino);
    log("create %lu %s\n", status.st_ino, name);
  } else if (flags & O_TRUNC) {
    log("truncate %lu 0\n", status.st_ino);
  }
  return fd;
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

int renameat(int from_at, const char* from, int to_at, const char* to) {
  static const auto real = next(renameat, "renameat");
  const int result = real(from_at, from, to_at, to);
  if (result == 0 && is_directory(to_at)) log("rename %s %s\n", from, to);
  return result;
}

int unlinkat(int at, const char* name, int flags) {
  static const auto real = next(unlinkat, "unlinkat");
  const int result = real(at, name, flags);
  if (result == 0 && is_directory(at)) log("remove %s\n", name);
  return result;
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = next(mkdir, "mkdir");
  const int result = real(path, mode);
  if (result == 0 && std::strcmp(path, directory()) == 0) log("make\n");
  return result;
}

int fsync(int fd) {
  return sync(fd);
}

int fdatasync(int fd) {
  return sync(fd);
}

}  // extern "C"
