// Any number of clients, and none can hang another.
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class ManyClients : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "the server waits for one client and lets all others wait: a read or "
        "write on a socket that is not ready, or not O_NONBLOCK.");
  }
};

TEST_F(ManyClients, ASilentOneDelaysNobody) {
  Client silent = connect();
  connect().ask({"GET", "nobody"}, none());
}

TEST_F(ManyClients, OneWithHalfAMessageDelaysNobody) {
  const std::string request = bytes_of({"SET", "name", "Alice"});
  Client slow = connect();
  slow.send(request.substr(0, request.size() / 2));
  slow.wait_until_delivered();

  Client other = connect();
  other.ask({"GET", "name"}, none());
  slow.send(request.substr(request.size() / 2));
  slow.expect(ok());
  other.ask({"GET", "name"}, value("Alice"));
}

TEST_F(ManyClients, OneThatDoesNotReadDelaysNobody) {
  const std::string large(16'000'000, 'x');  // more than the buffers hold
  Client lazy = connect({.receive_buffer = 4096});
  lazy.ask({"SET", "large", large}, ok());
  lazy.request({"GET", "large"});
  server().wait_until_asleep();
  connect().ask({"GET", "nobody"}, none());
  lazy.expect(value(large));
}

TEST_F(ManyClients, TheServerSleepsWhenTheyAreSilent) {
  std::vector<Client> clients = connect_many(20);
  for (Client& client : clients) client.ask({"GET", "nobody"}, none());
  clients[3].finish_sending();
  clients[7].reset();
  clients[9].send(bytes_of({"GET", "nobody"}).substr(0, 5));
  clients[9].wait_until_delivered();
  server().wait_until_asleep();
}

TEST_F(ManyClients, AThousandAtOnce) {
  std::vector<Client> clients = connect_many(1000);
  for (size_t i = 0; i < clients.size(); ++i) {
    clients[i].request({"SET", "key" + std::to_string(i), std::to_string(i)});
  }
  for (Client& client : clients) client.expect(ok());
  for (size_t i = 0; i < clients.size(); ++i) {
    clients[i].request({"GET", "key" + std::to_string(i)});
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    clients[i].expect(value(std::to_string(i)));
  }
}

TEST_F(ManyClients, SomeGoWhileOthersStay) {
  likely_cause(
      "the list of connections changes while a loop goes over it: an index or "
      "iterator then means another client.");
  std::vector<Client> clients = connect_many(300);
  for (size_t i = 0; i < clients.size(); ++i) {
    if (i % 3 == 0) clients[i].reset();
    if (i % 3 == 1) clients[i].request({"GET", "nobody"});
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    if (i % 3 == 1) clients[i].expect(none());
    if (i % 3 == 2) clients[i].ask({"GET", "nobody"}, none());
  }
}

}  // namespace

}  // namespace klh::test
