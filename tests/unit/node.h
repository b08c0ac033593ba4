// A server without its sockets: a store, the commands, and the files, wired as
// durability.cpp wires them. And what a start makes of the files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/files.h"
#include "persistence/data_directory.h"
#include "persistence/loader.h"
#include "persistence/snapshot.h"
#include "unit/contents.h"
#include "unit/effect_listener.h"
#include "unit/machine.h"

namespace klh::test {

using Files = FileContents;

// Makes the directory hold these files and no others.
// (Anew: some file systems sync a file that is written again from its start.)
inline void put_files(const std::string& directory, const Files& files) {
  for (const auto& each : std::filesystem::directory_iterator(directory)) {
    std::filesystem::remove_all(each.path());
  }
  for (const auto& [name, bytes] : files) {
    write_file(directory + "/" + name, bytes);
  }
}

class Node {
 public:
  explicit Node(const std::string& path) : directory_(path) {}

  // What is wrong, or "": then changes are kept.
  std::string start() {
    Machine& machine = machine_;
    const Status status = load_files(
        directory_, machine.store(),
        [&machine](Args effect) {
          return apply_effect(machine.host(), effect);
        },
        {}, loaded_);
    std::string complaint = status.text();
    if (complaint.empty()) {
      snapshots_.emplace(directory_, &journal_, loaded_);
      complaint = snapshots_->begin(loaded_, machine.store()).text();
    }
    if (complaint.empty() && journal_.has_lost_data()) {
      complaint = snapshots_->save(machine.store()).text();
    }
    listener_.emplace(machine.host(),
                      [this](Args effect) { journal_.append(effect); });
    return complaint;
  }

  // Runs it, and writes its effects. The reply.
  std::string run(const Words& command) {
    const std::string reply = machine_.run(command);
    return journal_.commit() ? reply : journal_.failure().text();
  }

  Store& store() { return machine_.store(); }
  Journal& journal() { return journal_; }
  Snapshots& snapshots() { return *snapshots_; }
  const Loaded& loaded() const { return loaded_; }
  Contents contents() { return contents_of(store(), INT64_MIN); }

 private:
  DataDirectory directory_;
  Machine machine_;
  Journal journal_{directory_};
  std::optional<Snapshots> snapshots_;  // from the end of the load on
  Loaded loaded_;
  std::optional<EffectListener> listener_;
};

struct LoadOutcome {
  std::string complaint;
  Contents contents;
  Loaded loaded;
};

// Only looks at the files.
inline LoadOutcome load(const std::string& path) {
  LoadOutcome outcome;
  const DataDirectory directory(path, DataDirectory::Use::check);
  Machine machine;
  const Status status = load_files(
      directory, machine.store(),
      [&machine](Args effect) { return apply_effect(machine.host(), effect); },
      {}, outcome.loaded);
  outcome.complaint = status.text();
  if (outcome.complaint.empty()) {
    outcome.contents = contents_of(machine.store(), INT64_MIN);
  }
  return outcome;
}

}  // namespace klh::test
