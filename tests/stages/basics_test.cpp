// SET, GET and DEL, and connections that come and go: what every milestone
// does, whatever its protocol.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Basics : public StageTest {};

TEST_F(Basics, SetIsAnsweredWithOk) {
  likely_cause("the reply is not written, or not in the form of the contract.");
  connect().ask({"SET", "name", "Alice"}, ok());
}

TEST_F(Basics, GetReturnsWhatWasSet) {
  Client client = connect();
  client.ask({"SET", "name", "Alice"}, ok());
  client.ask({"GET", "name"}, value("Alice"));
}

TEST_F(Basics, GetOfAMissingKeyReturnsNone) {
  connect().ask({"GET", "nobody"}, none());
}

TEST_F(Basics, SetReplacesTheValue) {
  Client client = connect();
  client.ask({"SET", "name", "Alice"}, ok());
  client.ask({"SET", "name", "Bob"}, ok());
  client.ask({"GET", "name"}, value("Bob"));
}

TEST_F(Basics, DelRemovesAKeyOnce) {
  Client client = connect();
  client.ask({"SET", "name", "Alice"}, ok());
  client.ask({"DEL", "name"}, integer(1));
  client.ask({"DEL", "name"}, integer(0));
  client.ask({"GET", "name"}, none());
}

TEST_F(Basics, KeysAreToldApart) {
  Client client = connect();
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    client.ask({"SET", "key" + number, "value" + number}, ok());
  }
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    client.ask({"GET", "key" + number}, value("value" + number));
  }
}

TEST_F(Basics, ValueMayHoldAnyByte) {
  likely_cause(
      "the value passes through something that stops at a zero byte, a space "
      "or a newline: a value is a number of bytes, not a C string.");
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  Client client = connect();
  client.ask({"SET", "bytes", every_byte}, ok());
  client.ask({"GET", "bytes"}, value(every_byte));
}

TEST_F(Basics, ValueMayBeEmpty) {
  Client client = connect();
  client.ask({"SET", "nothing", ""}, ok());
  client.ask({"GET", "nothing"}, value(""));
}

TEST_F(Basics, WrongRequestsAreAnsweredWithAnError) {
  likely_cause(
      "a request that makes no sense gets an -ERR reply, and the connection "
      "goes on.");
  Client client = connect();
  client.ask({"FLY", "me", "to the moon"}, error());
  client.ask({"GET"}, error());
  client.ask({"SET"}, error());
  client.ask({"DEL"}, error());
  client.ask({"SET", "name", "Alice"}, ok());
}

TEST_F(Basics, ConnectionsComeOneAfterAnother) {
  likely_cause("the server accepts once only: accept stands in no loop.");
  connect().ask({"SET", "name", "Alice"}, ok());
  for (int i = 0; i < 20; ++i) connect().ask({"GET", "name"}, value("Alice"));
}

}  // namespace

}  // namespace klh::test
