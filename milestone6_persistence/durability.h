// What becomes of the store when the process ends: the files of the directory,
// brought together with the host that the commands know.
//
//   load_store() --> Loaded --> Durability: hands every effect to the journal,
//                               starts snapshots when they are due
//
// Only main knows it; the server and the commands see a Keeper.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "commands/host.h"
#include "commands/keeper.h"
#include "persistence/data_directory.h"
#include "persistence/journal.h"
#include "persistence/loader.h"
#include "persistence/snapshot.h"

namespace klh {

// Loads what is in the files. `on_progress` is called now and then and says
// whether to go on; nothing: it was stopped. Damage ends the program with one
// line on stderr. Nothing on disk is touched, and host.keeper stays as it is.
std::optional<Loaded> load_store(Host& host, const DataDirectory& directory,
                                 const std::function<bool()>& on_progress);

class Durability final : public Keeper {
 public:
  // Goes on where the files end that have been loaded, and becomes the keeper
  // of `host`. Host and directory must outlive this object. Ends the program
  // with one line on stderr if the files cannot be written.
  //
  // It takes what a finished load has brought: a part of the data can neither
  // be written down nor be taken for all of it.
  Durability(Host& host, const DataDirectory& directory, const Loaded& loaded);
  ~Durability();
  Durability(const Durability&) = delete;
  Durability& operator=(const Durability&) = delete;

  void append(Args effect) override;
  [[nodiscard]] bool commit() override;
  int64_t tick() override;
  Status save() override;
  Status start_save() override;
  Status finish(bool saves) override;

 private:
  Status make_good(const Loaded& loaded);
  void look_after_files();
  int64_t tick_snapshots();
  int64_t next_snapshot_ms() const;
  void warn_if_not_saved(const Status& status);
  void note_end_of_save(const Status& status);
  void tell_of_journal();
  void note_journal();

  Host& host_;
  const DataDirectory& directory_;
  Journal journal_;
  Snapshots snapshots_;
  uint64_t changes_at_start_ = 0;  // of the snapshot that is running
  int64_t last_try_ms_ = 0;        // both by the monotonic clock
  int64_t last_save_ms_ = 0;
  int64_t next_look_ms_ = 0;
  Status files_;  // `missing`: a start would not find what we have written
  Status last_warning_;
};

}  // namespace klh
