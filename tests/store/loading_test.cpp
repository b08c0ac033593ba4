// What clients see of a server that takes long to load its files.
#include "harness/held_server.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

using Loading = StoreTest;

TEST_F(Loading, ClientsAreToldToWait) {
  write_file(path("dump-1.klh"), "K name Alice\nK other Bob\n");
  HeldServer held({.directory = directory(),
                   .at = std::string("K name Alice\n").size(),
                   .flags = {"--appendonly", "no"}});
  Connected early(held.socket());
  const std::string loading =
      "-LOADING Redis is loading the dataset in memory\r\n";
  EXPECT_EQ(early.ask({"GET", "name"}), loading);
  EXPECT_EQ(early.ask({"SET", "name", "Bob"}), loading);
  std::string info = early.ask({"INFO", "persistence"});
  for (const char* field :
       {"\r\nloading:1\r\n", "\r\nloading_start_time:",
        "\r\nloading_total_bytes:25\r\n", "\r\nloading_loaded_bytes:13\r\n"}) {
    EXPECT_NE(info.find(field), std::string::npos) << field << info;
  }
  Connected late(held.release());
  EXPECT_EQ(late.ask({"GET", "name"}), bulk("Alice"));
  EXPECT_EQ(early.ask({"GET", "other"}), bulk("Bob"));
  info = early.ask({"INFO", "persistence"});
  EXPECT_NE(info.find("\r\nloading:0\r\n"), std::string::npos) << info;
}

}  // namespace

}  // namespace klh::test
