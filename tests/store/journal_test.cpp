// The journal: what it holds byte for byte, that a server that is killed loses
// nothing, when it changes files, and what happens when one of them is damaged.
#include <sys/resource.h>

#include <filesystem>
#include <set>

#include "store/store_test.h"

namespace klh::test {

namespace {

class JournalFiles : public StoreTest {
 protected:
  using Set = std::set<std::string>;

  JournalFiles() : StoreTest({"--save", ""}) {}

  Set names() const { return names_in(directory()); }

  // Starts a snapshot and waits until it is complete.
  void snapshot(Where where = Where::here()) {
    check({"BGSAVE"}, "+Background saving started\r\n", where);
    while (
        ask({"INFO", "persistence"}, where).find("rdb_bgsave_in_progress:1") !=
        std::string::npos) {
    }
  }

  // The server must not start, say why, and touch nothing.
  void check_refused(const std::string& name, const std::string& reason,
                     Where where = Where::here()) {
    const auto before = files_in(directory());
    const std::string line = refusal({}, where);
    const std::string expected = path(name) + reason;
    require(line == expected, expected, line, where);
    EXPECT_EQ(files_in(directory()), before);
  }
};

// The whole files: the checksums were worked out by another program.
TEST_F(JournalFiles, AreAsTheFormatSays) {
  check({"SET", "name", "Alice"}, "+OK\r\n");
  check({"RPUSH", "list", "a b", ""}, number(2));
  check({"GET", "name"}, bulk("Alice"));
  check({"DEL", "nosuch"}, number(0));
  EXPECT_EQ(read_file(path("dump-1.klh")),
            "# klh 1 journal-1.klh\n# end 0 FFA3EB49\n");
  EXPECT_EQ(read_file(path("journal-1.klh")),
            "# klh 1 journal-1.klh follows nothing\n"
            "SET name Alice ~F44BDCED\n"
            "RPUSH list a%20b % ~0E9CF582\n");
}

TEST_F(JournalFiles, AKilledServerLosesNothing) {
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"APPEND", "a", "2"}, number(2));
  kill_server();
  check({"GET", "a"}, bulk("12"));
  check({"APPEND", "a", "3"}, number(3));
  kill_server();
  check({"GET", "a"}, bulk("123"));
}

TEST_F(JournalFiles, ChangesGoToANewOneWithEachSnapshot) {
  check({"SET", "a", "1"}, "+OK\r\n");
  snapshot();
  EXPECT_EQ(names(), (Set{"dump-2.klh", "journal-2.klh"}));
  check({"APPEND", "a", "2"}, number(2));
  check({"SAVE"}, "+OK\r\n");
  EXPECT_EQ(names(), (Set{"dump-3.klh", "journal-3.klh"}));
  check({"APPEND", "a", "3"}, number(3));
  kill_server();
  check({"GET", "a"}, bulk("123"));
}

TEST_F(JournalFiles, GoesOnBesideADumpWrittenByHand) {
  write_file(path("dump-4.klh"), "K name Alice\n");
  check({"APPEND", "name", "!"}, number(6));
  kill_server();
  EXPECT_EQ(names(), (Set{"dump-4.klh", "journal-4.klh"}));
  check({"GET", "name"}, bulk("Alice!"));
}

// APPEND would else be applied to nothing: the key has expired by the time of
// the replay, but it had not when it was appended to.
TEST_F(JournalFiles, NoKeyExpiresDuringAReplay) {
  write_file(path("dump-1.klh"), "K a 1\nE a 1\nK b 1\n");
  check({"EXISTS", "a", "b"}, number(1));
  check({"PEXPIRE", "b", "1"}, number(1));
  while (ask({"EXISTS", "b"}) != number(0)) continue;
  check({"APPEND", "b", "2"}, number(1));
  kill_server();
  check({"GET", "b"}, bulk("2"));
}

TEST_F(JournalFiles, ALineThatACrashHasCutShortDoesNotCount) {
  check({"SET", "a", "1"}, "+OK\r\n");
  kill_server();
  const std::string whole = read_file(path("journal-1.klh"));
  for (const std::string& rest :
       {std::string("SET a 2"), std::string("SET a 2 ~00000000"),
        std::string(5000, '\0'), std::string("SET \0\0", 6)}) {
    write_file(path("journal-1.klh"), whole + rest);
    check({"GET", "a"}, bulk("1"));
    const std::string place = "warning: ./journal-1.klh:3: ";
    EXPECT_TRUE(
        server().complaints().starts_with(place + std::to_string(rest.size())))
        << server().complaints();
    kill_server();
    EXPECT_EQ(read_file(path("journal-1.klh")), whole);
  }
}

// The server stays, since it cannot keep what it has acknowledged, and so do
// its clients, with what they have sent behind the SHUTDOWN.
TEST_F(JournalFiles, WhatComesBehindAShutdownThatFailsIsAnswered) {
  check({"SET", "a", "1"}, "+OK\r\n");
  const rlimit full = {std::filesystem::file_size(path("journal-1.klh")),
                       RLIM_INFINITY};
  const rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(prlimit(server().pid(), RLIMIT_FSIZE, &full, nullptr), 0);
  {
    Connected unlucky = another();
    unlucky.client().send("SET a 2\r\n");
    unlucky.client().expect_closed();
  }
  check_bytes("PING\r\nSHUTDOWN NOSAVE\r\nECHO x\r\n",
              "+PONG\r\n-ERR not shut down: write ./journal-1.klh: File too "
              "large\r\n$1\r\nx\r\n");
  ASSERT_EQ(prlimit(server().pid(), RLIMIT_FSIZE, &none, nullptr), 0);
  end(SIGTERM);
  check({"GET", "a"}, bulk("2"));
}

TEST_F(JournalFiles, DamageIsRefused) {
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"SET", "a", "2"}, "+OK\r\n");
  kill_server();
  const std::string whole = read_file(path("journal-1.klh"));
  std::string damaged = whole;
  damaged[damaged.find(" a 1 ") + 3] = '3';
  write_file(path("journal-1.klh"), damaged);
  check_refused("journal-1.klh",
                ":2: damaged: the line does not fit its checksum");
  write_file(path("journal-1.klh"), whole.substr(1));
  check_refused("journal-1.klh", ":1: damaged: no header of this journal");
  write_file(path("journal-1.klh"), "");
  check_refused("journal-1.klh", ":1: damaged: no header of this journal");
}

TEST_F(JournalFiles, AFileThatIsMissingIsMissed) {
  check({"SET", "a", "1"}, "+OK\r\n");
  snapshot();
  check({"SET", "a", "2"}, "+OK\r\n");
  kill_server();
  const auto files = files_in(directory());
  std::filesystem::remove(path("journal-2.klh"));
  check_refused(
      "journal-2.klh",
      ": missing, dump-2.klh leads to it; to begin with a dump alone, "
      "use --restore");
  write_file(path("journal-2.klh"), files.at("journal-2.klh"));
  std::filesystem::remove(path("dump-2.klh"));
  check_refused("dump-2.klh", ": missing, journal-2.klh goes on where it ends");
}

}  // namespace

}  // namespace klh::test
