#include "durability.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "commands/table.h"
#include "common/clock.h"
#include "common/net.h"
#include "persistence/dump.h"
#include "persistence/loader.h"

namespace klh {

namespace {

constexpr int64_t kSecondMs = 1000;

// Clients who come while the files are loaded wait this long before they are
// told so: most loads are over by then, and not every client tries again.
constexpr int64_t kQuietLoadMs = 1000;

// How often we look whether the journal's syncs and the child have ended, and
// how long after a failure the next snapshot is tried.
constexpr int64_t kLookSoonMs = 5;
constexpr int64_t kLookMs = 100;
constexpr int64_t kRetryMs = 5000;

// How often we look whether the files are still where they were.
constexpr int64_t kLookAfterFilesMs = 1000;

// One line on a terminal that counts up.
class ProgressLine {
 public:
  void show(uint64_t done, uint64_t total) {
    if (!is_terminal_ || total == 0) return;
    const auto percent = static_cast<int>(done * 100 / total);
    if (std::exchange(percent_, percent) == percent) return;
    std::fprintf(stderr, "\rklh: loading, %d %%", percent);
  }
  ~ProgressLine() {
    if (percent_ >= 0) std::fprintf(stderr, "\r                     \r");
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  int percent_ = -1;
};

}  // namespace

std::optional<Loaded> load_store(Host& host, const DataDirectory& directory,
                                 const std::function<bool()>& on_progress) {
  FileStatus& files = host.files;
  files.is_loading = true;
  files.loading_start_s = unix_ms() / kSecondMs;
  files.loading_since_ms = monotonic_ms();
  ProgressLine line;
  Loaded loaded;
  const Progress progress = [&](size_t bytes) {
    files.loading_bytes = loaded.total_bytes;
    files.loaded_bytes += bytes;
    line.show(files.loaded_bytes, files.loading_bytes);
    if (monotonic_ms() - files.loading_since_ms < kQuietLoadMs) return true;
    return on_progress();
  };
  const Status status = load_files(
      directory, host.store,
      [&host](Args effect) { return apply_effect(host, effect); }, progress,
      loaded);
  if (status.is(Status::Kind::stopped)) return std::nullopt;
  for (const std::string& name : loaded.passed_over) {
    host.log.warning(told(directory, name));
  }
  if (!status.ok()) die_plainly(status.text());
  return loaded;
}

Durability::Durability(Host& host, const DataDirectory& directory,
                       const Loaded& loaded)
    : host_(host),
      directory_(directory),
      journal_(directory_),
      snapshots_(directory_, host.options.appendonly ? &journal_ : nullptr,
                 loaded) {
  Status status = snapshots_.begin(loaded, host_.store);
  if (status.ok()) status = make_good(loaded);
  if (!status.ok()) die_plainly(status.text());
  if (!loaded.torn.empty()) {
    host_.log.warning(loaded.torn);
  }
  host_.keeper = this;
  host_.files.is_loading = false;
  host_.files.last_save_s = unix_ms() / kSecondMs;
  last_save_ms_ = monotonic_ms();
  host_.statistics.changes_since_save = loaded.changes;
  note_journal();
}

Durability::~Durability() {
  host_.keeper = &keeps_nothing;
}

// The disk may not hold what was loaded: nobody is served before it does.
Status Durability::make_good(const Loaded& loaded) {
  if (!loaded.is_suspect && !journal_.has_lost_data()) return {};
  const Status why =
      loaded.is_suspect ? suspicion(directory_) : journal_.failure();
  host_.log.warning(why.text());
  return snapshots_.save(host_.store);
}

// When the directory is gone, only an empty store has nothing to lose.
Status Durability::finish(bool saves) {
  snapshots_.cancel();
  look_after_files();
  if (host_.store.size() == 0 && !directory_.check().ok()) return {};
  const bool has_news =
      host_.statistics.changes_since_save != 0 || !files_.ok();
  const Status saved = saves && has_news ? save() : Status();
  if (!host_.options.appendonly) return saved;
  warn_if_not_saved(saved);
  const Status outcome = journal_.finish();
  // The dump that makes good for it may have been cancelled above.
  if (!journal_.has_lost_data() || !save().ok()) return outcome;
  return journal_.finish();
}

void Durability::append(Args effect) {
  if (host_.options.appendonly) journal_.append(effect);
}

bool Durability::commit() {
  if (!host_.options.appendonly) return true;
  journal_.set_policy(host_.options.appendfsync);
  const bool is_safe = journal_.commit();
  // What is only missed is in memory, and can be written anew.
  if (!is_safe && host_.options.appendfsync == SyncPolicy::always &&
      !journal_.failure().is(Status::Kind::missing)) {
    die_plainly(journal_.failure().text());
  }
  return is_safe;
}

// Somebody may have removed the files, or put others in their place: writes to
// what is open would go on to succeed, and be of no use to anyone. What a start
// needs is written anew if the directory is still there. It is not made again:
// whoever has removed it has done so for a reason.
void Durability::look_after_files() {
  next_look_ms_ = host_.monotonic_ms + kLookAfterFilesMs;
  files_ = directory_.check();
  if (files_.ok()) files_ = snapshots_.check();
  if (!host_.options.appendonly || journal_.has_lost_data()) return;
  if (files_.ok()) files_ = journal_.check();
  if (!files_.ok()) journal_.lose(files_);
}

int64_t Durability::tick() {
  if (host_.monotonic_ms >= next_look_ms_) look_after_files();
  const int64_t journal_ms =
      host_.options.appendonly ? journal_.tick(host_.monotonic_ms) : INT64_MAX;
  note_journal();
  return std::min({journal_ms, tick_snapshots(), next_look_ms_});
}

int64_t Durability::tick_snapshots() {
  const bool was_rotating = snapshots_.is_rotating();
  const auto outcome = snapshots_.poll(host_.store);
  // From here on changes are not in the dump.
  if (was_rotating && !snapshots_.is_rotating()) {
    changes_at_start_ = host_.statistics.changes_since_save;
    if (!outcome) tell_of_journal();
  }
  if (outcome) {
    note_end_of_save(*outcome);
    warn_if_not_saved(*outcome);
  }
  if (snapshots_.is_rotating()) return host_.monotonic_ms + kLookSoonMs;
  if (snapshots_.is_running()) return host_.monotonic_ms + kLookMs;
  const int64_t due_ms = next_snapshot_ms();
  if (due_ms > host_.monotonic_ms) return due_ms;
  warn_if_not_saved(start_save());
  return host_.monotonic_ms + kLookSoonMs;
}

// When the next snapshot is due, as things stand now.
int64_t Durability::next_snapshot_ms() const {
  const FileStatus& files = host_.files;
  const Options& options = host_.options;
  int64_t due_ms = INT64_MAX;
  for (const SaveRule& rule : options.save) {
    if (host_.statistics.changes_since_save < rule.changes) continue;
    due_ms = std::min(due_ms, last_save_ms_ + rule.seconds * kSecondMs);
  }
  const uint64_t least =
      std::max(options.auto_aof_rewrite_min_size,
               files.dump_bytes * options.auto_aof_rewrite_percentage / 100);
  const bool is_long =
      options.auto_aof_rewrite_percentage != 0 && files.journal_bytes >= least;
  const bool is_missed = !files_.ok() && !options.save.empty();
  if (is_long || is_missed || journal_.has_lost_data())
    due_ms = host_.monotonic_ms;
  if (due_ms == INT64_MAX || !files.last_save_failed) return due_ms;
  return std::max(due_ms, last_try_ms_ + kRetryMs);
}

Status Durability::save() {
  changes_at_start_ = host_.statistics.changes_since_save;
  host_.files.running_since_ms = monotonic_ms();
  const Status status = snapshots_.save(host_.store);
  note_end_of_save(status);
  return status;
}

Status Durability::start_save() {
  last_try_ms_ = host_.monotonic_ms;
  changes_at_start_ = host_.statistics.changes_since_save;
  host_.files.running_since_ms = monotonic_ms();
  const Status status = snapshots_.start(host_.store);
  if (status.ok()) {
    host_.log.notice("snapshot begun: " + std::to_string(host_.store.size()) +
                     " keys");
  } else {
    note_end_of_save(status);
  }
  note_journal();
  return status;
}

// Once, however often it is tried.
void Durability::warn_if_not_saved(const Status& status) {
  if (last_warning_ == status) return;
  last_warning_ = status;
  if (status.ok()) return;
  host_.log.warning("not saved: " + status.text());
}

void Durability::note_end_of_save(const Status& status) {
  FileStatus& files = host_.files;
  const int64_t now_ms = monotonic_ms();
  const int64_t duration_ms = now_ms - std::exchange(files.running_since_ms, 0);
  files.last_duration_s = duration_ms / kSecondMs;
  files.last_save_failed = !status.ok();
  note_journal();
  if (files.last_save_failed) return;
  host_.log.notice("snapshot complete: " + std::to_string(files.dump_bytes) +
                   " bytes in " + std::to_string(duration_ms) + " ms");
  files_ = {};
  ++files.saves;
  files.last_save_s = unix_ms() / kSecondMs;
  last_save_ms_ = now_ms;
  host_.statistics.changes_since_save -= changes_at_start_;
}

void Durability::tell_of_journal() {
  host_.log.notice("journal rotated: changes go to " +
                   file_name(FileKind::journal, journal_.number()));
}

void Durability::note_journal() {
  FileStatus& files = host_.files;
  files.journal_bytes = journal_.size();
  files.dump_bytes = snapshots_.dump_size();
  files.pending_bytes = journal_.pending_size();
  files.is_syncing = journal_.is_syncing();
  if (files.write_failure == journal_.failure()) return;
  files.write_failure = journal_.failure();
  if (files.write_failure.ok()) {
    host_.log.notice("changes are kept again");
  } else {
    host_.log.warning("changes are refused: " + files.write_failure.text());
  }
}

}  // namespace klh
