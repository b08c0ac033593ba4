// More clients than the process may have descriptors: those it has are served,
// the others are hung up on, and it does not spin on a queue that it cannot
// empty.
#include <algorithm>

#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class DescriptorExhaustion : public StageTest {
 protected:
  static constexpr uint64_t kDescriptors = 64;
  static constexpr size_t kClients = 200;

  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "accept() fails with EMFILE and the client stays in the kernel's "
        "queue, neither served nor refused. Keep a spare descriptor: close "
        "it, accept, close the client, open the spare one again.");
  }

  // Connects more clients than fit; returns those that are served. Each of
  // the others must have been closed.
  std::vector<Client> fill(Where where = Where::here()) {
    std::vector<Client> clients = connect_many(kClients, where);
    std::vector<Client> served;
    for (Client& client : clients) {
      const auto answer = client.try_to_ask({"GET", "nobody"}, none(), where);
      if (answer == Client::Served::yes) served.push_back(std::move(client));
    }
    require(!served.empty() && served.size() < kDescriptors,
            "with 64 descriptors some of 200 clients are served, fewer than 64",
            counted(served.size(), "client") + " served", where);
    return served;
  }
};

TEST_F(DescriptorExhaustion, SomeAreServedTheOthersClosed) {
  start({.max_descriptors = kDescriptors});
  std::vector<Client> served = fill();
  for (Client& client : served) client.ask({"GET", "nobody"}, none());
}

TEST_F(DescriptorExhaustion, NewOnesAreServedWhenOthersHaveGone) {
  likely_cause(
      "after EMFILE the server no longer accepts, or it has lost its spare "
      "descriptor.");
  start({.max_descriptors = kDescriptors});
  for (int round = 0; round < 3; ++round) {
    std::vector<Client> served = fill();
    Client stays = std::move(served.back());
    served.clear();
    // When two requests have been answered, the pass that saw the others go is
    // over.
    for (int i = 0; i < 2; ++i) stays.ask({"GET", "nobody"}, none());
    for (Client& client : connect_many(10)) {
      client.ask({"GET", "nobody"}, none());
    }
    stays.ask({"GET", "nobody"}, none());
  }
}

TEST_F(DescriptorExhaustion, TheServerSleepsWhenItIsFull) {
  likely_cause(
      "the listening socket stays readable, so that poll() returns at once, "
      "and again: 100 % CPU for nothing.");
  start({.max_descriptors = kDescriptors});
  const std::vector<Client> served = fill();
  server().wait_until_asleep();
}

TEST_F(DescriptorExhaustion, AFullServerDoesNotTryAgainAndAgain) {
  likely_cause(
      "accept() is called at each pass although it can only fail: each pass "
      "costs a system call for nothing, and poll() never waits.");
  start({.max_descriptors = kDescriptors,
         .trace = "accept,accept4,write,sendto,writev,sendmsg"});
  std::vector<Client> served = fill();
  Client& client = served.front();
  client.ask({"SET", "a", "now-it-is-full"}, ok());
  client.ask({"SET", "b", "ten-requests-later"}, ok());
  client.ask({"GET", "a"}, value("now-it-is-full"));
  for (int i = 0; i < 10; ++i) client.ask({"GET", "nobody"}, none());
  client.ask({"GET", "b"}, value("ten-requests-later"));
  server().end();

  const std::vector<SystemCall> calls = calls_between(
      parse_trace(server().trace()), "now-it-is-full", "ten-requests-later");
  const auto accepts = std::count_if(
      calls.begin(), calls.end(),
      [](const SystemCall& call) { return call.name.starts_with("accept"); });
  require(accepts < 10, "no accept() while ten requests are answered",
          counted(static_cast<size_t>(accepts), "call") + " of accept()");
}

}  // namespace

}  // namespace klh::test
