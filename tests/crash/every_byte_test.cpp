// The files of a server, each cut at each byte, with a bit of each byte
// changed, or gone: what does a start make of them? For the figures of
// docs/durability.md, of our server and of redis-server, which is why the
// files are those that a server has written and the contents what it replies.
// What must come out for ours unit/damage_test.cpp says, of many more damages.
//
//   build/crash_test --gtest_filter='EveryByte*'
//     --gtest_also_run_disabled_tests [--server=redis-server]
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "crash/model.h"
#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

namespace fs = std::filesystem;

// Times are so far away that they are compared to the millisecond.
const std::vector<Words> kBefore = {
    {"SET", "name", "Alice"},
    {"SET", "session", "4711", "PXAT", "4102444800000"},
    {"RPUSH", "color", "red", "blue", "orange"},
    {"HSET", "user:100", "name", "prem", "age", "21"},
    {"ZADD", "board", "10", "alice", "12.5", "bob"},
    {"SET", "visits", "1"}};

const std::vector<Words> kAfter = {{"INCR", "visits"},
                                   {"APPEND", "name", " Smith"},
                                   {"LPUSH", "color", "green"},
                                   {"HINCRBY", "user:100", "age", "1"},
                                   {"ZINCRBY", "board", "2.5", "alice"},
                                   {"SET", "city", "Berlin"},
                                   {"RPOP", "color"},
                                   {"INCRBY", "visits", "10"},
                                   {"HSET", "user:100", "city", "Paris"},
                                   {"SET", "note", "some words"},
                                   {"PEXPIREAT", "note", "4102444800001"},
                                   {"ZADD", "board", "7", "carol"},
                                   {"DEL", "city"},
                                   {"RENAME", "note", "memo"},
                                   {"ZREM", "board", "bob"},
                                   {"SETRANGE", "name", "0", "Carol"},
                                   {"HDEL", "user:100", "name"},
                                   {"INCR", "visits"}};

// What is acknowledged is in the files.
const std::vector<std::string> kFlags = {"--save", "", "--appendfsync",
                                         "always"};

enum class Outcome { refused, whole, told, silent, empty, other };
constexpr const char* kOutcomes[] = {"refused",
                                     "all there",
                                     "the end missing, and said so",
                                     "the end missing, not said",
                                     "empty, not said",
                                     "other data, not said"};

class EveryByte : public testing::Test {
 protected:
  void make_files();
  void damage_all();
  void print() const;

  FileContents files_;

 private:
  void run(Peer& peer, const std::vector<Words>& commands);
  void rotate(Peer& peer);
  Contents contents(Peer& peer);
  void count(const FileContents& files, const std::string& what);
  Outcome start_with(const FileContents& files);

  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  std::vector<Contents> states_ = {{}};  // after each command
  std::map<std::string, std::map<Outcome, size_t>> counts_;
};

Contents EveryByte::contents(Peer& peer) {
  return contents_of([&](const Words& words) { return peer.ask(words); }, "");
}

void EveryByte::run(Peer& peer, const std::vector<Words>& commands) {
  for (const Words& command : commands) {
    const std::string reply = peer.ask(command);
    ASSERT_FALSE(reply.starts_with('-')) << command[0] << " " << reply;
    states_.push_back(contents(peer));
  }
}

// What comes before is in one file then, what comes after in another.
void EveryByte::rotate(Peer& peer) {
  peer.ask({tests_redis() ? "BGREWRITEAOF" : "BGSAVE"});
  const Deadline deadline(settings().deadline_ms);
  std::string info;
  do {
    require(!deadline.has_passed(), "it ends within " + deadline_text(), info);
    info = peer.ask({"INFO", "persistence"});
  } while (info.find("aof_rewrite_in_progress:1") != std::string::npos ||
           info.find("rdb_bgsave_in_progress:1") != std::string::npos);
}

void EveryByte::make_files() {
  CrashServer server({.directory = data_, .flags = kFlags});
  ASSERT_TRUE(server.wait_until_ready()) << server.log();
  Peer peer(server.port());
  run(peer, kBefore);
  rotate(peer);
  run(peer, kAfter);
  server.kill();
  for (const auto& each : fs::recursive_directory_iterator(data_)) {
    if (each.is_directory()) continue;
    files_[each.path().lexically_relative(data_)] = read_file(each.path());
  }
}

void EveryByte::damage_all() {
  ASSERT_EQ(start_with(files_), Outcome::whole);
  for (const auto& [name, bytes] : files_) {
    const std::string file = name.substr(name.rfind('/') + 1);
    for (size_t i = 0; i < bytes.size(); ++i) {
      FileContents files = files_;
      files[name].resize(i);
      count(files, file + ", cut");
      files[name] = bytes;
      files[name][i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
      count(files, file + ", a bit changed");
    }
    FileContents files = files_;
    files.erase(name);
    count(files, file + ", gone");
  }
}

void EveryByte::count(const FileContents& files, const std::string& what) {
  ++counts_[what][start_with(files)];
}

Outcome EveryByte::start_with(const FileContents& files) {
  fs::remove_all(data_);
  for (const auto& [name, bytes] : files) {
    const fs::path path = data_ + "/" + name;
    fs::create_directories(path.parent_path());
    write_file(path, bytes);
  }
  CrashServer server({.directory = data_, .flags = kFlags});
  if (!server.wait_until_ready()) return Outcome::refused;
  Peer peer(server.port());
  const Contents found = contents(peer);
  const auto is_found = [&](const Contents& state) {
    return are_equal(state, found);
  };
  if (is_found(states_.back())) return Outcome::whole;
  if (std::none_of(states_.begin(), states_.end(), is_found)) {
    return Outcome::other;
  }
  // Ours says nothing else, redis-server much.
  const bool is_told =
      tests_redis() ? server.log().find("Truncating") != std::string::npos
                    : !server.complaints().empty();
  if (is_told) return Outcome::told;
  return found.empty() ? Outcome::empty : Outcome::silent;
}

void EveryByte::print() const {
  for (const auto& [what, outcomes] : counts_) {
    std::printf("  %s:", what.c_str());
    const char* before = " ";
    for (const auto& [outcome, count] : outcomes) {
      std::printf("%s%zu %s", before, count,
                  kOutcomes[static_cast<size_t>(outcome)]);
      before = "; ";
    }
    std::printf("\n");
  }
}

TEST_F(EveryByte, DISABLED_IsSortedByWhatAStartMakesOfIt) {
  make_files();
  if (HasFatalFailure()) return;
  ASSERT_EQ(files_.size(), tests_redis() ? 3u : 2u);
  damage_all();
  if (HasFatalFailure()) return;
  print();
}

}  // namespace

}  // namespace klh::test
