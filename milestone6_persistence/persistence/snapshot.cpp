#include "persistence/snapshot.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <cerrno>
#include <utility>

#include "persistence/dump.h"

namespace klh {

namespace {

// In the child: keeps only the file that it writes. The sockets are those of
// the server, which may be gone and started again before we are done.
int keep_only(int fd) {
  constexpr int kKept = 3;
  if (fd != kKept) {
    if (::dup2(fd, kKept) < 0) return -1;
  }
#ifdef __linux__
  if (::close_range(kKept + 1, ~0U, 0) == 0) return kKept;
#endif
  const long limit = sysconf(_SC_OPEN_MAX);
  for (int other = kKept + 1; other < limit; ++other) ::close(other);
  return kKept;
}

// Ends with the server: what it was to write is of no use to the next.
void follow_parent(pid_t parent) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGALRM}) {
    signal(signal_number, SIG_DFL);
  }
  if (getppid() != parent) _exit(EINTR);
}

// What is left over costs only room, so the next snapshot may try again.
void remove_older_files(const DataDirectory& directory, uint64_t newest) {
  const auto names = directory.names();
  if (!names) return;
  for (const std::string& name : *names) {
    for (const FileKind kind : {FileKind::dump, FileKind::journal}) {
      const auto number = number_in(finished(name), kind);
      if (number && *number < newest) directory.remove(name);
    }
  }
}

}  // namespace

Snapshots::Snapshots(const DataDirectory& directory, Journal* journal,
                     const Loaded& loaded)
    : directory_(directory),
      journal_(journal),
      newest_(std::max(loaded.dump, loaded.journal)),
      dump_number_(loaded.dump),
      dump_size_(loaded.dump_size),
      has_note_(loaded.is_suspect) {
  const auto id = directory.id_of(file_name(FileKind::dump, dump_number_));
  if (id) dump_id_ = *id;
}

Status Snapshots::begin(const Loaded& loaded, const Store& store) {
  if (!journal_) return {};
  if (loaded.journal != 0) {
    if (!loaded.unfinished_journal.empty() &&
        !directory_.finish(file_name(FileKind::journal, loaded.journal))) {
      return Status::from_errno("rename " + loaded.unfinished_journal);
    }
    Status status = journal_->resume(loaded.journal, loaded.journal_size,
                                     loaded.journal_checksum);
    if (status.ok() && loaded.is_suspect) journal_->distrust();
    return status;
  }
  // The first journal beside a dump that has none, or else beside an empty one,
  // so that from now on a file that is missing is missed.
  const bool is_first = newest_ == 0;
  if (is_first) newest_ = 1;
  Status status =
      journal_->prepare(newest_, is_first ? std::string(kNothing)
                                          : file_name(FileKind::dump, newest_));
  if (status.ok()) status = journal_->take_prepared();
  if (status.ok() && is_first) {
    dump_ = directory_.create(unfinished(file_name(FileKind::dump, newest_)));
    const int error = dump_.is_open()
                          ? write_dump(dump_.get(), store, journal_name())
                          : errno;
    status = error == 0 ? complete() : Status::from_errno("dump", error);
    wait_for_remover();
  } else if (status.ok() && !directory_.sync()) {
    // Nothing else leads to it.
    status = Status::from_errno("fsync " + directory_.path());
  }
  return status;
}

Status Snapshots::save(const Store& store) {
  cancel();
  Status status = open_next();
  if (!status.ok()) return status;
  const int error = write_dump(dump_.get(), store, journal_name());
  status = error == 0 ? complete() : failed("write", error);
  wait_for_remover();
  return status;
}

Status Snapshots::start(const Store& store) {
  Status status = directory_.check();
  if (!status.ok()) return status;
  replaces_ = journal_ && journal_->has_lost_data();
  if (journal_ && !replaces_) return journal_->begin_rotation();
  return start_child(store);
}

Status Snapshots::start_child(const Store& store) {
  Status status = open_dump();
  if (!status.ok()) return status;
  const pid_t parent = getpid();
  child_ = ::fork();
  if (child_ < 0) {
    child_ = 0;
    return failed("fork for", errno);
  }
  if (child_ == 0) {
    follow_parent(parent);
    const int fd = keep_only(dump_.get());
    _exit(fd < 0 ? errno : write_dump(fd, store, journal_name()));
  }
  return {};
}

std::optional<Status> Snapshots::poll(const Store& store) {
  if (is_rotating()) {
    const auto rotated = journal_->poll_rotation();
    if (!rotated) return std::nullopt;
    Status status = rotated->ok() ? start_child(store) : *rotated;
    if (!status.ok()) return status;
  }
  if (child_ != 0) {
    const auto outcome = poll_child();
    if (!is_removing_) return outcome;
  }
  if (!is_removing_ || remover_.is_busy()) return std::nullopt;
  is_removing_ = false;
  return Status();
}

std::optional<Status> Snapshots::poll_child() {
  int status = 0;
  const pid_t ended = ::waitpid(child_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  child_ = 0;
  if (ended < 0) return failed("wait for the process that writes", errno);
  if (WIFSIGNALED(status)) {
    return failed(
        Status::refused("the process that writes it was ended by "
                        "signal " +
                        std::to_string(WTERMSIG(status))));
  }
  if (WEXITSTATUS(status) != 0) return failed("write", WEXITSTATUS(status));
  return complete();
}

void Snapshots::wait_for_remover() {
  remover_.wait();
  is_removing_ = false;
}

// While older files are removed, which they are may change at any moment.
Status Snapshots::check() const {
  if (dump_number_ == 0 || is_removing_) return {};
  Status status =
      directory_.check(file_name(FileKind::dump, dump_number_), dump_id_);
  const uint64_t last = journal_ ? journal_->number() : 0;
  for (uint64_t n = dump_number_; status.ok() && n < last; ++n) {
    const std::string name = file_name(FileKind::journal, n);
    if (!directory_.id_of(name)) {
      status =
          Status::missing("it has been removed").at(directory_.path_of(name));
    }
  }
  return status;
}

void Snapshots::cancel() {
  wait_for_remover();
  if (journal_) journal_->cancel_rotation();
  if (child_ == 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) continue;
  child_ = 0;
  (void)failed(Status::stopped());
}

// From here on changes go to the next journal; what comes before them goes to
// the dump of the same number, whose file is open now. After a failed sync the
// journal waits for the dump instead: nothing that is in the old one counts.
// But that may have an end, on the disk or not, and the file to which it leads
// must stay as it is until the dump is complete: so the number is left out.
Status Snapshots::open_next() {
  Status status = directory_.check();
  replaces_ = journal_ && journal_->has_lost_data();
  if (status.ok() && journal_ && !replaces_) status = journal_->rotate();
  return status.ok() ? open_dump() : status;
}

Status Snapshots::open_dump() {
  if (journal_ && !replaces_) {
    newest_ = journal_->number();
  } else {
    newest_ += replaces_ ? 2 : 1;
  }
  const std::string name = file_name(FileKind::dump, newest_);
  if (replaces_) journal_->drop_pending(newest_, name);
  dump_ = directory_.create(unfinished(name));
  return dump_.is_open() ? Status() : failed("open", errno);
}

// The dump is on the disk; gives it its name, and removes what it replaces.
Status Snapshots::complete() {
  struct stat facts {};
  if (::fstat(dump_.get(), &facts) < 0) return failed("stat", errno);
  const FileId id = {facts.st_dev, facts.st_ino};
  dump_.reset();
  const std::string name = file_name(FileKind::dump, newest_);
  if (replaces_) {
    Status status = journal_->prepare(newest_, name);
    if (!status.ok()) return failed(std::move(status));
  }
  if (!directory_.finish(name)) return failed("rename", errno);
  dump_number_ = newest_;
  dump_id_ = id;
  dump_size_ = static_cast<uint64_t>(facts.st_size);
  if (!directory_.sync()) {
    return Status::from_errno("fsync " + directory_.path());
  }
  if (replaces_) {
    // Its new name need not be synced: the dump leads to it, see rotate().
    Status status = journal_->take_prepared();
    if (!status.ok()) return status;
  }
  if (std::exchange(has_note_, false) || replaces_) {
    directory_.remove(std::string(kSyncFailed));
  }
  is_removing_ = true;
  remover_.start([&directory = directory_, newest = newest_] {
    remove_older_files(directory, newest);
    return 0;
  });
  return {};
}

Status Snapshots::failed(const char* call, int error) {
  const std::string name = unfinished(file_name(FileKind::dump, newest_));
  return failed(Status::from_errno(
      std::string(call) + " " + directory_.path_of(name), error));
}

Status Snapshots::failed(Status why) {
  dump_.reset();
  directory_.remove(unfinished(file_name(FileKind::dump, newest_)));
  // The number is free again unless a journal has it.
  if (!journal_ || replaces_) newest_ -= replaces_ ? 2 : 1;
  return why;
}

std::string Snapshots::journal_name() const {
  return journal_ ? file_name(FileKind::journal, newest_) : std::string();
}

}  // namespace klh
