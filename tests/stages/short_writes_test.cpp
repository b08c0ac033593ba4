// write() takes as much as there is room for in the send buffer and says how
// much that was: a large reply to a client that reads slowly needs many.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class ShortWrites : public StageTest {
 protected:
  // More than the socket buffers hold, and no part of it like another.
  static std::string large_value() {
    std::string large;
    for (int i = 0; large.size() < 16'000'000; ++i) large += std::to_string(i);
    return large;
  }

  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "write() wrote less than asked for and the rest of the reply is lost. "
        "Its result says how far it came: go on from there.");
  }
};

TEST_F(ShortWrites, LargeReplyToASlowReader) {
  const std::string large = large_value();
  connect().ask({"SET", "large", large}, ok());

  Client slow = connect({.receive_buffer = 4096});
  slow.request({"GET", "large"});
  // Its buffers are full now, and the server has met a write that fell short.
  server().wait_until_asleep();
  slow.expect(value(large));
  slow.ask({"GET", "nobody"}, none());
}

// A blocking write() waits until all is written, unless a signal comes: then it
// says how far it came. To be stopped and continued (^Z, fg) is such a signal.
TEST_F(ShortWrites, LargeReplyByAServerThatIsStopped) {
  const std::string large = large_value();
  connect().ask({"SET", "large", large}, ok());
  Client slow = connect({.receive_buffer = 4096});
  slow.request({"GET", "large"});
  server().wait_until_asleep();
  server().pause();
  server().resume();
  server().wait_until_asleep();
  slow.expect(value(large));
  slow.ask({"GET", "nobody"}, none());
}

TEST_F(ShortWrites, ManyRepliesToASlowReader) {
  const std::string large(100'000, 'x');
  Client slow = connect({.receive_buffer = 4096});
  slow.ask({"SET", "large", large}, ok());
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += bytes_of({"GET", "large"});
  slow.send(pipeline);
  server().wait_until_asleep();
  slow.expect(200, value(large));
}

}  // namespace

}  // namespace klh::test
