// 10,000 clients who are connected and silent: they are served when they do
// speak, and a pass that serves another costs nothing on their account.
#include <sys/resource.h>

#include <algorithm>

#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

// The busy one included: Redis, and milestone 6 with it, lets in no more unless
// told so (maxclients).
constexpr size_t kClients = 10'000;

class TenThousandIdle : public StageTest {
 protected:
  static void require_descriptors(size_t count) {
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    require(limit.rlim_cur >= count,
            "a limit of at least " + with_commas(count) +
                " open files for the tests and the server",
            "the hard limit is " + with_commas(limit.rlim_max) +
                ". As root: `ulimit -n 20000`, or in /etc/security/limits.conf "
                "`* hard nofile 20000` and log in again. In a container: "
                "`docker run --ulimit nofile=20000:20000`.");
  }

  // Closed by a reset: no port is held for a minute in TIME_WAIT.
  static void reset_all(std::vector<Client>& clients) {
    for (Client& client : clients) client.reset();
  }
};

TEST_F(TenThousandIdle, ARequestBesideThem) {
  likely_cause(
      "the limit of open files is not raised, or accept() is not called until "
      "it returns EAGAIN: under edge-triggered epoll one event stands for all "
      "clients that wait.");
  require_descriptors(kClients + 100);
  std::vector<Client> idle = connect_many(kClients - 1);
  Client busy = connect();
  busy.ask({"SET", "name", "Alice"}, ok());
  idle.front().ask({"GET", "name"}, value("Alice"));
  idle[idle.size() / 2].ask({"GET", "name"}, value("Alice"));
  idle.back().ask({"GET", "name"}, value("Alice"));
  reset_all(idle);
  busy.ask({"GET", "name"}, value("Alice"));
}

TEST_F(TenThousandIdle, EachOfThemIsServed) {
  require_descriptors(kClients + 100);
  std::vector<Client> clients = connect_many(kClients);
  for (Client& client : clients) client.request({"GET", "nobody"});
  for (Client& client : clients) client.expect(none());
  reset_all(clients);
}

TEST_F(TenThousandIdle, APassHandsTheKernelNoListOfThem) {
  likely_cause(
      "poll() and select() are given all descriptors at each call, and look at "
      "each of them. epoll and kqueue keep them in the kernel.");
  constexpr size_t kFew = 100;  // enough to see it
  start({.trace = kTraceWaits});
  std::vector<Client> idle = connect_many(kFew);
  Client busy = connect();
  for (int i = 0; i < 10; ++i) busy.ask({"GET", "nobody"}, none());
  server().end();

  long most = 0;
  for (const SystemCall& call : parse_trace(server().trace())) {
    most = std::max(most, call.descriptors());
  }
  require(most < long{kFew},
          "no wait is given a list of all clients, with 100 of them idle",
          "one is given " + std::to_string(most) + " descriptors");
}

}  // namespace

}  // namespace klh::test
