// What clients see of a server that takes long to load its files. The dump is a
// pipe here, and the test decides when it ends.
#include <sys/stat.h>

#include <atomic>
#include <exception>
#include <fstream>
#include <thread>

#include "harness/loopback.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

class Loading : public StoreTest {
 protected:
  // Starts a server that goes on loading until `visit`, which gets its port,
  // has returned.
  template <class Visit>
  void start_slowly(Visit visit) {
    const uint16_t port = free_port();
    ASSERT_EQ(mkfifo(path("dump-1.klh").c_str(), 0600), 0);
    std::atomic<bool> has_visited = false;
    std::exception_ptr failure;
    std::jthread dump([&] {
      std::ofstream file(path("dump-1.klh"));
      file << "K name Alice\n";
      const std::string comment = "#" + std::string(1'000'000, '.') + "\n";
      while (!has_visited) file << comment;
    });
    const std::jthread visitor([&](std::stop_token stop) {
      try {
        while (!accepts(port) && !stop.stop_requested()) continue;
        visit(port);
      } catch (...) {
        failure = std::current_exception();
      }
      has_visited = true;
    });
    start({"--port", std::to_string(port), "--appendonly", "no"});
    dump.join();
    if (failure) std::rethrow_exception(failure);
  }
};

TEST_F(Loading, ClientsAreToldToWait) {
  start_slowly([](uint16_t port) {
    Connected client(port);
    const std::string loading =
        "-LOADING Redis is loading the dataset in memory\r\n";
    EXPECT_EQ(client.ask({"GET", "name"}), loading);
    EXPECT_EQ(client.ask({"SET", "name", "Bob"}), loading);
    const std::string info = client.ask({"INFO", "persistence"});
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
