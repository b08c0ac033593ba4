// --check and --repair, and that a start agrees with them.
#include <algorithm>
#include <filesystem>
#include <random>

#include "store/store_test.h"

namespace klh::test {

namespace {

using Files = std::map<std::string, std::string>;

class Check : public StoreTest {
 protected:
  Check() : StoreTest({"--save", ""}) {}

  // Snapshots that cannot be completed leave three journals.
  Files make_files() {
    check({"SET", "name", "Alice"}, "+OK\r\n");
    check({"RPUSH", "color", "red", "", every_byte()}, number(3));
    check({"HSET", "user", "a:b", "1", "c", every_byte()}, number(2));
    check({"ZADD", "board", "1.5", "a", "-inf", "b"}, number(2));
    check({"PEXPIREAT", "color", "17900000000000"}, number(1));
    check({"SAVE"}, "+OK\r\n");
    check({"APPEND", "name", "!"}, number(6));
    for (const std::string number : {"3", "4"}) {
      std::filesystem::create_directories(path("dump-" + number + ".klh"));
      EXPECT_EQ(ask({"SAVE"}).substr(0, 5), "-ERR ");
      check({"HINCRBY", "user", "a:b", "1"},
            klh::test::number(number == "3" ? 2 : 3));
      check({"INCRBYFLOAT", "float", "0.5"}, bulk(number == "3" ? "0.5" : "1"));
    }
    kill_server();
    std::filesystem::remove(path("dump-3.klh"));
    std::filesystem::remove(path("dump-4.klh"));
    return files_in(directory());
  }

  Outcome run(const std::string& task, const std::string& of) {
    return run_program(
        {course_program(settings().milestone, "server"), task, of});
  }
  Outcome run(const std::string& task) { return run(task, directory()); }

  void put(const Files& files) {
    for (const auto& [name, bytes] : files_in(directory())) {
      std::filesystem::remove(path(name));
    }
    for (const auto& [name, bytes] : files) write_file(path(name), bytes);
  }

  // Does what --repair has printed at the end.
  void follow(const std::string& output) {
    const std::string commands = output.substr(output.find("  mkdir "));
    const Outcome outcome = run_program(
        {"sh", "-ec", commands.substr(0, commands.find("  ./server"))});
    require(outcome.ending.with(0), "exit status 0", outcome.errors);
  }

  void require(bool ok, const std::string& expected,
               const std::string& observed) {
    ASSERT_TRUE(ok) << expected << ", but: " << observed;
  }
};

TEST_F(Check, TellsWhatIsThere) {
  const Files files = make_files();
  const Outcome outcome = run("--check");
  EXPECT_TRUE(outcome.ending.with(0));
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.output,
            "dump-2.klh: 5 records\njournal-2.klh: 1 change\n"
            "journal-3.klh: 2 changes\njournal-4.klh: 2 changes\n");
  EXPECT_EQ(files_in(directory()), files);
}

TEST_F(Check, IsRefusedWhileAServerRuns) {
  check({"SET", "a", "1"}, "+OK\r\n");
  for (const std::string task : {"--check", "--repair"}) {
    const Outcome outcome = run(task);
    EXPECT_TRUE(outcome.ending.with(1));
    EXPECT_EQ(outcome.output, "");
    EXPECT_TRUE(outcome.errors.starts_with("klh: directory " + directory() +
                                           " is used by another server"))
        << outcome.errors;
  }
  check({"GET", "a"}, bulk("1"));
}

// The server before has ended when a sync had failed.
TEST_F(Check, TellsOfAFailedSyncUntilAStartHasMadeGoodForIt) {
  check({"SET", "a", "1"}, "+OK\r\n");
  kill_server();
  const std::string note = path("sync-failed");
  write_file(note, "");
  const std::string told =
      ": a sync has failed, so the disk may not hold what is read here; a "
      "start writes a new dump\n";
  Outcome outcome = run("--check");
  EXPECT_TRUE(outcome.ending.with(0));
  EXPECT_EQ(outcome.output,
            "dump-1.klh: 0 records\njournal-1.klh: 1 change\n" + note + told);
  check({"GET", "a"}, bulk("1"));
  EXPECT_EQ(server().complaints(), "warning: ./sync-failed" + told);
  kill_server();
  outcome = run("--check");
  EXPECT_EQ(outcome.output, "dump-3.klh: 1 record\njournal-3.klh: 0 changes\n");

  // A server without a journal is no exception.
  write_file(note, "");
  start({"--appendonly", "no"});
  check({"GET", "a"}, bulk("1"));
  EXPECT_EQ(server().complaints(), "warning: ./sync-failed" + told);
  EXPECT_FALSE(std::filesystem::exists(note));
  EXPECT_TRUE(std::filesystem::exists(path("dump-4.klh")));
}

TEST_F(Check, IsACommandOfItsOwn) {
  for (const std::string task : {"--check", "--repair"}) {
    const std::string server = course_program(settings().milestone, "server");
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{server, task},
          {server, task, directory(), "--port", "0"},
          {server, "--port", "0", task, directory()}}) {
      const Outcome outcome = run_program(command);
      EXPECT_TRUE(outcome.ending.with(1));
      EXPECT_EQ(outcome.errors, "klh: usage: " + task + " DIR\n");
    }
    EXPECT_EQ(run(task, path("gone")).errors, "klh: directory " + path("gone") +
                                                  ": No such file or "
                                                  "directory\n");
  }
}

// Some of what tests/unit/damage_test.cpp and repair_test.cpp do to all bytes.
TEST_F(Check, AgreesWithAStartAndRepairs) {
  const Files whole = make_files();
  std::mt19937 random(1);
  const auto below = [&](size_t end) { return random() % end; };
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    Files files = whole;
    auto file = files.begin();
    std::advance(file, i % 4);
    std::string& bytes = file->second;
    const size_t at = below(bytes.size());
    switch (below(4)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 1: bytes.resize(at); break;
      case 2: bytes.insert(at, "x\ny"); break;
      default: files.erase(file);
    }
    put(files);
    const Outcome checked = run("--check");
    if (checked.ending.with(0)) {
      check({"PING"}, "+PONG\r\n");  // it starts
      kill_server();
      continue;
    }
    ++refused;
    ASSERT_EQ("klh: " + checked.errors,
              "klh: " + refusal({"--dir", directory()}) + "\n");
    EXPECT_EQ(files_in(directory()), files);
    const Outcome repaired = run("--repair");
    ASSERT_TRUE(repaired.ending.with(0)) << repaired.errors;
    const Outcome again = run("--repair");
    EXPECT_TRUE(again.ending.with(1)) << "it would be written over";
    follow(repaired.output);
    start({"--restore", path("repaired.klh")});
    check({"SET", "more", "1"}, "+OK\r\n");
    kill_server();
    start();
    check({"GET", "more"}, bulk("1"));
    kill_server();
    for (const auto& [name, content] : files) {
      EXPECT_EQ(read_file(path("damaged/" + name)), content) << name;
    }
    std::filesystem::remove_all(path("damaged"));
  }
  EXPECT_GT(refused, 45);
}

TEST_F(Check, PrintsCommandsForAShell) {
  const std::string odd = path("a dir's $(name)");
  std::filesystem::create_directory(odd);
  write_file(odd + "/dump-3.klh", "K a 1\nL\n");
  const Outcome repaired = run("--repair", odd);
  EXPECT_TRUE(repaired.ending.with(0)) << repaired.errors;
  follow(repaired.output);
  EXPECT_EQ(read_file(odd + "/damaged/dump-3.klh"), "K a 1\nL\n");
  start({"--restore", odd + "/repaired.klh", "--dir", odd});
  check({"GET", "a"}, bulk("1"));
}

TEST_F(Check, WhatCannotBeOpenedIsNotRepaired) {
  std::filesystem::create_symlink(path("gone"), path("dump-3.klh"));
  const std::string complaint =
      path("dump-3.klh") + ": No such file or directory\n";
  EXPECT_EQ(run("--check").errors, complaint);
  const Outcome repaired = run("--repair");
  EXPECT_TRUE(repaired.ending.with(1));
  EXPECT_EQ(repaired.errors, complaint);
  EXPECT_EQ(repaired.output, "");
}

// Nothing but its name leads to the journal beside a dump that names none.
TEST_F(Check, TheFirstJournalsNameIsSynced) {
  write_file(path("dump-4.klh"), "K a 1\n");
  ServerProcess server({.flags = {"--save", ""},
                        .trace = "renameat,fsync",
                        .directory = directory()});
  server.end();
  const std::string trace = server.trace();
  const size_t renamed = trace.find("renameat(");
  ASSERT_NE(renamed, trace.npos) << trace;
  EXPECT_NE(trace.find("fsync(", renamed), trace.npos) << trace;
}

}  // namespace

}  // namespace klh::test
