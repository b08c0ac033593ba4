// Clients vanish at any moment; the server goes on for the others.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Survives : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "an error on one connection ends the server: SIGPIPE is not ignored, "
        "or a failed read or write is taken for a reason to exit.");
    connect().ask({"SET", "name", "Alice"}, ok());
  }

  void expect_served(Where where = Where::here()) {
    connect(where).ask({"GET", "name"}, value("Alice"), where);
  }
};

TEST_F(Survives, ConnectionsThatAreClosedAtOnce) {
  for (int i = 0; i < 50; ++i) connect();
  expect_served();
}

TEST_F(Survives, ConnectionsThatAreResetAtOnce) {
  for (int i = 0; i < 50; ++i) connect().reset();
  expect_served();
}

TEST_F(Survives, ResetInTheMiddleOfAMessage) {
  const std::string request = bytes_of({"SET", "name", "Bob"});
  for (size_t cut = 1; cut < request.size(); ++cut) {
    Client client = connect();
    client.send(request.substr(0, cut));
    client.wait_until_delivered();
    client.reset();
  }
  // Milestone 1 takes a part of a request for a whole one; the last of them
  // sets the name to "Bo".
  connect().ask({"SET", "name", "Alice"}, ok());
  expect_served();
}

TEST_F(Survives, ResetBeforeTheReplyIsRead) {
  for (int i = 0; i < 50; ++i) {
    Client client = connect();
    client.request({"GET", "name"});
    client.reset();
  }
  expect_served();
}

TEST_F(Survives, CloseBeforeManyRepliesAreRead) {
  const std::string request = bytes_of({"GET", "name"});
  std::string pipeline;
  for (int i = 0; i < 2000; ++i) pipeline += request;
  for (int i = 0; i < 5; ++i) {
    Client client = connect();
    client.send(pipeline);
  }
  expect_served();
}

TEST_F(Survives, EndOfStreamInsteadOfARequest) {
  Client client = connect();
  client.finish_sending();
  client.expect_closed();
  expect_served();
}

}  // namespace

}  // namespace klh::test
