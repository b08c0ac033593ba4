// shutdown(SHUT_WR): a client that has nothing more to send still reads. End of
// stream is no reason to forget the replies that it is owed.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class HalfClose : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "read() returned 0 and the connection was closed at once, with "
        "requests not yet answered or replies not yet written.");
  }
};

TEST_F(HalfClose, OneRequest) {
  Client client = connect();
  client.request({"GET", "nobody"});
  client.finish_sending();
  client.expect(none());
  client.expect_closed();
}

TEST_F(HalfClose, EveryReplyOfAPipeline) {
  std::string pipeline;
  for (int i = 0; i < 1000; ++i) pipeline += bytes_of({"GET", "nobody"});
  Client client = connect();
  client.send(pipeline);
  client.finish_sending();
  client.expect(1000, none());
  client.expect_closed();
}

TEST_F(HalfClose, MoreRepliesThanTheBuffersHold) {
  const std::string large(100'000, 'x');
  Client client = connect({.receive_buffer = 4096});
  client.ask({"SET", "large", large}, ok());
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += bytes_of({"GET", "large"});
  client.send(pipeline);
  client.finish_sending();
  server().wait_until_asleep();
  client.expect(200, value(large));
  client.expect_closed();
}

TEST_F(HalfClose, EndOfStreamIsKnownBeforeTheFirstRead) {
  likely_cause(
      "data and end of stream came together. Under edge-triggered epoll no "
      "other event tells of the end: read until read() returns 0.");
  Client client = connect();
  client.ask({"GET", "nobody"}, none());
  server().wait_until_asleep();
  server().pause();  // so that it finds both at once
  client.send(bytes_of({"GET", "nobody"}) + bytes_of({"GET", "nobody"}));
  client.finish_sending();
  server().resume();
  client.expect(2, none());
  client.expect_closed();
}

TEST_F(HalfClose, ALastRequestThatIsIncompleteIsNotAnswered) {
  const std::string request = bytes_of({"GET", "nobody"});
  Client client = connect();
  client.send(request + request.substr(0, request.size() - 1));
  client.finish_sending();
  client.expect(none());
  client.expect_closed();
}

}  // namespace

}  // namespace klh::test
