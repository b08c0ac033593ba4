// Every change of the store, in order, as it happens.
//
//   # klh 1 journal-3.klh follows journal-2.klh
//   SET name Alice ~30E1BD57                      one change a line, effect.h
//   DEL name ~B9231E82
//   # next journal-4.klh ~26F9A0A5                when there is a next one
//
// A journal follows the dump or the journal whose name its header gives, or
// nothing. It is closed by the name of the next, with a checksum that goes on
// like that of a change, and what is closed is on the disk before a change goes
// to the next one. So only the last can end in the middle of a line, or too
// early, and a file that is missing is missed.
//
//   append --> pending --commit: write--> file --sync--> disk
//
// Changes are collected and written together, once in a turn of the loop
// (group commit). When they are synced, the policy says:
//   always     by commit(), before it returns
//   everysec   once a second, by a thread; a power failure costs that second
//   no         when the system sees fit
// In all three a change is with the kernel when commit() has returned true: a
// process that is killed loses nothing of that.
//
// A write that fails is tried again by tick(), until it works. After a failed
// sync only another file can help: see has_lost_data().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/buffer.h"
#include "common/net.h"
#include "common/status.h"
#include "common/sync_policy.h"
#include "persistence/data_directory.h"
#include "persistence/worker.h"

namespace klh {

class Journal {
 public:
  // `directory` must outlive the journal, which has no file yet.
  explicit Journal(const DataDirectory& directory) : directory_(directory) {}

  void set_policy(SyncPolicy policy) { policy_ = policy; }

  // All that return a Status block for as long as a sync takes.

  // Begins a journal. `follows` is a file's name, or kNothing. In two steps:
  // prepare() makes the file under its unfinished name, which a start takes for
  // the real one when another file leads to it; take_prepared() goes on in it,
  // without a look back at the file before, if there was one.
  Status prepare(uint64_t number, const std::string& follows);
  Status take_prepared();

  // Goes on with a file that a server before us has left. Its first `size`
  // bytes count, and end in a line of this checksum (effect.h). A sync that
  // fails is no failure here, but see has_lost_data().
  Status resume(uint64_t number, uint64_t size, uint32_t checksum);

  // The server before us has noted that a sync had failed (kSyncFailed).
  void distrust();

  // Closes the file and goes on in the next. When it fails, the file stays in
  // use.
  Status rotate();

  // The same without holding up the loop. The thread syncs what is there while
  // changes still go to the old file, again and again until little is left: the
  // loop itself then syncs at most kMostHeldBytes, or what has come in during
  // the last of kMostPasses, should the disk be slower than the changes come.
  // poll_rotation() is called until it says how that has ended.
  Status begin_rotation();
  std::optional<Status> poll_rotation();
  void cancel_rotation();
  bool is_rotating() const { return is_rotating_; }

  static constexpr uint64_t kMostHeldBytes = 128 * 1024;
  static constexpr int kMostPasses = 20;

  // Writes and syncs everything: a server ends.
  Status finish();

  // Is the file still what stands under its name?
  Status check() const;

  // What the files say counts no longer, for this reason: the next start would
  // not find it. See has_lost_data().
  void lose(Status why);

  void append(std::span<const std::string_view> effect);

  // Writes what was appended. False if the changes so far are not as safe as
  // the policy says; failure() tells why. O(1) when nothing was appended.
  [[nodiscard]] bool commit();

  // Does what is due at this time, in milliseconds of the monotonic clock, and
  // returns when it wants to be called again at the latest.
  int64_t tick(int64_t now_ms);

  bool has_failed() const { return !failure_.ok(); }
  const Status& failure() const { return failure_; }

  // A sync has failed, and nobody knows what is on the disk; or files are gone.
  // Only a complete dump and a new file after it make good for that.
  bool has_lost_data() const { return has_lost_data_; }

  // What was appended since the last commit is no longer wanted; what is from
  // here on goes to the next file, which will be begun by prepare() with these.
  void drop_pending(uint64_t next, const std::string& follows);

  uint64_t number() const { return file_.number; }
  uint64_t size() const { return file_.size; }  // with a line that is torn
  size_t pending_size() const { return pending_.size(); }
  bool is_syncing() const { return worker_.is_busy(); }

 private:
  struct File {
    uint64_t number = 0;
    uint64_t size = 0;
    FileDescriptor fd;
  };

  std::string path() const;
  Status make_next(uint64_t number, const std::string& follows);
  Status sync_next() const;
  void remove_next();
  void start_pass();
  Status close_and_go_on();
  Status close(uint64_t next);
  void take_back_end();
  void write_pending();
  void sync_now();
  void take_sync_result();
  int sync_or_note(int fd) const;
  Status failure_of_sync(int error) const;
  void fail_sync(int error);

  const DataDirectory& directory_;
  SyncPolicy policy_ = SyncPolicy::everysec;
  File file_;
  File prepared_;
  Buffer pending_;
  uint32_t checksum_ = 0;        // of the last line, pending ones included
  uint32_t first_checksum_ = 0;  // of the header of prepared_
  bool is_rotating_ = false;
  int passes_ = 0;      // of the rotation
  Status next_status_;  // of the sync of prepared_ by the thread
  uint64_t synced_size_ = 0;
  uint64_t syncing_size_ = 0;  // what the thread's call is about; 0: none runs
  int64_t last_sync_ms_ = 0;
  int64_t last_try_ms_ = 0;
  Status failure_;
  bool has_lost_data_ = false;
  Worker worker_;
};

inline constexpr std::string_view kNothing = "nothing";

// The first line of a journal and, once there is a next, the last, with '\n'.
// `before` is the checksum of the line before it.
std::string journal_header(uint64_t number, const std::string& follows);
std::string journal_end(uint64_t next, uint32_t before);

}  // namespace klh
