// The files of a directory as a server without a journal uses them.
#pragma once

#include <optional>
#include <string>

#include "persistence/data_directory.h"
#include "persistence/loader.h"
#include "persistence/snapshot.h"
#include "store/store.h"

namespace klh::test {

class Dumps {
 public:
  explicit Dumps(const std::string& path) : directory_(path) {}

  // What is wrong, or "".
  std::string load(Store& store) {
    Loaded loaded;
    Status status = load_files(directory_, store, {}, {}, loaded);
    if (!status.ok()) return status.text();
    snapshots_.emplace(directory_, nullptr, loaded);
    status = snapshots_->begin(loaded, store);
    return status.text();
  }
  std::string save(const Store& store) {
    if (!snapshots_) snapshots_.emplace(directory_, nullptr, Loaded());
    return snapshots_->save(store).text();
  }

 private:
  DataDirectory directory_;
  std::optional<Snapshots> snapshots_;
};

}  // namespace klh::test
