// Files that go while a server runs: somebody removes them, or puts others in
// their place. Writes to what is open succeed all the same, so it has to look.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/process.h"
#include "harness/remove_directory.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

class Gone : public testing::Test {
 protected:
  void start(const std::vector<std::string>& flags = {}) {
    server_.emplace(CrashServer::Options{
        .directory = data(),
        .flags = flags,
        .preload = shim("hold"),
        .environment = {"KLH_CLOCK=" + scratch_.path() + "/clock"}});
    ASSERT_TRUE(server_->wait_until_ready()) << server_->log();
    peer_.emplace(server_->port());
  }

  // What is on the disk must be all that counts.
  void kill_and_start_again() {
    server_->kill();
    start();
  }

  std::string data() const { return scratch_.path() + "/data"; }
  std::string path(const std::string& name) const {
    return data() + "/" + name;
  }
  void set_clock(const std::string& seconds) {
    write_file(scratch_.path() + "/clock", seconds);
  }

  std::string ask(const Words& words) { return peer_->ask(words); }
  bool tells(const std::string& field) {
    return ask({"INFO"}).find("\r\n" + field + "\r\n") != std::string::npos;
  }

  void wait_until(const std::string& what, const std::function<bool()>& holds) {
    const Deadline deadline(settings().deadline_ms);
    while (!holds()) require(!deadline.has_passed(), what, server_->log());
  }

  // A new dump and a new journal, of the next number but one.
  void wait_until_mended(int number) {
    const std::string n = std::to_string(number) + ".klh";
    const std::set<std::string> wanted = {"dump-" + n, "journal-" + n};
    wait_until("new files", [&] { return names_in(data()) == wanted; });
    wait_until("no error, and the snapshot's end", [this] {
      return tells("aof_last_write_status:ok") &&
             tells("rdb_bgsave_in_progress:0");
    });
  }

  void shut_down_by_force() {
    peer_->send("SHUTDOWN NOSAVE FORCE\r\n");
    peer_->expect_closed();
  }

  // It was asked to end, and does not.
  void wait_until_it_stays() {
    wait_until("it says why it does not end", [this] {
      return server_->log().find("not ended, not saved") != std::string::npos;
    });
    EXPECT_FALSE(server_->has_ended());
  }

  CrashServer& server() { return *server_; }

 private:
  TemporaryDirectory scratch_;
  std::optional<CrashServer> server_;
  std::optional<Peer> peer_;
};

TEST_F(Gone, TheJournalIsWrittenAnew) {
  for (const char* policy : {"everysec", "always", "no"}) {
    remove_directory(data());
    start({"--appendfsync", policy});
    EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
    std::filesystem::remove(path("journal-1.klh"));
    wait_until_mended(3);
    EXPECT_EQ(ask({"SET", "b", "2"}), "+OK\r\n");
    kill_and_start_again();
    EXPECT_EQ(ask({"MGET", "a", "b"}), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  }
}

TEST_F(Gone, AnotherFileUnderItsNameIsNotTheJournal) {
  start();
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  std::filesystem::copy(path("journal-1.klh"), path("copy"));
  std::filesystem::rename(path("copy"), path("journal-1.klh"));
  wait_until_mended(3);
  kill_and_start_again();
  EXPECT_EQ(ask({"GET", "a"}), "$1\r\n1\r\n");
}

TEST_F(Gone, ADumpOrAnEarlierJournalIsWrittenAnew) {
  start();
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  std::filesystem::remove(path("dump-1.klh"));
  wait_until_mended(3);
  // A snapshot that fails leaves a second journal.
  std::filesystem::create_directory(path("dump-4.klh.tmp"));
  EXPECT_TRUE(ask({"SAVE"}).starts_with("-ERR open"));
  std::filesystem::remove(path("dump-4.klh.tmp"));
  std::filesystem::remove(path("journal-3.klh"));
  wait_until_mended(6);
  kill_and_start_again();
  EXPECT_EQ(ask({"GET", "a"}), "$1\r\n1\r\n");
}

// Before it had a chance to look.
TEST_F(Gone, AnEndLooksFirst) {
  start();
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  std::filesystem::remove(path("journal-1.klh"));
  EXPECT_TRUE(server().end()->with(0)) << server().log();
  start();
  EXPECT_EQ(ask({"GET", "a"}), "$1\r\n1\r\n");
  remove_directory(data());
  server().ask_to_end();
  wait_until_it_stays();
}

TEST_F(Gone, ADirectoryIsNotMadeAgain) {
  start();
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  remove_directory(data());
  wait_until("an error", [this] { return tells("aof_last_write_status:err"); });
  const std::string why = data() + ": the directory has been removed\r\n";
  EXPECT_EQ(ask({"SET", "b", "2"}),
            "-MISCONF Errors writing to the AOF file: " + why);
  EXPECT_EQ(ask({"SAVE"}), "-ERR " + why);
  EXPECT_EQ(ask({"BGSAVE"}), "-ERR " + why);
  EXPECT_EQ(ask({"SHUTDOWN"}), "-ERR not shut down: " + why);
  EXPECT_EQ(ask({"SHUTDOWN", "NOSAVE"}), "-ERR not shut down: " + why);
  server().ask_to_end();
  wait_until_it_stays();
  EXPECT_EQ(ask({"GET", "a"}), "$1\r\n1\r\n");
  EXPECT_FALSE(std::filesystem::exists(data()));
  shut_down_by_force();
  const auto ending = server().wait(settings().deadline_ms);
  EXPECT_TRUE(ending && ending->with(1)) << server().log();
}

TEST_F(Gone, AnEmptyStoreHasNothingToLose) {
  start();
  remove_directory(data());
  EXPECT_TRUE(server().end()->with(0)) << server().log();
}

TEST_F(Gone, ASaveFailsWithoutAJournalToo) {
  start({"--appendonly", "no"});
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  EXPECT_EQ(ask({"SAVE"}), "+OK\r\n");
  remove_directory(data());
  const std::string why = data() + ": the directory has been removed\r\n";
  EXPECT_EQ(ask({"SAVE"}), "-ERR " + why);
  EXPECT_EQ(ask({"BGSAVE"}), "-ERR " + why);
  server().ask_to_end();
  wait_until_it_stays();
}

TEST_F(Gone, ADumpIsWrittenAnewWithoutAJournal) {
  start({"--appendonly", "no"});
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  EXPECT_EQ(ask({"SAVE"}), "+OK\r\n");
  std::filesystem::remove(path("dump-1.klh"));
  wait_until("a new dump",
             [&] { return names_in(data()).contains("dump-2.klh"); });
}

// The wall clock

TEST_F(Gone, AClockThatIsSetBackStopsNothing) {
  set_clock("0");
  start({"--save", "1 1"});
  EXPECT_EQ(ask({"SET", "a", "1"}), "+OK\r\n");
  wait_until("a snapshot is due", [this] { return tells("rdb_saves:1"); });
  set_clock("-3600");
  EXPECT_EQ(ask({"SET", "a", "2"}), "+OK\r\n");
  wait_until("another one", [this] { return tells("rdb_saves:2"); });
  std::filesystem::remove_all(path("journal-3.klh"));
  wait_until_mended(5);
  EXPECT_EQ(ask({"INFO"}).find("uptime_in_seconds:-"), std::string::npos);
  const std::string list = ask({"CLIENT", "LIST"});
  EXPECT_EQ(list.find("age=-"), std::string::npos) << list;
  EXPECT_EQ(list.find("idle=-"), std::string::npos) << list;
}

}  // namespace

}  // namespace klh::test
