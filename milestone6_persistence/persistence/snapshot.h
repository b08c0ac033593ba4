// When a new dump is written, and what that means for the files beside it.
//
//   in the directory                        what happened
//   dump-7  journal-7
//   dump-7  journal-7  journal-8            changes go to a new journal
//   dump-7  journal-7  journal-8  8.tmp     the dump is being written
//   dump-7  journal-7  dump-8  journal-8    it is complete, synced and renamed
//   dump-8  journal-8                       what it replaces is removed
//
// A start finds everything in each of these lines. A snapshot that fails costs
// nothing but a number.
//
// In the background the dump is written by a child process: fork(2) gives it
// the memory as it was at that moment, while we go on. Where there is no
// journal, the dumps are all there is.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/status.h"
#include "persistence/data_directory.h"
#include "persistence/journal.h"
#include "persistence/loader.h"
#include "persistence/worker.h"
#include "store/store.h"

namespace klh {

class Snapshots {
 public:
  // Goes on where the files end that have been loaded; begin() must come next.
  // `journal` is nullptr where none is kept. Both must outlive this object.
  Snapshots(const DataDirectory& directory, Journal* journal,
            const Loaded& loaded);
  ~Snapshots() { cancel(); }
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  // Opens or makes the journal that changes go to. If there is a note of a
  // failed sync, or one fails now, save() must come next.
  Status begin(const Loaded& loaded, const Store& store);

  // Writes all keys to a new dump; it is on disk on return. A dump that is
  // being written in the background is given up. Blocks. O(n).
  Status save(const Store& store);

  // Starts to do so in the background. Not while it is running. At first the
  // journal is rotated, if there is one; what is in the store when that is done
  // goes to the dump. Then it takes the time of a fork(2), which is O(n) too, at
  // about 10 ms for a GiB.
  Status start(const Store& store);
  bool is_rotating() const { return journal_ && journal_->is_rotating(); }
  bool is_running() const {
    return child_ != 0 || is_removing_ || is_rotating();
  }

  // Has it come to its end? Then how.
  std::optional<Status> poll(const Store& store);

  // Would a start find the newest dump, and the journals from its number on but
  // the last? `missing` if not. O(journals), of which there is one unless
  // snapshots have failed.
  Status check() const;

  // The size of the newest complete dump.
  uint64_t dump_size() const { return dump_size_; }

  // Ends it without a result.
  void cancel();

 private:
  Status open_next();
  Status open_dump();
  Status start_child(const Store& store);
  Status complete();
  std::optional<Status> poll_child();
  void wait_for_remover();
  Status failed(const char* call, int error);
  Status failed(Status why);
  std::string journal_name() const;

  const DataDirectory& directory_;
  Journal* journal_;
  uint64_t newest_ = 0;       // the highest number that a file has
  uint64_t dump_number_ = 0;  // of the newest complete dump; 0: there is none
  FileId dump_id_;
  uint64_t dump_size_ = 0;
  FileDescriptor dump_;       // being written, of number newest_
  bool replaces_ = false;     // the dump makes good for a journal with a hole
  bool has_note_ = false;     // kSyncFailed was there when we began
  pid_t child_ = 0;           // 0: none
  bool is_removing_ = false;  // what the last dump replaces
  Worker remover_;
};

}  // namespace klh
