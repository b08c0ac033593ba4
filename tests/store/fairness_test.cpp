// Many clients that ask for much do not keep one waiting who asks for little.
#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class LargeReplies : public StageTest {};

// As in stages/fairness_test.cpp: all requests are there when the server goes
// on, the small one last, and strace records in which order it replies.
TEST_F(LargeReplies, DelayNobody) {
  constexpr size_t kClients = 20;
  constexpr size_t kFewPerPass = 3;
  const std::string text(2'000'000, 'x');
  start({.trace = kTraceAll});
  Client other = connect();
  other.ask({"SET", "large", text}, ok());
  std::vector<Client> clients = connect_many(kClients);
  // When that has a reply, all have been accepted.
  other.ask({"SET", "mine", "other-client"}, ok());

  server().pause();
  for (Client& client : clients) {
    client.request({"GET", "large"});
    client.wait_until_delivered();
  }
  other.request({"GET", "mine"});
  other.wait_until_delivered();
  server().resume();
  for (Client& client : clients) client.expect(value(text));
  other.expect(value("other-client"));
  server().end();

  const std::vector<SystemCall> calls = parse_trace(server().trace());
  const size_t reply_to_other = find_reply(calls, "other-client");
  ASSERT_LT(reply_to_other, calls.size());
  size_t before = 0;
  for (size_t i = find_reply(calls, "$2000000"); i < reply_to_other;
       i = find_reply(calls, "$2000000", i + 1)) {
    ++before;
  }
  require(before <= kFewPerPass, "few large replies before the small one",
          std::to_string(before));
}

}  // namespace

}  // namespace klh::test
