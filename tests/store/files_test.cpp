// Dumps, by a server without a journal: what is in them, when they are written,
// and what happens when they are damaged.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "harness/process_info.h"
#include "harness/remove_directory.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

class Files : public StoreTest {
 protected:
  using Set = std::set<std::string>;

  Files() : StoreTest({"--appendonly", "no"}) {}

  Set names() const { return names_in(directory()); }

  // The server must not start on this dump, say why, and touch nothing.
  void check_refused(const std::string& dump, const std::string& reason,
                     Where where = Where::here()) {
    write_file(path("dump-3.klh"), dump);
    write_file(path("dump-2.klh"), "K older 1\n");
    write_file(path("dump-4.klh.tmp"), "unfinished");
    const auto before = files_in(directory());
    const std::string line = refusal({}, where);
    const std::string expected = path("dump-3.klh") + ":" + reason;
    require(line == expected, expected, line, where);
    EXPECT_EQ(files_in(directory()), before);
  }
};

TEST_F(Files, APlainOneWrittenByHandIsLoaded) {
  write_file(path("dump-1.klh"),
             "K name Alice\n"
             "L color red blue orange\n"
             "H user:100 name:prem age:21\n");
  check({"GET", "name"}, bulk("Alice"));
  check({"LRANGE", "color", "0", "-1"}, array({"red", "blue", "orange"}));
  check({"HGET", "user:100", "name"}, bulk("prem"));
  check({"HGET", "user:100", "age"}, bulk("21"));
  check({"DBSIZE"}, number(3));
}

// The server has keys that expire before its first turn.
TEST_F(Files, KeepTheTimesOfKeys) {
  write_file(path("dump-1.klh"),
             "K name Alice\n"
             "E name 4000000000123\n"
             "K gone x\n"
             "E gone 1\n");
  check({"EXISTS", "gone"}, number(0));
  check({"PEXPIRETIME", "name"}, number(4000000000123));
  start();
  check({"PEXPIRETIME", "name"}, number(4000000000123));
  check({"GET", "name"}, bulk("Alice"));
}

// The whole file: the checksum was worked out by another program.
TEST_F(Files, AreWrittenAsTheFormatSays) {
  check({"SET", "name", "Alice"}, "+OK\r\n");
  check({"SAVE"}, "+OK\r\n");
  EXPECT_EQ(read_file(path("dump-1.klh")),
            "# klh 1\nK name Alice\n# end 1 077E36AA\n");
  EXPECT_EQ(names(), Set{"dump-1.klh"});
}

TEST_F(Files, AreWrittenAtACleanEnd) {
  check({"SET", "name", "Alice"}, "+OK\r\n");
  end(SIGTERM);
  EXPECT_EQ(names(), Set{"dump-1.klh"});
  check({"GET", "name"}, bulk("Alice"));
  check({"SET", "name", "Bob"}, "+OK\r\n");
  end(SIGINT);
  EXPECT_EQ(names(), Set{"dump-2.klh"});
  check({"GET", "name"}, bulk("Bob"));
}

TEST_F(Files, AreNotWrittenWhenSaveIsOff) {
  start({"--save", ""});
  check({"SET", "name", "Alice"}, "+OK\r\n");
  end(SIGTERM);
  EXPECT_EQ(names(), Set{});

  start({"--save", ""});
  check({"SET", "name", "Bob"}, "+OK\r\n");
  check({"SAVE"}, "+OK\r\n");
  check({"SET", "name", "Carol"}, "+OK\r\n");
  end(SIGTERM);
  start({"--save", ""});
  check({"GET", "name"}, bulk("Bob"));
}

TEST_F(Files, AreLostWhenTheServerIsKilled) {
  check({"SET", "a", "saved"}, "+OK\r\n");
  check({"SAVE"}, "+OK\r\n");
  check({"SET", "a", "not saved"}, "+OK\r\n");
  kill_server();
  check({"GET", "a"}, bulk("saved"));
}

TEST_F(Files, ShutdownWritesThem) {
  check({"SET", "a", "1"}, "+OK\r\n");
  client().client().request({"SHUTDOWN"});
  client().client().expect_closed();
  end();
  check({"GET", "a"}, bulk("1"));
}

TEST_F(Files, ShutdownDoesAsItIsTold) {
  const auto shut_down = [&](const Words& words) {
    client().client().request(words);
    client().client().expect_closed();
    end();
  };
  check({"SET", "a", "1"}, "+OK\r\n");
  shut_down({"SHUTDOWN", "NOSAVE"});
  EXPECT_EQ(names(), Set{});

  start({"--save", ""});
  check({"SET", "a", "2"}, "+OK\r\n");
  shut_down({"SHUTDOWN"});
  EXPECT_EQ(names(), Set{});

  start({"--save", ""});
  check({"SET", "a", "3"}, "+OK\r\n");
  shut_down({"shutdown", "save"});
  check({"GET", "a"}, bulk("3"));
}

TEST_F(Files, ShutdownRefusesWhatItDoesNotKnow) {
  check({"SHUTDOWN", "x"}, kSyntaxError);
  check({"SHUTDOWN", "NOSAVE", "SAVE"}, kSyntaxError);
  check({"PING"}, "+PONG\r\n");
}

TEST_F(Files, ShutdownEndsByForceWhatCannotBeSaved) {
  start({"--dir", path("data")});
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"SHUTDOWN", "ABORT"}, "-ERR No shutdown in progress.\r\n");
  check({"SHUTDOWN", "NOW", "ABORT"}, kSyntaxError);
  remove_directory(path("data"));
  client().client().request({"SHUTDOWN", "SAVE", "NOW", "FORCE"});
  client().client().expect_closed();
  server().wait_until_ended();
}

// What stands before SHUTDOWN is answered, what stands behind it never runs.
TEST_F(Files, ShutdownEndsAPipeline) {
  Connected connection = another();
  connection.client().send("SET a 1\r\nSHUTDOWN\r\nSET a 2\r\n");
  EXPECT_EQ(connection.receive(), "+OK\r\n");
  connection.client().expect_closed();
  end();
  check({"GET", "a"}, bulk("1"));
}

class Bytes {
 public:
  explicit Bytes(unsigned seed) : generator_(seed) {}
  size_t below(size_t end) { return generator_() % end; }
  std::string any(size_t longest) {
    std::string bytes(below(longest + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(generator_());
    return bytes;
  }

 private:
  std::mt19937 generator_;
};

TEST_F(Files, KeepAnyBytes) {
  Bytes bytes(1);
  const std::string all = every_byte();
  std::string reads;
  std::string replies;
  std::string writes;
  size_t written = 0;
  for (int i = 0; i < 600; ++i) {
    // Different from each other, whatever the rest of them is.
    const std::string key = std::to_string(i) + bytes.any(30);
    switch (i % 3) {
      case 0: {
        const std::string value = i == 0 ? all : bytes.any(2000);
        writes += encode(Dialect::resp, {"SET", key, value});
        reads += encode(Dialect::resp, {"GET", key});
        replies += bulk(value);
        break;
      }
      case 1: {
        Words words = {"RPUSH", key, all};
        std::vector<std::string> elements = {all};
        for (size_t n = bytes.below(20); n > 0; --n) {
          elements.push_back(bytes.any(40));
          words.push_back(elements.back());
        }
        writes += encode(Dialect::resp, words);
        reads += encode(Dialect::resp, {"LRANGE", key, "0", "-1"});
        replies += array(elements);
        break;
      }
      default: {
        std::map<std::string, std::string> fields = {{all, all}, {"", ""}};
        for (size_t n = bytes.below(20); n > 0; --n) {
          fields[bytes.any(40)] = bytes.any(40);
        }
        Words words = {"HSET", key};
        for (const auto& [name, value] : fields) {
          words.push_back(name);
          words.push_back(value);
          reads += encode(Dialect::resp, {"HGET", key, name});
          replies += bulk(value);
        }
        reads += encode(Dialect::resp, {"HLEN", key});
        replies += number(static_cast<int64_t>(fields.size()));
        writes += encode(Dialect::resp, words);
      }
    }
    ++written;
  }
  client().client().send(writes);
  for (size_t i = 0; i < written; ++i) {
    ASSERT_NE(client().receive()[0], '-');
  }
  check({"SAVE"}, "+OK\r\n");
  kill_server();
  check({"DBSIZE"}, number(static_cast<int64_t>(written)));
  check_bytes(reads, replies);
  end(SIGTERM);
  check_bytes(reads, replies);
}

TEST_F(Files, KeepWhatIsLarge) {
  const std::string value(20'000'000, '\n');
  check({"SET", "large", value}, "+OK\r\n");
  end();
  check({"GET", "large"}, bulk(value));
}

TEST_F(Files, ReplaceEachOther) {
  for (int i = 1; i <= 3; ++i) {
    check({"SET", "i", std::to_string(i)}, "+OK\r\n");
    check({"SAVE"}, "+OK\r\n");
    EXPECT_EQ(names(), Set{"dump-" + std::to_string(i) + ".klh"});
  }
}

TEST_F(Files, AnUnfinishedOneIsIgnored) {
  write_file(path("dump-1.klh"), "K a 1\n");
  write_file(path("dump-2.klh.tmp"), "# klh 1\nK a 2\n");
  check({"APPEND", "a", "3"}, number(2));
  end();
  EXPECT_EQ(names(), Set{"dump-2.klh"});
}

TEST_F(Files, DamageStopsTheStart) {
  check_refused("K a 1\nK b\n", "2: no value");
  check_refused("# klh 1\nK name Alice\n",
                "3: cut short: the footer '# end ...' is missing");
  check_refused("# klh 1\nK name Alicf\n# end 1 077E36AA\n",
                "3: damaged: the content does not fit its footer");
  check_refused("# klh 1\nK name Alice\n# end 2 077E36AA\n",
                "3: damaged: the content does not fit its footer");
  check_refused("K name Alice\r\n", "1: byte 0x0D must be written %0D");
  check_refused("", "1: cut short: no header and no record");
}

TEST_F(Files, ADirectoryThatIsNoneStopsTheStart) {
  write_file(path("file"), "");
  EXPECT_EQ(refusal({"--dir", path("file")}),
            "directory " + path("file") + ": Not a directory");
  EXPECT_EQ(refusal({"--dir", path("no/such")}),
            "directory " + path("no/such") + ": No such file or directory");
}

TEST_F(Files, ADirectoryThatIsMissingIsMade) {
  start({"--dir", path("data")});
  check({"SET", "a", "1"}, "+OK\r\n");
  end();
  EXPECT_EQ(files_in(path("data")).size(), 1u);
}

TEST_F(Files, WhatCannotBeSavedIsSaid) {
  start({"--dir", path("data")});
  check({"SET", "a", "1"}, "+OK\r\n");
  remove_directory(path("data"));
  const std::string why = path("data") + ": the directory has been removed";
  check({"SAVE"}, "-ERR " + why + "\r\n");
  check({"SHUTDOWN"}, "-ERR not shut down: " + why + "\r\n");
  check({"GET", "a"}, bulk("1"));  // and the server serves on
  client().client().request({"SHUTDOWN", "NOSAVE"});
  client().client().expect_closed();
  end();
}

// To end would be to lose everything: it says so, and serves on.
TEST_F(Files, AServerThatCannotSaveDoesNotEnd) {
  start({"--dir", path("data")});
  check({"SET", "a", "1"}, "+OK\r\n");
  remove_directory(path("data"));
  const std::string complaint =
      "warning: not ended, not saved: " + path("data") +
      ": the directory has been removed\n";
  size_t seen = 0;  // of what it has told
  for (const int signal_number : {SIGTERM, SIGINT}) {
    server().signal(signal_number);
    size_t found;
    while ((found = server().complaints().find(complaint, seen)) ==
           std::string::npos) {
      check({"PING"}, "+PONG\r\n");
    }
    seen = found + complaint.size();
    check({"GET", "a"}, bulk("1"));
  }
  client().client().request({"SHUTDOWN", "NOSAVE"});
  client().client().expect_closed();
  end();
}

// Each would remove what the other has saved.
TEST_F(Files, BelongToOneServer) {
  start({"--dir", path("data")});
  const std::string line = refusal({"--dir", path("data")});
  EXPECT_TRUE(line.starts_with("directory " + path("data") +
                               " is used by another server"))
      << line;
  check({"SET", "a", "1"}, "+OK\r\n");
  server().signal(SIGKILL);
  server().wait_until_ended();
  start({"--dir", path("data")});
  check({"GET", "a"}, kNull);
}

// A child that was to write a dump has the lock until it comes to let go of it.
TEST_F(Files, AreThereForANewServerWhenAChildOfTheOldOneIsGone) {
  start();
  kill_server();
  FileDescriptor child(open(directory().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(child.get(), LOCK_EX | LOCK_NB), 0);
  Process server({course_program(6, "server"), "--port", "0", "--dir",
                  directory(), "--save", ""});
  while (blocked_call(server.pid()).number != SYS_clock_nanosleep) {
    ASSERT_FALSE(server.wait(Deadline(0))) << server.log();
  }
  child.reset();
  pollfd says = {server.output(), POLLIN, 0};
  poll(&says, 1, settings().deadline_ms);
  EXPECT_TRUE(says.revents & POLLIN) << server.log();  // "listening on …"
}

TEST_F(Files, AFullDiskCostsNoOlderDump) {
  {
    const FileSizeLimit full(100'000);
    start();
  }
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"SAVE"}, "+OK\r\n");
  const auto before = files_in(directory());
  check({"SET", "large", std::string(1'000'000, 'x')}, "+OK\r\n");
  check({"SAVE"}, "-ERR write ./dump-2.klh.tmp: File too large\r\n");
  EXPECT_EQ(files_in(directory()), before);
  check({"DEL", "large"}, number(1));
  check({"SAVE"}, "+OK\r\n");
  EXPECT_EQ(names(), Set{"dump-2.klh"});
}

}  // namespace

}  // namespace klh::test
