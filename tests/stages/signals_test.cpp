// SIGINT, SIGTERM and SIGHUP end a server with exit status 0, whatever it is
// doing. Only the course's own servers are asked for this.
#include <signal.h>

#include <functional>

#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Signals : public StageTest {
 protected:
  // Does `what` with a new server for each signal, then ends it. Before the
  // signal the server has come to rest: the instant between its look at the
  // flag and the call that waits is another test's.
  void end_at_rest(const std::function<void()>& what,
                   Where where = Where::here()) {
    likely_cause(
        "the handler is installed with SA_RESTART, or an EINTR is answered by "
        "calling again without a look at the flag.");
    for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
      start({}, where);
      what();
      server().wait_until_asleep(where);
      server().end_cleanly(signal_number, where);
    }
  }
};

TEST_F(Signals, EndAnIdleServer) {
  end_at_rest([] {});
}

TEST_F(Signals, EndAServerWithASilentClient) {
  std::vector<Client> clients;
  end_at_rest([&] { clients.push_back(connect()); });
  for (Client& client : clients) client.expect_closed();
}

TEST_F(Signals, EndAServerInTheMiddleOfAMessage) {
  const std::string request = bytes_of({"SET", "name", "Alice"});
  std::vector<Client> clients;
  end_at_rest([&] {
    clients.push_back(connect());
    clients.back().send(request.substr(0, request.size() / 2));
    clients.back().wait_until_delivered();
  });
}

TEST_F(Signals, EndAServerWhoseClientDoesNotRead) {
  std::vector<Client> clients;
  end_at_rest([&] {
    clients.push_back(connect({.receive_buffer = 4096}));
    Client& lazy = clients.back();
    lazy.ask({"SET", "large", std::string(60'000, 'x')}, ok());
    for (int i = 0; i < 200; ++i) {
      if (lazy.send_what_fits(bytes_of({"GET", "large"})) == 0) break;
    }
  });
}

TEST_F(Signals, EndABusyServer) {
  likely_cause(
      "a signal that comes after the look at the flag and before the call that "
      "waits is lost: the call then sleeps through it.");
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    start({});
    Client client = connect();
    for (int i = 0; i < 100; ++i) client.ask({"SET", "name", "Alice"}, ok());
    server().end_cleanly(signal_number);
  }
}

}  // namespace

}  // namespace klh::test
