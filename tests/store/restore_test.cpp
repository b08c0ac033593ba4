// A backup: a dump is copied while the server runs, and --restore begins
// another directory with it. And which files a start passes over or refuses.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "store/store_test.h"

namespace klh::test {

namespace {

using Names = std::set<std::string>;

class Restore : public StoreTest {
 protected:
  // The records of a dump, in the order of their bytes.
  static std::vector<std::string> records_of(const std::string& file) {
    std::istringstream in(read_file(file));
    std::vector<std::string> records;
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with('#')) records.push_back(line);
    }
    std::sort(records.begin(), records.end());
    return records;
  }

  // What it prints when it must not start.
  std::string refusal_of(const std::string& file, const std::string& dir,
                         Where where = Where::here()) {
    return refusal({"--restore", file, "--dir", dir}, where);
  }

  void wait_for_snapshot() {
    while (ask({"INFO", "persistence"}).find("rdb_bgsave_in_progress:1") !=
           std::string::npos)
      continue;
  }
};

TEST_F(Restore, BringsBackADumpThatWasCopiedWhileTheServerRan) {
  for (int i = 0; i < 1000; ++i) {
    check({"SET", "key:" + std::to_string(i), every_byte()}, "+OK\r\n");
  }
  check({"RPUSH", "color", "red", "", every_byte()}, number(3));
  check({"HSET", "user", "c", every_byte()}, number(1));
  check({"HSET", "small", "a:b", "1", "c", "2"}, number(2));
  check({"ZADD", "board", "1.5", "a", "-inf", "b"}, number(2));
  check({"PEXPIREAT", "color", "17900000000000"}, number(1));
  ask({"BGSAVE"});
  for (int i = 0; i < 1000; ++i) {
    check({"SET", "late:" + std::to_string(i), "1"}, "+OK\r\n");
    check({"APPEND", "key:" + std::to_string(i), "!"}, number(257));
  }
  wait_for_snapshot();
  const std::string backup = path("backup.klh");
  std::filesystem::copy_file(path("dump-2.klh"), backup);
  check({"FLUSHALL"}, "+OK\r\n");
  // Some of the late changes are in it, or none: it is as the store was when
  // the journal had been rotated.
  const auto records = records_of(backup);
  const auto keys = std::count_if(
      records.begin(), records.end(),
      [](const auto& record) { return !record.starts_with("E "); });
  EXPECT_GE(keys, 1004);

  for (const std::string appendonly : {"yes", "no"}) {
    const std::string dir = path("restored-" + appendonly);
    const std::vector<std::string> flags = {"--dir", dir, "--appendonly",
                                            appendonly};
    std::vector<std::string> first = flags;
    first.insert(first.end(), {"--restore", backup});
    start(first);
    EXPECT_NE(server().log().find(dir + ": begun with "), std::string::npos);
    check({"DBSIZE"}, number(keys));
    check({"GETRANGE", "key:999", "0", "255"}, bulk(every_byte()));
    check({"LINDEX", "color", "2"}, bulk(every_byte()));
    check({"PEXPIRETIME", "color"}, number(17900000000000));
    check({"HGET", "user", "c"}, bulk(every_byte()));
    check({"ZSCORE", "board", "b"}, bulk("-inf"));
    EXPECT_EQ(records_of(dir + "/dump-1.klh"), records);
    EXPECT_EQ(names_in(dir), appendonly == "yes"
                                 ? (Names{"dump-1.klh", "journal-1.klh"})
                                 : (Names{"dump-1.klh"}));
    // And from now on it is a directory like any other.
    check({"SET", "more", "1"}, "+OK\r\n");
    if (appendonly == "no") check({"SAVE"}, "+OK\r\n");
    kill_server();
    start(flags);
    check({"DBSIZE"}, number(keys + 1));
    check({"GET", "more"}, bulk("1"));
    kill_server();
  }
}

TEST_F(Restore, TakesADumpThatNamesNoJournalAndOneWrittenByHand) {
  write_file(path("named"), "# klh 1 journal-9.klh\nK a 1\n# end 1 D84DC886\n");
  write_file(path("none"), "# klh 1\nK a 1\n# end 1 790946A6\n");
  write_file(path("by-hand"), "K a 1");
  int number = 0;
  for (const std::string file : {"named", "none", "by-hand"}) {
    for (const std::string appendonly : {"yes", "no"}) {
      const std::string dir = path("to-" + std::to_string(++number));
      start(
          {"--restore", path(file), "--dir", dir, "--appendonly", appendonly});
      check({"GET", "a"}, bulk("1"));
      kill_server();
      // A journal may be kept from now on, or no longer.
      start({"--dir", dir, "--appendonly", appendonly == "yes" ? "no" : "yes"});
      check({"GET", "a"}, bulk("1"));
      kill_server();
    }
  }
}

TEST_F(Restore, ADirectoryThatHasFilesStaysAsItIs) {
  write_file(path("backup"), "K a 1\n");
  for (const std::string name :
       {"dump-1.klh", "journal-1.klh", "dump-7.klh", "journal-7.klh",
        "dump-7.klh.tmp", "journal-7.klh.tmp"}) {
    const std::string dir = path("of " + name);
    std::filesystem::create_directory(dir);
    write_file(dir + "/" + name, "");
    EXPECT_EQ(
        refusal_of(path("backup"), dir),
        dir + "/" + name + ": is there already; --restore begins a directory");
    EXPECT_EQ(names_in(dir), (Names{name}));
  }
}

TEST_F(Restore, WhatIsNoWholeDumpIsRefused) {
  write_file(path("cut"), "# klh 1\nK a 1\n");
  write_file(path("empty"), "");
  write_file(path("journal"), "# klh 1 journal-1.klh follows nothing\n");
  write_file(path("crlf"), "# klh 1\r\nK a 1\r\n");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const auto& [name, reason] : std::map<std::string, std::string>{
           {"cut", ":3: cut short: the footer '# end ...' is missing"},
           {"empty", ":1: cut short: no header and no record"},
           {"journal",
            ":1: a header, but not '# klh 1' or '# klh 1 journal-N.klh'"},
           {"crlf",
            ":1: the byte 0x0D at the end: the file was copied as text, and "
            "its lines ended in 0x0A alone"},
           {"fifo", ": not a regular file"},
           {"gone", ": No such file or directory"}}) {
    EXPECT_EQ(refusal_of(path(name), path("new")), path(name) + reason);
    EXPECT_FALSE(std::filesystem::exists(path("new")));
  }
}

// The lines of the table in restore.h.
TEST_F(Restore, MayBeInterruptedAndTriedAgain) {
  write_file(path("backup"), "K a 1\n");
  const std::string dir = path("new");
  std::filesystem::create_directory(dir);
  write_file(dir + "/dump-1.klh.tmp", "# klh 1 journal-1.klh\nK");
  write_file(dir + "/journal-1.klh.tmp", "# klh 1");
  start({"--restore", path("backup"), "--dir", dir});
  check({"GET", "a"}, bulk("1"));
  kill_server();
  EXPECT_EQ(names_in(dir), (Names{"dump-1.klh", "journal-1.klh"}));
  std::filesystem::rename(dir + "/journal-1.klh", dir + "/journal-1.klh.tmp");
  start({"--dir", dir});
  check({"GET", "a"}, bulk("1"));
  kill_server();
  // Without its dump the journal says what is missing.
  std::filesystem::remove(dir + "/dump-1.klh");
  EXPECT_EQ(refusal({"--dir", dir}),
            dir + "/dump-1.klh: missing, journal-1.klh goes on where it ends");
}

// Runs --restore to its end, or until it is killed before the `number`-th system
// call of a kind. There is no such address here, so it does not go on to serve.
Ending restore_and_die(const std::string& kind, int number,
                       const std::string& scratch, const std::string& dir) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  const std::string shim = program.parent_path() / "crash/shims/faults.so";
  write_file(scratch + "/calls", std::string(4096, '\0'));
  return run_program(
             {course_program(settings().milestone, "server"), "--bind",
              "203.0.113.1", "--restore", scratch + "/backup", "--dir", dir},
             "",
             {.environment = {"LD_PRELOAD=" + shim,
                              "ASAN_OPTIONS=verify_asan_link_order=0:"
                              "detect_leaks=0",
                              "KLH_FAULT_CALLS=" + scratch + "/calls",
                              "KLH_KILL=" + kind + ":" +
                                  std::to_string(number)}})
      .ending;
}

TEST_F(Restore, KilledAtAnyStepLeavesNothingOrAll) {
  write_file(path("backup"), "K a 1\nK b 2\n");
  int with_nothing = 0;
  int with_all = 0;
  for (const std::string kind : {"openat", "open", "opendir", "write", "fsync",
                                 "rename", "unlinkat", "mkdir", "flock"}) {
    for (int number = 1;; ++number) {
      const std::string dir = path(kind + std::to_string(number));
      if (restore_and_die(kind, number, directory(), dir).with(1)) break;
      const bool has_all = std::filesystem::exists(dir + "/dump-1.klh");
      ++(has_all ? with_all : with_nothing);
      std::vector<std::string> flags = {"--dir", dir};
      if (!has_all) {
        // A start would find nothing, and it may be tried again.
        EXPECT_FALSE(std::filesystem::exists(dir + "/journal-1.klh"));
        flags.insert(flags.end(), {"--restore", path("backup")});
      }
      start(flags);
      check({"DBSIZE"}, klh::test::number(2));
      kill_server();
    }
  }
  EXPECT_GT(with_nothing, 10);
  EXPECT_GT(with_all, 1);
}

TEST_F(Restore, ADumpWithoutItsJournalSaysWhatToDo) {
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"SAVE"}, "+OK\r\n");
  kill_server();
  std::filesystem::remove(path("journal-2.klh"));
  for (const std::string appendonly : {"yes", "no"}) {
    EXPECT_EQ(refusal({"--appendonly", appendonly}),
              path("journal-2.klh") +
                  ": missing, dump-2.klh leads to it; to begin with a dump "
                  "alone, use --restore");
  }
}

// Names that look as if the files were loaded.
TEST_F(Restore, WhatIsPassedOverIsSaid) {
  const Names odd = {"Dump-1.KLH", "dump-01.klh", "dump-1 (1).klh", "dump.klh",
                     "journal-x.klh"};
  std::string expected;
  for (const std::string& name : odd) {
    write_file(path(name), "K a 1\n");
    expected +=
        "warning: ./" + name +
        ": not loaded: names are written dump-1.klh and journal-1.klh\n";
  }
  for (const std::string name : {"notes.klh", "dump-1.klh.bak", "dump"}) {
    write_file(path(name), "K a 1\n");
  }
  check({"DBSIZE"}, number(0));
  EXPECT_EQ(server().complaints(), expected);
  for (const std::string& name : odd) {
    EXPECT_EQ(read_file(path(name)), "K a 1\n");
  }
}

// At once: to read one would be to wait for whoever writes.
TEST_F(Restore, WhatIsNoRegularFileIsRefused) {
  for (const std::string name : {"dump-3.klh", "journal-3.klh"}) {
    ASSERT_EQ(mkfifo(path(name).c_str(), 0600), 0);
    EXPECT_EQ(refusal({}), path(name) + ": not a regular file");
    std::filesystem::remove(path(name));
    std::filesystem::create_directory(path(name));
    EXPECT_EQ(refusal({}), path(name) + ": not a regular file");
    std::filesystem::remove(path(name));
  }
  // A link counts as what it leads to.
  write_file(path("elsewhere"), "K a 1\n");
  std::filesystem::create_symlink(path("elsewhere"), path("dump-3.klh"));
  check({"GET", "a"}, bulk("1"));
}

}  // namespace

}  // namespace klh::test
