// Urgent data is a byte beside the stream (MSG_OOB of send(2)) and a mark in it.
// A read ends before the mark, however much stands behind: requests on both
// sides of it are answered all the same, and the byte is no part of them.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class UrgentData : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "a read ends before the mark of urgent data. If a short read is taken "
        "to mean that nothing is left, what stands behind the mark waits for "
        "an edge that does not come. Ask for EPOLLPRI, and then read until "
        "EAGAIN.");
  }

  // All of it is there before the server can read any of it.
  void send_at_once(Client& client, const std::string& before,
                    const std::string& behind, Where where = Where::here()) {
    server().pause();
    client.send(before, where);
    client.send_urgent('!', where);
    client.send(behind, where);
    client.wait_until_delivered(where);
    server().resume();
  }
};

TEST_F(UrgentData, BetweenTwoRequests) {
  Client client = connect();
  client.ask({"SET", "name", "Alice"}, ok());
  send_at_once(client, bytes_of({"SET", "name", "Bob"}),
               bytes_of({"GET", "name"}));
  client.expect({ok(), value("Bob")});
  client.ask({"GET", "name"}, value("Bob"));
}

TEST_F(UrgentData, InARequest) {
  const std::string request = bytes_of({"SET", "name", "Alice"});
  const std::string next = bytes_of({"GET", "name"});
  Client client = connect();
  for (size_t cut = 1; cut < request.size(); ++cut) {
    send_at_once(client, request.substr(0, cut), request.substr(cut) + next);
    client.expect({ok(), value("Alice")});
  }
}

TEST_F(UrgentData, WhileTheServerWaits) {
  Client client = connect();
  for (int i = 0; i < 3; ++i) {
    client.ask({"SET", "name", "Alice"}, ok());
    client.send_urgent('!');
    client.wait_until_delivered();
    server().wait_until_asleep();
    client.ask({"GET", "name"}, value("Alice"));
  }
}

TEST_F(UrgentData, BeforeTheEndOfTheStream) {
  Client client = connect();
  server().pause();
  client.request({"SET", "name", "Alice"});
  client.send_urgent('!');
  client.request({"GET", "name"});
  client.finish_sending();
  client.wait_until_delivered();
  server().resume();
  client.expect({ok(), value("Alice")});
  client.expect_closed();
}

}  // namespace

}  // namespace klh::test
