// What each milestone still gets wrong, and the next one mends. These tests
// assert the failure itself, exactly: should one no longer happen, the lesson
// of the next milestone has lost its reason.
#include <sys/syscall.h>

#include <algorithm>

#include "harness/process_info.h"
#include "harness/trace.h"
#include "stages/never_reading.h"

namespace klh::test {

namespace {

// --- 1: what one read returns is taken as one request ---

class StillBroken1 : public StageTest {};

TEST_F(StillBroken1, TwoWritesThatArriveTogetherAreOneRequest) {
  Client client = connect();
  client.ask({"GET", "a"}, none());
  server().pause();
  client.send("SET a 1");
  client.send("GET a");
  client.wait_until_delivered();
  server().resume();
  client.expect(ok());
  client.ask({"GET", "a"}, value("1GET a"));
}

TEST_F(StillBroken1, AMessageLargerThanTheBufferIsSeveralRequests) {
  const std::string message = bytes_of({"SET", "a", std::string(100'000, 'x')});
  Client client = connect();
  client.ask({"GET", "a"}, none());
  server().pause();
  client.send(message);
  server().resume();
  const std::string replies = client.receive(7);
  require(replies == "+OK-ERR",
          "two replies, the second of them an error: \"+OK-ERR ...\"", replies);
}

// --- 2: a slow or silent client blocks everyone ---

class StillBroken2 : public StageTest {};

TEST_F(StillBroken2, HalfAMessageBlocksEveryone) {
  const std::string request = bytes_of({"GET", "nobody"});
  Client silent = connect();
  silent.send(request.substr(0, request.size() / 2));
  silent.wait_until_delivered();
  Client other = connect();
  other.request({"GET", "nobody"});
  other.wait_until_delivered();
  server().wait_until_asleep();

  // The server sits in read(), on the silent one's connection.
  const BlockedCall call = blocked_call(server().pid());
  require(call.number == SYS_read || call.number == SYS_recvfrom,
          "the server waits in read()",
          "it waits in system call " + std::to_string(call.number));
  require(peer_port(server().pid(), call.fd) == silent.local_port(),
          "it waits for the client that has sent half a message",
          "it waits for another");
  require(other.has_nothing_to_read(), "the other client has no reply",
          "a "
          "reply");

  silent.reset();
  other.expect(none());
}

// --- 3: one request per connection and pass; nothing bounds its memory ---

class StillBroken3 : public NeverReading {};

TEST_F(StillBroken3, APipelineOfTenCostsTenPolls) {
  start({.trace = kTraceAll});
  Client client = connect();
  client.ask({"SET", "last", "last-of-ten"}, ok());
  client.ask({"SET", "first", "before-them"}, ok());
  client.ask({"GET", "first"}, value("before-them"));
  std::string pipeline;
  for (int i = 0; i < 9; ++i) pipeline += bytes_of({"GET", "nobody"});
  client.send(pipeline + bytes_of({"GET", "last"}));
  client.expect(9, none());
  client.expect(value("last-of-ten"));
  server().end();

  const std::vector<SystemCall> calls = calls_between(
      parse_trace(server().trace()), "before-them", "last-of-ten");
  const auto polls =
      std::count_if(calls.begin(), calls.end(),
                    [](const SystemCall& call) { return call.is_wait(); });
  require(polls == 10 + 1, "10 polls, and the one that waited for the pipeline",
          counted(static_cast<size_t>(polls), "poll"));
}

// With each read it answers one request more, and keeps the reply.
TEST_F(StillBroken3, AClientThatDoesNotReadFillsTheMemory) {
  Client lazy = prepare();
  size_t taken = 0;
  const size_t grown = growth_while([&] {
    ask_for_replies(lazy);
    taken = send_while_taken(lazy);
    server().wait_until_asleep();
  });
  require(taken >= more_than_buffers(),
          "the server takes more requests than any buffer holds from a client "
          "that reads none of the replies",
          "it takes " + counted(taken, "byte"));
  require(grown > kBound, "the server's memory grows by more than 32 MiB",
          text_of_growth(grown));
}

// --- 4: poll() is handed every descriptor at each pass ---

class StillBroken4 : public StageTest {};

TEST_F(StillBroken4, EachPollIsHandedEveryDescriptor) {
  start({.trace = kTraceAll});
  const std::vector<Client> idle = connect_many(100);
  Client busy = connect();
  busy.ask({"SET", "a", "hundred-are-idle"}, ok());
  busy.ask({"SET", "b", "ten-requests-later"}, ok());
  busy.ask({"GET", "a"}, value("hundred-are-idle"));
  for (int i = 0; i < 10; ++i) busy.ask({"GET", "nobody"}, none());
  busy.ask({"GET", "b"}, value("ten-requests-later"));
  server().end();

  const std::vector<SystemCall> calls = calls_between(
      parse_trace(server().trace()), "hundred-are-idle", "ten-requests-later");
  const auto polls_of_all =
      std::count_if(calls.begin(), calls.end(), [](const SystemCall& call) {
        return call.is_wait() && call.descriptors() == 100 + 2;
      });
  require(polls_of_all == 11,
          "11 requests cost 11 polls, each of 100 idle clients, the busy one "
          "and the listening socket",
          counted(static_cast<size_t>(polls_of_all), "such poll"));
}

// --- 5: everything is lost when the process ends ---

class StillBroken5 : public StageTest {};

TEST_F(StillBroken5, EverythingIsLostWhenTheProcessEnds) {
  const TemporaryDirectory directory;
  start({.directory = directory.path()});
  connect().ask({"SET", "name", "Alice"}, ok());
  server().end();
  start({.directory = directory.path()});
  connect().ask({"GET", "name"}, none());
}

}  // namespace

}  // namespace klh::test
