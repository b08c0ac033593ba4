#include "persistence/restore.h"

#include "persistence/data_directory.h"
#include "persistence/dump.h"
#include "persistence/journal.h"
#include "persistence/line_reader.h"
#include "store/store.h"

namespace klh {

namespace {

// Files of ours are data, but for what a restore that was interrupted leaves.
Status check_that_it_is_new(const DataDirectory& directory) {
  const auto names = directory.names();
  if (!names) return Status::from_errno("directory " + directory.path());
  for (const std::string& name : *names) {
    for (const FileKind kind : {FileKind::dump, FileKind::journal}) {
      if (!number_in(finished(name), kind)) continue;
      if (name == unfinished(file_name(kind, 1))) continue;
      return Status::refused("is there already; --restore begins a directory")
          .at(directory.path_of(name));
    }
  }
  return {};
}

Status begin_journal(const DataDirectory& directory) {
  const std::string name = unfinished(file_name(FileKind::journal, 1));
  Buffer header;
  header.append(journal_header(1, file_name(FileKind::dump, 1)));
  const FileDescriptor fd = directory.create(name);
  if (!fd.is_open() || !write_all(fd.get(), header) || !sync_file(fd.get())) {
    return Status::from_errno(directory.path_of(name));
  }
  return {};
}

// Gives a file its name.
Status finish(const DataDirectory& directory, const std::string& name) {
  if (directory.finish(name) && directory.sync()) return {};
  return Status::from_errno(directory.path_of(name));
}

Status write_files(const DataDirectory& directory, const Store& store,
                   bool with_journal) {
  const std::string dump = file_name(FileKind::dump, 1);
  const std::string journal = file_name(FileKind::journal, 1);
  const FileDescriptor fd = directory.create(unfinished(dump));
  const int error =
      fd.is_open() ? write_dump(fd.get(), store, with_journal ? journal : "")
                   : errno;
  if (error != 0) return Status::from_errno(directory.path_of(dump), error);
  Status status = with_journal ? begin_journal(directory) : Status();
  // The journal has to be there whenever the dump is.
  if (status.ok() && !directory.sync()) {
    status = Status::from_errno("fsync " + directory.path());
  }
  if (status.ok()) status = finish(directory, dump);
  if (status.ok() && with_journal) status = finish(directory, journal);
  return status;
}

}  // namespace

Status restore(const std::string& file, const std::string& path,
               bool with_journal, uint64_t& records) {
  Store store;
  FileDescriptor fd;
  Status status = open_regular(file, fd);
  if (!status.ok()) return status;
  ReadDump dump;
  status = read_dump(fd.get(), {}, store, dump).at(file);
  if (!status.ok()) return status;
  records = dump.records;
  const DataDirectory directory(path);
  status = check_that_it_is_new(directory);
  return status.ok() ? write_files(directory, store, with_journal) : status;
}

}  // namespace klh
