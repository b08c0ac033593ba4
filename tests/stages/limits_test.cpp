// A length that a peer names is checked before anything is read or allocated.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Limits : public StageTest {
 protected:
  static std::string bulk_header(const std::string& length) {
    return "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + length + "\r\n";
  }

  // Only the start of a message, with a length that is beyond the limit.
  static std::string one_too_long() {
    if (dialect() == Dialect::resp) return bulk_header("536870913");
    return frame_header(kLargestFrame + 1);
  }

  static std::string far_too_long() {
    if (dialect() == Dialect::resp) return "*2147483648\r\n";
    return frame_header(0xffffffff);
  }

  // RESP's messages begin like those of Redis; the rest is free.
  static Reply refusal(const std::string& what) {
    return dialect() == Dialect::resp ? error(" Protocol error: " + what)
                                      : error();
  }
};

TEST_F(Limits, MessageOfTheLargestSize) {
  likely_cause("the largest size allowed is 32 MiB, and that included.");
  const Words words = message_of_size(dialect(), kLargestFrame, "k");
  Client client = connect();
  client.ask(words, ok());
  client.ask({"GET", "k"}, value(words[2]));
}

TEST_F(Limits, OneByteMoreIsRefusedBeforeItIsRead) {
  likely_cause(
      "the length is not compared with the limit when the header is there, "
      "but only later, or never.");
  Client client = connect();
  client.send(one_too_long());
  client.expect(refusal("invalid bulk length"));
  client.expect_closed();
  connect().ask({"GET", "k"}, none());
}

TEST_F(Limits, AnEnormousLengthIsRefused) {
  likely_cause(
      "the length is taken as a signed number, or memory is allocated before "
      "it is compared with the limit.");
  Client client = connect();
  client.send(far_too_long());
  client.expect(refusal("invalid multibulk length"));
  client.expect_closed();
  connect().ask({"GET", "k"}, none());
}

// To close with bytes unread resets the connection: what the client still sends
// fails. What was written before the close it can read all the same.
TEST_F(Limits, TheErrorCanBeReadByWhoStillSends) {
  likely_cause(
      "the connection is closed before the error is written, or such that what "
      "was written is dropped (SO_LINGER with a time of 0).");
  for (const size_t size : {64 * 1024, 1024 * 1024, 8 * 1024 * 1024}) {
    Client client = connect();
    client.send_until_closed(one_too_long() + std::string(size, 'x'));
    client.expect(refusal("invalid bulk length"));
    client.expect_closed();
  }
}

TEST_F(Limits, RefusalComesAfterTheRepliesBefore) {
  Client client = connect();
  client.send(bytes_of({"SET", "name", "Alice"}) + one_too_long());
  client.expect({ok(), refusal("invalid bulk length")});
  client.expect_closed();
}

}  // namespace

}  // namespace klh::test
