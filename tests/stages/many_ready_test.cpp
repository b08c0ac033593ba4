// Many clients that are ready at the same time: few waits tell of all of them.
#include <algorithm>

#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class ManyReady : public StageTest {};

TEST_F(ManyReady, AFewWaitsTellOfAll) {
  likely_cause(
      "the array that epoll_wait() writes to is small, and stays so when it "
      "has been filled: each wait tells of a few clients, and has to be called "
      "again for the next few.");
  constexpr size_t kClients = 3000;
  constexpr long kMany = 1000;
  start({.trace = kTraceWaits});
  std::vector<Client> clients = connect_many(kClients);
  for (Client& client : clients) client.ask({"GET", "nobody"}, none());
  server().pause();
  for (Client& client : clients) client.request({"GET", "nobody"});
  for (Client& client : clients) client.wait_until_delivered();
  server().resume();
  for (Client& client : clients) client.expect(none());
  server().end();

  long most = 0;
  for (const SystemCall& call : parse_trace(server().trace())) {
    if (call.is_wait()) most = std::max(most, call.result);
  }
  require(most >= kMany,
          "with 3,000 clients ready at once some wait tells of 1,000 or more",
          "the most that one tells of are " + std::to_string(most));
}

}  // namespace

}  // namespace klh::test
