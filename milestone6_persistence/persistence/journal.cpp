#include "persistence/journal.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "persistence/crc32c.h"
#include "persistence/effect.h"

namespace klh {

namespace {

constexpr int64_t kSecondMs = 1000;

}  // namespace

Status Journal::prepare(uint64_t number, const std::string& follows) {
  Status status = make_next(number, follows);
  if (!status.ok()) return status;
  status = sync_next();
  if (!status.ok()) remove_next();
  return status;
}

// Makes the file, which is not on the disk then.
Status Journal::make_next(uint64_t number, const std::string& follows) {
  const std::string name = unfinished(file_name(FileKind::journal, number));
  Buffer header;
  header.append(journal_header(number, follows));
  File file{number, header.size(), directory_.create(name)};
  first_checksum_ = crc32c(header.view());
  if (!file.fd.is_open() || !write_all(file.fd.get(), header)) {
    Status failure = Status::from_errno(directory_.path_of(name));
    directory_.remove(name);
    return failure;
  }
  prepared_ = std::move(file);
  return {};
}

Status Journal::sync_next() const {
  if (sync_file(prepared_.fd.get()) && directory_.sync()) return {};
  const int error = errno;
  const std::string name = file_name(FileKind::journal, prepared_.number);
  return Status::from_errno(directory_.path_of(unfinished(name)), error);
}

void Journal::remove_next() {
  directory_.remove(unfinished(file_name(FileKind::journal, prepared_.number)));
  prepared_ = File();
}

Status Journal::take_prepared() {
  assert(prepared_.fd.is_open());
  const std::string name = file_name(FileKind::journal, prepared_.number);
  if (!directory_.finish(name)) {
    return Status::from_errno("rename " + directory_.path_of(unfinished(name)));
  }
  worker_.wait();
  file_ = std::exchange(prepared_, File());
  synced_size_ = file_.size;
  syncing_size_ = 0;
  // What is pending, after drop_pending(), are the first lines of this file.
  if (pending_.empty()) checksum_ = first_checksum_;
  failure_ = {};
  has_lost_data_ = false;
  return {};
}

Status Journal::resume(uint64_t number, uint64_t size, uint32_t checksum) {
  const std::string name = file_name(FileKind::journal, number);
  FileDescriptor fd = directory_.open_to_append(name);
  if (!fd.is_open() || ::ftruncate(fd.get(), static_cast<off_t>(size)) < 0) {
    return Status::from_errno(directory_.path_of(name));
  }
  file_ = File{number, size, std::move(fd)};
  synced_size_ = size;
  checksum_ = checksum;
  // May also tell what went wrong while nobody had the file open.
  if (!sync_file(file_.fd.get())) fail_sync(errno);
  return {};
}

void Journal::distrust() {
  failure_ = suspicion(directory_);
  has_lost_data_ = true;
}

Status Journal::rotate() {
  Status status = begin_rotation();
  if (!status.ok()) return status;
  for (;;) {
    worker_.wait();
    if (const auto outcome = poll_rotation()) return *outcome;
  }
}

Status Journal::begin_rotation() {
  assert(!is_rotating_);
  if (!commit()) return failure_;
  Status status =
      make_next(file_.number + 1, file_name(FileKind::journal, file_.number));
  is_rotating_ = status.ok();
  passes_ = 0;
  next_status_ = {};
  return status;
}

std::optional<Status> Journal::poll_rotation() {
  assert(is_rotating_);
  if (worker_.is_busy()) return std::nullopt;
  if (!next_status_.ok()) {
    remove_next();
    is_rotating_ = false;
    return next_status_;
  }
  const bool is_well = commit();
  const bool is_little = file_.size - synced_size_ <= kMostHeldBytes;
  if (is_well && (passes_ == 0 || (!is_little && passes_ < kMostPasses))) {
    start_pass();
    return std::nullopt;
  }
  Status status = is_well ? close_and_go_on() : failure_;
  cancel_rotation();
  return status;
}

// The next file stays where it is: the end of this one may lead to it.
void Journal::cancel_rotation() {
  if (!std::exchange(is_rotating_, false)) return;
  worker_.wait();
  prepared_ = File();
}

// The thread syncs the next file at first, then what this one has by now.
void Journal::start_pass() {
  const bool is_first = passes_++ == 0;
  const bool has_news = file_.size > synced_size_;
  syncing_size_ = has_news ? file_.size : 0;
  worker_.start([this, is_first, has_news, fd = file_.fd.get()] {
    if (is_first) next_status_ = sync_next();
    return has_news ? sync_or_note(fd) : 0;
  });
}

Status Journal::close_and_go_on() {
  Status status = close(prepared_.number);
  if (!status.ok()) return status;
  // The new name need not be synced: until it is on the disk the file has its
  // unfinished name there, and the end of the one before leads to it.
  status = take_prepared();
  if (!status.ok()) take_back_end();
  return status;
}

// Writes and syncs the last line.
Status Journal::close(uint64_t next) {
  Buffer end;
  end.append(journal_end(next, checksum_));
  worker_.wait();
  take_sync_result();
  if (has_failed()) return failure_;
  if (!write_all(file_.fd.get(), end)) {
    Status failure = Status::from_errno("write " + path());
    take_back_end();
    return failure;
  }
  if (!sync_data(file_.fd.get())) {
    fail_sync(errno);
    return failure_;
  }
  return {};
}

// Nothing may stand behind an end, so it has to go if the file stays in use.
void Journal::take_back_end() {
  if (::ftruncate(file_.fd.get(), static_cast<off_t>(file_.size)) < 0 ||
      !sync_file(file_.fd.get())) {
    fail_sync(errno);
  }
}

Status Journal::finish() {
  worker_.wait();
  take_sync_result();
  if (!has_lost_data_) {
    failure_ = {};
    write_pending();
    if (!has_failed()) sync_now();
  }
  return failure_;
}

Status Journal::check() const {
  const auto file = id_of(file_.fd.get());
  if (!file) return Status::from_errno(path());
  return directory_.check(file_name(FileKind::journal, file_.number), *file);
}

void Journal::lose(Status why) {
  failure_ = std::move(why);
  has_lost_data_ = true;
}

void Journal::append(std::span<const std::string_view> effect) {
  checksum_ = append_effect(pending_, effect, checksum_);
}

void Journal::drop_pending(uint64_t next, const std::string& follows) {
  pending_.release();
  checksum_ = crc32c(journal_header(next, follows));
}

bool Journal::commit() {
  take_sync_result();
  if (has_failed()) return false;
  if (pending_.empty()) return true;
  write_pending();
  if (policy_ == SyncPolicy::always && !has_failed()) sync_now();
  return !has_failed();
}

int64_t Journal::tick(int64_t now_ms) {
  take_sync_result();
  if (has_lost_data_) return INT64_MAX;
  if (has_failed()) {
    if (now_ms - last_try_ms_ >= kSecondMs) {
      last_try_ms_ = now_ms;
      failure_ = {};
      write_pending();
    }
    return now_ms + kSecondMs;
  }
  if (policy_ != SyncPolicy::everysec) return INT64_MAX;
  // What a running call is about needs no other; how it ends is seen by the
  // next commit.
  if (file_.size == std::max(synced_size_, syncing_size_)) return INT64_MAX;
  if (now_ms - last_sync_ms_ < kSecondMs) {
    return last_sync_ms_ + kSecondMs;
  }
  if (!worker_.is_busy()) {
    last_sync_ms_ = now_ms;
    syncing_size_ = file_.size;
    worker_.start([this, fd = file_.fd.get()] { return sync_or_note(fd); });
  }
  return now_ms + kSecondMs;
}

std::string Journal::path() const {
  return directory_.path_of(file_name(FileKind::journal, file_.number));
}

// After a short write the file ends inside a line. What is left of it is
// written next time, or a start cuts it off.
void Journal::write_pending() {
  const size_t before = pending_.size();
  if (!write_all(file_.fd.get(), pending_)) {
    failure_ = Status::from_errno("write " + path());
  }
  file_.size += before - pending_.size();
}

// A failure is told only once for an open file (fsync(2)), so no other call may
// be under way that would be told instead.
void Journal::sync_now() {
  if (syncing_size_ != 0) worker_.wait();
  take_sync_result();
  if (has_failed()) return;
  if (sync_data(file_.fd.get())) {
    synced_size_ = file_.size;
  } else {
    fail_sync(errno);
  }
}

void Journal::take_sync_result() {
  if (syncing_size_ == 0 || worker_.is_busy()) return;
  const int error = worker_.wait();
  if (error != 0) fail_sync(error);
  synced_size_ = std::max(synced_size_, std::exchange(syncing_size_, 0));
}

// In the thread. Noted at once: it may take the loop a second to look, and the
// server may be killed before.
int Journal::sync_or_note(int fd) const {
  if (sync_data(fd)) return 0;
  const int error = errno;
  (void)directory_.note_failed_sync(failure_of_sync(error));
  return error;
}

Status Journal::failure_of_sync(int error) const {
  return Status::from_errno("fsync " + path(), error);
}

void Journal::fail_sync(int error) {
  failure_ = failure_of_sync(error);
  has_lost_data_ = true;
  if (directory_.note_failed_sync(failure_)) return;
  const Status not_noted =
      Status::from_errno(directory_.path_of(std::string(kSyncFailed)));
  failure_ = Status::refused(
      failure_.text() +
      "; look at the disk before a start, this could not be noted: " +
      not_noted.text());
}

std::string journal_header(uint64_t number, const std::string& follows) {
  return "# klh 1 " + file_name(FileKind::journal, number) + " follows " +
         follows + "\n";
}

std::string journal_end(uint64_t next, uint32_t before) {
  const std::string name = file_name(FileKind::journal, next);
  const std::string_view words[] = {"#", "next", name};
  Buffer line;
  append_effect(line, words, before);
  return std::string(line.view());
}

}  // namespace klh
