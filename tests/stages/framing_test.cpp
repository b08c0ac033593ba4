// TCP carries bytes, not messages: however the bytes of a request are cut into
// packets, and however many requests one read returns, the answers are the
// same.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Framing : public StageTest {
 protected:
  // The payload alone, however it would be framed.
  static std::string message(const std::string& payload) {
    if (dialect() == Dialect::framed) return frame(payload);
    return encode(dialect(), Words{payload});
  }
};

TEST_F(Framing, MessageArrivesByteByByte) {
  likely_cause(
      "one read() returned a part of the message and it was taken for the "
      "whole. Read on until the number of bytes is there that was announced.");
  Client client = connect();
  client.send_byte_by_byte(bytes_of({"SET", "name", "Alice"}));
  client.expect(ok());
  client.send_byte_by_byte(bytes_of({"GET", "name"}));
  client.expect(value("Alice"));
}

TEST_F(Framing, MessageArrivesInTwoParts) {
  likely_cause(
      "a message that is cut in two at some byte is not put together again.");
  const std::string request = bytes_of({"SET", "name", "Alice"});
  Client client = connect();
  for (size_t cut = 1; cut < request.size(); ++cut) {
    client.send(request.substr(0, cut));
    client.wait_until_delivered();
    server().wait_until_asleep();
    client.send(request.substr(cut));
    client.expect(ok());
  }
}

TEST_F(Framing, TwoMessagesArriveInOneRead) {
  likely_cause(
      "one read() returned two messages and all was taken for one, or what "
      "came after the first was thrown away.");
  Client client = connect();
  client.send(bytes_of({"SET", "name", "Alice"}) + bytes_of({"GET", "name"}));
  client.expect({ok(), value("Alice")});
}

TEST_F(Framing, OneAndAHalfMessagesArriveInOneRead) {
  likely_cause("the half that follows a whole message is lost.");
  const std::string second = bytes_of({"GET", "name"});
  Client client = connect();
  client.send(bytes_of({"SET", "name", "Alice"}) + second.substr(0, 6));
  client.expect(ok());
  client.send(second.substr(6));
  client.expect(value("Alice"));
}

TEST_F(Framing, AThousandMessagesInOneWrite) {
  likely_cause(
      "after a message the next one is already there: do not wait for more "
      "bytes before looking at those that have come.");
  std::string pipeline;
  std::vector<Reply> replies;
  for (int i = 0; i < 500; ++i) {
    const std::string number = std::to_string(i);
    pipeline += bytes_of({"SET", "key" + number, number});
    pipeline += bytes_of({"GET", "key" + number});
    replies.push_back(ok());
    replies.push_back(value(number));
  }
  Client client = connect();
  client.send(pipeline);
  client.expect(replies);
}

TEST_F(Framing, EmptyMessageIsAnsweredWithAnError) {
  likely_cause(
      "a length of 0 is a message like any other, an empty one; it is not the "
      "end of the stream.");
  Client client = connect();
  if (dialect() == Dialect::resp) {
    client.send("*0\r\n");  // RESP has no reply to it: redis.io, "Arrays"
  } else {
    client.send(frame(""));
    client.expect(error());
  }
  client.ask({"SET", "name", "Alice"}, ok());
}

TEST_F(Framing, MessageOfOneByte) {
  Client client = connect();
  client.send(message("X"));
  client.expect(error());
  client.ask({"SET", "name", "Alice"}, ok());
}

TEST_F(Framing, MessageOf4096Bytes) {
  const Words words = message_of_size(dialect(), 4096, "k");
  Client client = connect();
  client.ask(words, ok());
  client.ask({"GET", "k"}, value(words[2]));
}

TEST_F(Framing, MessagesAroundPowersOfTwo) {
  likely_cause(
      "a message that fills a buffer to its last byte, or one byte more, is "
      "where a buffer's arithmetic goes wrong.");
  Client client = connect();
  for (size_t power = 64; power <= 256 * 1024; power *= 2) {
    for (const size_t size :
         {power - 5, power - 4, power - 1, power, power + 1}) {
      const Words words = message_of_size(dialect(), size, "k");
      client.ask(words, ok());
      client.ask({"GET", "k"}, value(words[2]));
    }
  }
}

TEST_F(Framing, HalfAHeaderThenEndOfStream) {
  likely_cause(
      "end of stream in the middle of a header or message: there is nothing "
      "to answer, the connection is closed.");
  const std::string request = bytes_of({"SET", "name", "Alice"});
  for (const size_t cut :
       {size_t{1}, size_t{2}, size_t{3}, size_t{4}, request.size() - 1}) {
    Client client = connect();
    client.send(request.substr(0, cut));
    client.finish_sending();
    client.expect_closed();
  }
  connect().ask({"GET", "name"}, none());
}

}  // namespace

}  // namespace klh::test
