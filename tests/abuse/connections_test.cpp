// Clients that abuse their connections: too many, too slow, gone too early,
// never reading.
#include <algorithm>

#include "abuse/abuse_test.h"
#include "harness/diagnosis.h"

namespace klh::test {

namespace {

class AbuseOfConnections : public Abuse {
 protected:
  static constexpr size_t kLargeBytes = 1'000'000;

  void store_large_value() {
    connect().ask({"SET", "large", std::string(kLargeBytes, 'x')}, ok());
  }
};

TEST_F(AbuseOfConnections, SlowWriters) {
  const size_t clients = count(300, 500);
  const std::string request =
      encode(Dialect::resp, {"SET", "slow", std::string(count(20, 200), 's')});
  withstand({"a byte now and then, from hundreds", kUsualBound}, [&] {
    connect_attackers(clients);
    for (const char& byte : request) {
      for (Client& client : attackers_) client.send({&byte, 1});
      wait_for_answers(1);
    }
    for (Client& client : attackers_) client.expect(ok());
  });
}

TEST_F(AbuseOfConnections, ConnectsAndDisconnects) {
  withstand({"5,000 connects and disconnects", kUsualBound}, [&] {
    for (int i = 0; i < 5000; ++i) {
      Client client = connect();
      if (i % 3 == 0) client.ask({"GET", "nobody"}, none());
      if (i % 3 == 1) client.send("*2\r\n$3\r\nGET\r\n");
      if (i % 2 == 0) client.reset();
    }
  });
}

TEST_F(AbuseOfConnections, AMillionRepliesUnread) {
  constexpr size_t kRequests = 1'000'000;
  const std::string request = "PING\r\n";
  const std::string reply = "+PONG\r\n";
  std::string requests;
  for (size_t i = 0; i < kRequests; ++i) requests += request;

  withstand({"a million replies unread", kUsualBound}, [&] {
    Client client = connect({.receive_buffer = 32 * 1024});
    // Until the server has long had the time to take more, and has not.
    size_t sent = 0;
    for (int refused = 0; sent < requests.size() && refused < 3;) {
      const size_t fits =
          client.send_what_fits(std::string_view(requests).substr(sent));
      sent += fits;
      refused = fits == 0 ? refused + 1 : 0;
      if (fits == 0) wait_for_answers(20);
    }
    wait_for_answers(count(20, 500));
    // Now it reads. Each is there, and none too many.
    for (size_t got = 0; got < kRequests;) {
      const size_t rest = requests.size() - sent;
      if (rest > 0) {
        sent += client.send_what_fits(std::string_view(requests).substr(sent));
      }
      const size_t some = std::min<size_t>(1000, kRequests - got);
      // More would wait for what has not been asked for.
      if (got + some > sent / request.size()) continue;
      for (size_t i = 0; i < some; ++i, ++got) {
        require(client.receive(reply.size()) == reply, reply, "another");
      }
    }
    require(client.has_nothing_to_read(), "a million replies", "more");
    attackers_.push_back(std::move(client));
  });
}

// As client libraries do: a whole pipeline, and only then the replies.
TEST_F(AbuseOfConnections, APipelineSentWhole) {
  const size_t requests = count(500'000, 2'000'000);
  const std::string request =
      encode(Dialect::resp, {"SET", "pipeline", "value"});
  std::string pipeline;
  for (size_t i = 0; i < requests; ++i) pipeline += request;
  withstand({"2 million SETs sent before a reply is read", 64 * kMiB}, [&] {
    Client client = connect({.receive_buffer = 32 * 1024});
    client.send(pipeline);
    wait_for_answers(count(10, 100));
    client.expect(requests, ok());
    attackers_.push_back(std::move(client));
  });
}

// Half of the budget is theirs, the other half for those who read.
TEST_F(AbuseOfConnections, ManyWhoSendAndNeverRead) {
  const size_t clients = count(20, 200);
  const std::string request =
      encode(Dialect::resp, {"ECHO", std::string(1000, 'x')});
  std::string requests;
  while (requests.size() < 16 * kMiB) requests += request;
  start(0, {"--maxmemory-clients", "256mb"});
  withstand({"16 MB each from 200 who never read", 300 * kMiB}, [&] {
    connect_attackers(clients);
    std::vector<size_t> sent(clients);
    for (size_t round = 0; round < count(10, 50); ++round) {
      for (size_t i = 0; i < clients; ++i) {
        sent[i] += attackers_[i].send_what_fits(
            std::string_view(requests).substr(sent[i]));
      }
      wait_for_answers(count(2, 20));
    }
  });
}

// What they ask for takes memory until they have it, as in Redis.
TEST_F(AbuseOfConnections, MuchForManyAtOnce) {
  constexpr size_t kBytes = 10 * kMiB;
  const size_t clients = count(10, 50);
  const std::string text(kBytes, 'x');
  connect().ask({"SET", "large", text}, ok());
  withstand({"10 MB each for 50 clients", kUsualBound + clients * kBytes}, [&] {
    connect_attackers(clients);
    for (Client& client : attackers_) client.request({"GET", "large"});
    wait_for_answers(count(10, 100));
    for (Client& client : attackers_) client.expect(value(text));
  });
}

TEST_F(AbuseOfConnections, ResetsInTheMiddleOfAReply) {
  store_large_value();
  withstand({"resets in the middle of a reply", kUsualBound}, [&] {
    for (size_t i = 0; i < count(200, 2000); ++i) {
      Client client = connect({.receive_buffer = 32 * 1024});
      client.request({"GET", "large"});
      client.request({"GET", "large"});
      if (i % 2 == 0) client.receive(1000);
      client.reset();
    }
  });
}

// tests/stages/half_close_test.cpp
TEST_F(AbuseOfConnections, DISABLED_HalfCloseWithRepliesPending) {
  constexpr size_t kReplies = 20;
  store_large_value();
  withstand({"half-close with 20 MB pending", kUsualBound}, [&] {
    Client client = connect({.receive_buffer = 32 * 1024});
    for (size_t i = 0; i < kReplies; ++i) client.request({"GET", "large"});
    client.finish_sending();
    wait_for_answers(500);
    client.expect(kReplies, value(std::string(kLargeBytes, 'x')));
    client.expect_closed();
  });
}

// tests/stages/descriptor_exhaustion_test.cpp
TEST_F(AbuseOfConnections, DISABLED_DescriptorExhaustion) {
  constexpr size_t kDescriptors = 1024;
  start(kDescriptors);
  withstand({"twice as many clients as descriptors", kUsualBound}, [&] {
    for (size_t i = 0; i < 2 * kDescriptors; ++i) {
      Client client = connect();
      const auto served = client.try_to_ask({"GET", "nobody"}, none());
      if (served == Client::Served::yes) {
        attackers_.push_back(std::move(client));
      }
    }
    wait_for_answers(500);
  });
}

// tests/stages/ten_thousand_idle_test.cpp
TEST_F(AbuseOfConnections, DISABLED_TenThousandIdle) {
  withstand({"10,000 idle clients", kUsualBound}, [&] {
    connect_attackers(9'999);
    wait_for_answers(1000);
  });
}

}  // namespace

}  // namespace klh::test
