// What becomes of the store when the process ends: the files of the directory,
// brought together with the host that the commands know. It loads them, hands
// every effect to the journal, and starts snapshots when they are due.
//
// Only main knows it; the server and the commands see a Keeper.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "commands/host.h"
#include "commands/keeper.h"
#include "persistence/data_directory.h"
#include "persistence/journal.h"
#include "persistence/loader.h"
#include "persistence/snapshot.h"

namespace klh {

class Durability final : public Keeper {
 public:
  // Opens the directory and becomes the keeper of `host`, which must outlive
  // this object. Ends the program with one line on stderr if that fails.
  explicit Durability(Host& host);

  // Loads what is in the files. `on_progress` is called now and then and says
  // whether to go on. False: it was stopped. Damage ends the program with one
  // line on stderr; nothing on disk is touched then.
  bool load(const std::function<bool()>& on_progress);

  // Writes and syncs what is to last, at the end. With `snapshot`, a dump too
  // if there is something new. Only after a success it is safe to end.
  Status finish(bool snapshot);

  void append(Args effect) override;
  [[nodiscard]] bool commit() override;
  int64_t tick() override;
  Status save() override;
  Status start_save() override;

 private:
  Status make_good(const Loaded& loaded);
  int64_t tick_snapshots();
  int64_t next_snapshot_ms() const;
  void note_end_of_save(const Status& status);
  void note_journal();

  Host& host_;
  DataDirectory directory_;
  Journal journal_;
  Snapshots snapshots_;
  uint64_t changes_at_start_ = 0;  // of the snapshot that is running
  int64_t last_try_ms_ = 0;
};

}  // namespace klh
