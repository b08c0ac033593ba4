// Whatever a server is asked for while it loads its files: what is on the disk
// stays as it is, byte for byte, and the server ends cleanly.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crash/crash_server.h"
#include "harness/files.h"
#include "harness/process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

const std::string kLoading =
    "LOADING Redis is loading the dataset in memory\n\n";

// The name tells whether a journal is kept.
class WhileLoading : public testing::TestWithParam<const char*> {
 protected:
  WhileLoading() {
    write_file(scratch_.path() + "/hold", "");
    fill();
    before_ = files_in(data());
    server_.emplace(options({"KLH_HOLD=" + scratch_.path() + "/hold"}));
    while (ask({"PING"}).empty()) {
      if (server_->has_ended()) {
        ADD_FAILURE() << "ended: " << server_->log();
        return;
      }
    }
  }

  std::string data() const { return scratch_.path() + "/data"; }

  CrashServer::Options options(const std::vector<std::string>& environment) {
    return {.directory = data(),
            .flags = {"--appendonly", GetParam(), "--unixsocket",
                      scratch_.path() + "/socket"},
            .preload = shim("hold"),
            .environment = environment};
  }

  // By a server that is not held: a dump and, if one is kept, a journal behind
  // it, of a size that takes minutes to be read slowly.
  void fill() {
    CrashServer server(options({}));
    ASSERT_TRUE(server.wait_until_ready());
    const std::string value(100'000, 'x');
    ask({"SET", "a", value});
    ask({"SAVE"});
    ask({"SET", "b", value});
    ASSERT_TRUE(server.end()->with(0)) << server.log();
  }

  // What redis-cli prints; nothing if it cannot connect.
  std::string ask(const std::vector<std::string>& words) const {
    std::vector<std::string> command = {"redis-cli", "-s",
                                        scratch_.path() + "/socket"};
    command.insert(command.end(), words.begin(), words.end());
    return run_program(command).output;
  }

  // It ends, and has done nothing.
  void check_end() {
    const auto ending = server_->wait(settings().deadline_ms);
    ASSERT_TRUE(ending) << "it goes on";
    EXPECT_TRUE(ending->with(0)) << ending->text() << server_->log();
    EXPECT_EQ(server_->log().find("warning"), std::string::npos)
        << server_->log();
    EXPECT_EQ(files_in(data()), before_);
  }

  void check_shutdown(const std::vector<std::string>& words) {
    EXPECT_EQ(ask(words), "");
    check_end();
  }

  CrashServer& server() { return *server_; }

 private:
  TemporaryDirectory scratch_;
  FileContents before_;
  std::optional<CrashServer> server_;
};

TEST_P(WhileLoading, ShutdownLeavesTheFilesAsTheyAre) {
  check_shutdown({"SHUTDOWN"});
}

TEST_P(WhileLoading, ShutdownSaveLeavesTheFilesAsTheyAre) {
  check_shutdown({"SHUTDOWN", "SAVE"});
}

TEST_P(WhileLoading, ShutdownNosaveLeavesTheFilesAsTheyAre) {
  check_shutdown({"SHUTDOWN", "NOSAVE"});
}

TEST_P(WhileLoading, ForcedShutdownLeavesTheFilesAsTheyAre) {
  check_shutdown({"SHUTDOWN", "SAVE", "NOW", "FORCE"});
}

TEST_P(WhileLoading, SignalsLeaveTheFilesAsTheyAre) {
  server().ask_to_end();
  check_end();
}

TEST_P(WhileLoading, NothingElseTouchesThem) {
  for (const char* word : {"SAVE", "BGSAVE", "BGREWRITEAOF", "FLUSHALL"}) {
    EXPECT_EQ(ask({word}), kLoading) << word;
  }
  EXPECT_EQ(ask({"CONFIG", "SET", "save", "1 1"}), "OK\n");
  EXPECT_EQ(ask({"CONFIG", "SET", "appendfsync", "always"}), "OK\n");
  EXPECT_NE(ask({"INFO", "persistence"}).find("\r\nloading:1\r\n"),
            std::string::npos);
  check_shutdown({"SHUTDOWN"});
}

INSTANTIATE_TEST_SUITE_P(Journal, WhileLoading, testing::Values("yes", "no"),
                         [](const auto& kept) {
                           return std::string(kept.param) == "yes" ? "Kept"
                                                                   : "NotKept";
                         });

}  // namespace

}  // namespace klh::test
