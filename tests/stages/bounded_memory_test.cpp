// A client that sends but does not read: the replies that wait for it must not
// fill the server's memory, nor keep the others from being served.
#include "harness/process_info.h"
#include "stages/never_reading.h"

namespace klh::test {

namespace {

class BoundedMemory : public NeverReading {
 protected:
  void SetUp() override {
    NeverReading::SetUp();
    likely_cause(
        "replies are collected without end for a client that does not read "
        "them. While there are many, do not read from it either: TCP then "
        "makes it wait.");
    // The store has one bound for all clients, which can be set; one that is
    // alone may have a quarter of it waiting.
    if (dialect() == Dialect::resp) {
      start({.flags = {"--maxmemory-clients", "64mb"}});
    }
  }
};

TEST_F(BoundedMemory, RepliesThatAreNotRead) {
  Client lazy = prepare();
  const size_t grown = growth_while([&] { ask_for_replies(lazy); });
  require(grown < kBound, "the server's memory grows by less than 32 MiB",
          text_of_growth(grown));

  connect().ask({"GET", "nobody"}, none());
  lazy.expect(kRequests, value(large()));
  lazy.ask({"GET", "nobody"}, none());
}

TEST_F(BoundedMemory, RequestsGoOnAndAreNotTaken) {
  Client lazy = prepare();
  size_t taken = 0;
  const size_t grown = growth_while([&] {
    ask_for_replies(lazy);
    taken = send_while_taken(lazy);
  });
  require(taken < more_than_buffers(),
          "the server stops reading from a client that does not read",
          "it has taken " + counted(taken, "byte") + " of requests");
  require(grown < kBound, "the server's memory grows by less than 32 MiB",
          text_of_growth(grown));
  connect().ask({"GET", "nobody"}, none());

  // Now that it reads, all that was taken is answered.
  lazy.expect(kRequests, value(large()));
  finish_request(lazy, taken);
  lazy.expect(taken / more().size() + 1, ok());
}

TEST_F(BoundedMemory, AnnouncedBytesCostNothing) {
  likely_cause(
      "memory for a whole message is taken when its length is announced: "
      "whoever sends 4 bytes makes the server take 32 MiB.");
  const std::string announced =
      dialect() == Dialect::resp ? "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$33554432\r\n"
                                 : frame_header(kLargestFrame);
  connect().ask({"GET", "k"}, none());
  std::vector<Client> clients;
  const size_t grown = growth_while([&] {
    clients = connect_many(16);
    for (Client& client : clients) client.send(announced);
    for (Client& client : clients) client.wait_until_delivered();
    server().wait_until_asleep();
  });
  require(grown < kBound,
          "16 clients that announce 32 MiB and send none of it cost less than "
          "32 MiB",
          std::to_string(grown / kMiB) + " MiB");
}

}  // namespace

}  // namespace klh::test
