// What the server tells of itself on stderr.
#include <sys/resource.h>

#include <algorithm>

#include "store/store_test.h"

namespace klh::test {

namespace {

// The number that a descriptor would get that the process opens now.
rlim_t next_descriptor(pid_t pid) {
  const std::set<std::string> used =
      names_in("/proc/" + std::to_string(pid) + "/fd");
  rlim_t number = 0;
  while (used.contains(std::to_string(number))) ++number;
  return number;
}

class LogFile : public StoreTest {
 protected:
  // How often this stands there.
  size_t count(const std::string& text) {
    const std::string log = server().log();
    size_t found = 0;
    for (size_t at = 0; (at = log.find(text, at)) != log.npos; ++at) ++found;
    return found;
  }
};

TEST_F(LogFile, HasTheStartAndTheEnd) {
  check({"SET", "a", "1"}, "+OK\r\n");
  EXPECT_EQ(count(", process " + std::to_string(server().pid()) + ", port " +
                  std::to_string(server().port()) + ", files in .\n"),
            1u);
  EXPECT_EQ(count(" notice: ready: 0 keys, loaded in "), 1u);
  server().end_cleanly(SIGTERM);
  EXPECT_EQ(count(" notice: ending: Terminated\n"), 1u);
  start();
  EXPECT_EQ(count(" notice: ready: 1 keys, loaded in "), 1u);
  client().client().request({"SHUTDOWN"});
  client().client().expect_closed();
  server().wait_until_ended();
  EXPECT_EQ(count(" notice: ending: SHUTDOWN\n"), 1u);
  EXPECT_EQ(server().complaints(), "");
}

TEST_F(LogFile, HasNothingWhenSoAsked) {
  start({"--loglevel", "nothing"});
  EXPECT_EQ(server().log(), "");
  check({"CONFIG", "GET", "loglevel"}, array({"loglevel", "nothing"}));
  check({"CONFIG", "SET", "loglevel", "quiet"},
        "-ERR CONFIG SET failed (possibly related to argument 'loglevel') - "
        "argument(s) must be one of the following: debug, verbose, notice, "
        "warning, nothing\r\n");
  check({"CONFIG", "SET", "loglevel", "NOTICE"}, "+OK\r\n");
  check({"CONFIG", "GET", "loglevel"}, array({"loglevel", "notice"}));
  server().end_cleanly(SIGINT);
  EXPECT_EQ(count(" notice: ending: Interrupt\n"), 1u);
}

// A flood of them makes one line, not one each.
TEST_F(LogFile, TellsOfEvictionsOnce) {
  check({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory",
         "200000"},
        "+OK\r\n");
  const std::string value(1000, 'x');
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(ask({"SET", std::to_string(i), value}), "+OK\r\n");
  }
  EXPECT_EQ(count(" warning: maxmemory is reached: keys are evicted\n"), 1u);
  EXPECT_EQ(std::ranges::count(server().log(), '\n'), 3);
}

TEST_F(LogFile, TellsOnceThatThereAreNoDescriptors) {
  check({"PING"}, "+PONG\r\n");
  // As many as it has, and no more.
  rlimit before{};
  ASSERT_EQ(prlimit(server().pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit limit = {next_descriptor(server().pid()), before.rlim_max};
  ASSERT_EQ(prlimit(server().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  for (int i = 0; i < 20; ++i) another().client().expect_closed();
  check({"PING"}, "+PONG\r\n");
  EXPECT_EQ(server().complaints(),
            "warning: out of descriptors or memory: new clients are not "
            "accepted\n");
  // A sanitizer needs some to look at memory: it makes a pipe.
  ASSERT_EQ(prlimit(server().pid(), RLIMIT_NOFILE, &before, nullptr), 0);
}

}  // namespace

}  // namespace klh::test
