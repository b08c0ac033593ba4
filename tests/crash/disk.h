// The disk below a directory, as far as it remembers: what was synced when the
// power failed is there, of the rest anything may be.
//
//   Disk disk(directory, record);   what is there now is on the disk
//   … a server runs that has loaded shims/power_loss.cpp, and is killed …
//   disk.fail(…);                   the directory is as it would be found
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace klh::test {

class Disk {
 public:
  // What survives besides the things that were synced.
  enum class Kindness {
    none,     // nothing at all
    any,      // of bytes that were appended a beginning, or zeros instead, or
              // both; of changes of names each or not
    in_order  // as a file system that journals names: of their changes the
              // first ones, in all directories; of bytes a beginning
  };

  // `record` is emptied.
  Disk(std::string directory, std::string record);

  // For the process that is watched.
  std::vector<std::string> environment(uint64_t most_sync_us = 0) const;

  // The same for one whose N-th sync of a file fails.
  std::vector<std::string> environment_failing(uint64_t sync) const;

  bool has_failed_to_sync() const;

  void fail(Kindness kindness, std::mt19937_64& random);

 private:
  // Below the directory: "file", "other" and "other/file".
  using Names = std::map<std::string, uint64_t>;
  static constexpr uint64_t kDirectory = 0;  // no file has this inode
  struct Change {
    uint64_t inode = 0;  // "create", else the one that has the name
    std::string from;
    std::string to;
  };

  // What a sync that failed was to write: zeros, once a later one has succeeded
  // and the power fails.
  struct Hole {
    uint64_t begin;
    uint64_t end;
  };
  using Holes = std::vector<Hole>;

  void take(const std::string& line, Kindness kindness);
  void cut_holes(uint64_t inode, uint64_t size);
  void sync_names(const std::string& directory, Kindness kindness);
  void keep_some_changes(Kindness kindness, std::mt19937_64& random);
  void apply(const Change& change, Names& names) const;
  std::string content_of(uint64_t inode, Kindness kindness,
                         std::mt19937_64& random) const;

  std::string directory_;
  std::string record_;
  bool exists_ = true;
  bool is_new_ = false;
  Names names_;  // as they are
  Names synced_names_;
  std::vector<Change> changes_;  // since then
  std::map<uint64_t, uint64_t> synced_sizes_;
  std::map<uint64_t, Holes> holes_;
};

}  // namespace klh::test
