// What clients see of a server that takes long to load its files. The dump is a
// pipe here, and the test decides when it ends.
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "store/store_test.h"

namespace klh::test {

namespace {

class Loading : public StoreTest {
 protected:
  // Starts a server that goes on loading until `visit` has returned. Its socket
  // has a name that is known before: its port is told only when it has loaded.
  void start_slowly(const std::function<void()>& visit) {
    ASSERT_EQ(mkfifo(path("dump-1.klh").c_str(), 0600), 0);
    std::atomic<bool> has_visited = false;
    std::jthread dump([&] {
      std::ofstream file(path("dump-1.klh"));
      file << "K name Alice\n";
      const std::string comment = "#" + std::string(1'000'000, '.') + "\n";
      while (!has_visited) file << comment;
    });
    const std::jthread visitor([&](std::stop_token stop) {
      while (ask_at_socket({"PING"}).empty() && !stop.stop_requested())
        continue;
      visit();
      has_visited = true;
    });
    start({"--unixsocket", path("socket"), "--appendonly", "no"});
  }

  // What redis-cli prints; nothing if it cannot connect.
  std::string ask_at_socket(const Words& words) {
    Words command = {"redis-cli", "-s", path("socket")};
    command.insert(command.end(), words.begin(), words.end());
    return run_program(command).output;
  }
};

TEST_F(Loading, ClientsAreToldToWait) {
  start_slowly([this] {
    const std::string loading =
        "LOADING Redis is loading the dataset in memory\n\n";
    EXPECT_EQ(ask_at_socket({"GET", "name"}), loading);
    EXPECT_EQ(ask_at_socket({"SET", "name", "Bob"}), loading);
    const std::string info = ask_at_socket({"INFO", "persistence"});
    for (const char* field :
         {"\r\nloading:1\r\n", "\r\nloading_start_time:",
          "\r\nloading_total_bytes:", "\r\nloading_loaded_bytes:"}) {
      EXPECT_NE(info.find(field), std::string::npos) << field << info;
    }
  });
  check({"GET", "name"}, bulk("Alice"));
  const std::string info = ask({"INFO", "persistence"});
  EXPECT_NE(info.find("\r\nloading:0\r\n"), std::string::npos) << info;
}

}  // namespace

}  // namespace klh::test
