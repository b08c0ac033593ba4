// The directory that the files are in, and their names.
//
//   dump-7.klh           all keys as they were when it was begun
//   journal-7.klh        every change since then
//   journal-8.klh        the same from the beginning of the next dump
//   dump-8.klh.tmp       which is not finished: no start loads it
//   sync-failed          the disk may not hold what the files seem to say
//
// It belongs to one server at a time: it is locked as long as the object lives.
// What happens to names in it lasts only after sync(): fsync(2) of a file says
// nothing about the name that the file has.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"
#include "common/net.h"
#include "common/status.h"

namespace klh {

enum class FileKind { dump, journal };

// "dump-7.klh"
std::string file_name(FileKind kind, uint64_t number);

// The 7 of "dump-7.klh", if that is a name that file_name() gives.
std::optional<uint64_t> number_in(std::string_view name, FileKind kind);

// The name of a file that is still being written.
std::string unfinished(const std::string& name);

// The other way round; a name that is not unfinished stays as it is.
std::string_view finished(std::string_view name);

// The name of a note for the next start. A sync has failed, and then the kernel
// may call clean what it could not write (fsync(2), NOTES): the files can be
// read as if nothing had happened, until the power fails. While we live we know
// better; the note is for whoever comes after us. It need not be on the disk
// itself: where the power fails, what cannot be trusted is gone as well.
inline constexpr std::string_view kSyncFailed = "sync-failed";

// Which file it is, whatever its name: see inode(7).
struct FileId {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const FileId&) const = default;
};

// Of an open file. See fstat(2).
std::optional<FileId> id_of(int fd);

class DataDirectory {
 public:
  enum class Use { serve, check };

  // Opens and locks the directory. To serve it is made if it is missing; to
  // check, several may hold it at once, but no server. Ends the program with
  // one line on stderr if that cannot be done. See flock(2).
  explicit DataDirectory(std::string path, Use use = Use::serve);

  // For messages: "data/dump-7.klh".
  std::string path_of(const std::string& name) const;
  const std::string& path() const { return path_; }

  // All names in it, or what went wrong in errno. See readdir(3).
  std::optional<std::vector<std::string>> names() const;

  // Is it still there, under whatever name? `missing` when it was removed: what
  // is in its open files is then lost with us, and none can be made in it.
  Status check() const;

  // Is this file what stands under the name? `missing` when the name is gone,
  // or belongs to another file: a start would not find ours. O(1).
  Status check(const std::string& name, const FileId& file) const;
  std::optional<FileId> id_of(const std::string& name) const;

  // What follows returns false, or a descriptor that is not open, with what
  // went wrong in errno.
  FileDescriptor open_to_read(const std::string& name) const;
  FileDescriptor open_to_append(const std::string& name) const;
  FileDescriptor create(const std::string& name) const;      // anew, if there
  FileDescriptor create_new(const std::string& name) const;  // fails, if there
  [[nodiscard]] bool finish(const std::string& name) const;  // "x.tmp" to "x"
  bool remove(const std::string& name) const;
  [[nodiscard]] bool note_failed_sync(const Status& failure) const;
  [[nodiscard]] bool sync() const;

 private:
  FileDescriptor open(const std::string& name, int flags) const;

  std::string path_;
  FileDescriptor fd_;
};

// One line about the note that a sync has failed.
Status suspicion(const DataDirectory& directory);

// "what: why", by errno.
std::string complaint_of(const std::string& what);

// All bytes that were written to the file are on the disk when it returns true;
// sync_data() spares what is not needed to read them (fdatasync(2)). EINTR is
// no failure. After a failure nobody knows what is on the disk, and the kernel
// may have dropped what is not: to try again proves nothing (fsync(2), NOTES).
[[nodiscard]] bool sync_file(int fd);
[[nodiscard]] bool sync_data(int fd);

// Takes from the buffer what has been written. False, with errno, if that is
// not all of it.
[[nodiscard]] bool write_all(int fd, Buffer& bytes);

}  // namespace klh
