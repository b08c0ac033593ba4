#include "crash/disk.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/net.h"

namespace klh::test {

namespace {

namespace fs = std::filesystem;

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_whole(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

uint64_t inode_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) die("stat " + path.string());
  return status.st_ino;
}

// "." for the one that is watched.
std::string directory_of(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == name.npos ? "." : name.substr(0, slash);
}

}  // namespace

Disk::Disk(std::string directory, std::string record)
    : directory_(std::move(directory)), record_(std::move(record)) {
  fs::remove_all(record_);
  fs::create_directories(record_ + "/inodes");
  write_whole(record_ + "/log", "");
  exists_ = fs::exists(directory_);
  if (!exists_) return;
  for (const auto& each : fs::recursive_directory_iterator(directory_)) {
    const std::string name = each.path().lexically_relative(directory_);
    names_[name] = kDirectory;
    if (each.is_directory()) continue;
    const uint64_t inode = inode_of(each.path());
    fs::create_hard_link(each.path(),
                         record_ + "/inodes/" + std::to_string(inode));
    names_[name] = inode;
    synced_sizes_[inode] = each.file_size();
  }
  synced_names_ = names_;
}

std::vector<std::string> Disk::environment(uint64_t most_sync_us) const {
  return {"KLH_DISK_DIRECTORY=" + directory_, "KLH_DISK_RECORD=" + record_,
          "KLH_DISK_SYNC_US=" + std::to_string(most_sync_us)};
}

std::vector<std::string> Disk::environment_failing(uint64_t sync) const {
  std::vector<std::string> variables = environment();
  variables.push_back("KLH_DISK_FAIL_SYNC=" + std::to_string(sync));
  return variables;
}

bool Disk::has_failed_to_sync() const {
  return read_whole(record_ + "/log").find("lose_file") != std::string::npos;
}

void Disk::fail(Kindness kindness, std::mt19937_64& random) {
  std::istringstream log(read_whole(record_ + "/log"));
  for (std::string line; std::getline(log, line);) take(line, kindness);
  keep_some_changes(kindness, random);
  fs::remove_all(directory_);
  if (!exists_) return;
  fs::create_directory(directory_);
  for (const auto& [name, inode] : synced_names_) {
    const fs::path path = directory_ + "/" + name;
    if (!fs::exists(path.parent_path())) continue;  // gone with that
    if (inode == kDirectory) {
      fs::create_directory(path);
    } else {
      write_whole(path, content_of(inode, kindness, random));
    }
  }
}

void Disk::keep_some_changes(Kindness kindness, std::mt19937_64& random) {
  if (kindness == Kindness::in_order) {
    changes_.resize(random() % (changes_.size() + 1));
    for (const Change& change : changes_) apply(change, synced_names_);
  }
  for (const Change& change : changes_) {
    const bool survives = kindness == Kindness::any && random() % 2 == 0;
    if (survives) apply(change, synced_names_);
  }
}

// A file that goes from one directory to another does so as a whole: what is
// seen of that in one of them is seen in both.
void Disk::sync_names(const std::string& directory, Kindness kindness) {
  std::vector<Change> others;
  for (const Change& change : changes_) {
    const bool is_synced =
        kindness == Kindness::in_order ||
        (!change.from.empty() && directory_of(change.from) == directory) ||
        (!change.to.empty() && directory_of(change.to) == directory);
    if (is_synced) {
      apply(change, synced_names_);
    } else {
      others.push_back(change);
    }
  }
  changes_ = std::move(others);
}

void Disk::take(const std::string& line, Kindness kindness) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "make") is_new_ = true;
  if (what == "sync_directory") exists_ |= is_new_;
  if (what == "sync_names") {
    std::string directory;
    words >> directory;
    sync_names(directory, kindness);
  }
  if (what == "sync_file" || what == "truncate" || what == "lose_file") {
    uint64_t inode = 0;
    uint64_t size = 0;
    words >> inode >> size;
    uint64_t& synced = synced_sizes_[inode];
    // What is cut off is gone at once: later bytes may take its place.
    if (what == "truncate") cut_holes(inode, size);
    if (what == "truncate") synced = std::min(synced, size);
    if (what == "lose_file") holes_[inode].push_back({synced, size});
    if (what == "sync_file") synced = size;
  }
  if (what == "create" || what == "make_below" || what == "rename" ||
      what == "remove") {
    Change change;
    if (what == "create") {
      words >> change.inode >> change.to;
    } else if (what == "make_below") {
      change.inode = kDirectory;
      words >> change.to;
    } else {
      words >> change.from >> change.to;
      change.inode = names_[change.from];
    }
    apply(change, names_);
    changes_.push_back(change);
  }
}

void Disk::cut_holes(uint64_t inode, uint64_t size) {
  for (Hole& hole : holes_[inode]) hole.end = std::min(hole.end, size);
}

void Disk::apply(const Change& change, Names& names) const {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

std::string Disk::content_of(uint64_t inode, Kindness kindness,
                             std::mt19937_64& random) const {
  std::string bytes = read_whole(record_ + "/inodes/" + std::to_string(inode));
  const auto found = synced_sizes_.find(inode);
  const size_t synced =
      std::min(bytes.size(), found == synced_sizes_.end() ? 0 : found->second);
  const size_t more = bytes.size() - synced;
  size_t kept = 0;
  size_t zeros = 0;
  if (kindness == Kindness::any) {
    const auto below = [&](size_t limit) { return random() % limit; };
    if (below(2) == 0) kept = below(more + 1);
    if (below(2) == 0) zeros = below(more - kept + 1);
  }
  if (kindness == Kindness::in_order) kept = random() % (more + 1);
  const auto holes = holes_.find(inode);
  for (const Hole& hole : holes == holes_.end() ? Holes() : holes->second) {
    for (size_t i = hole.begin; i < hole.end; ++i) bytes[i] = '\0';
  }
  bytes.resize(synced + kept);
  return bytes + std::string(zeros, '\0');
}

}  // namespace klh::test
