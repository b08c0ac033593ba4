// Who sends much and reads nothing: how far the server goes on, who has to wait
// for others, who is woken when these leave, and that a last reply arrives.
#include "harness/deadline.h"
#include "harness/process_info.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

constexpr size_t kMiB = 1024 * 1024;

// For who reads nothing: so that the kernel keeps little for it, too.
constexpr Client::Options kSmallBuffer = {.receive_buffer = 32 * 1024};

class HeldBack : public StoreTest {
 protected:
  // A client that will read nothing, or late.
  Client silent(Where where = Where::here()) {
    return Client(server(where).port(), Dialect::resp, kSmallBuffer, where);
  }

  // At least so many bytes of one request, again and again.
  static std::string pipeline(const Words& words, size_t bytes) {
    const std::string request = encode(Dialect::resp, words);
    std::string requests;
    requests.reserve(bytes + request.size());
    while (requests.size() < bytes) requests += request;
    return requests;
  }

  // A number of INFO, asked by a client of its own.
  uint64_t info(const std::string& name) {
    const std::string text = ask({"INFO"});
    const size_t at = text.find("\r\n" + name + ":");
    EXPECT_NE(at, std::string::npos) << name;
    return std::stoull(text.substr(at + name.size() + 3));
  }

  // How many of these bytes the server takes, until it only waits.
  size_t taken_of(Client& client, std::string_view bytes) {
    const size_t taken = server().send_while_taken(client, bytes);
    server().wait_until_asleep();
    return taken;
  }
};

// --- a pipeline is sent whole before a reply is read ---

// As redis-py does it: the replies are far more than 1 MB, the requests far
// more than 16 MB.
TEST_F(HeldBack, NotWhoIsWithinTheBudget) {
  const Words set = {"SET", "key:123456", "value"};
  const std::string requests = pipeline(set, 48 * kMiB);
  const size_t count = requests.size() / encode(Dialect::resp, set).size();
  check({"PING"}, "+PONG\r\n");
  const size_t before = peak_memory(server().pid());
  Client client = silent();
  client.send(requests);
  client.wait_until_delivered();
  server().wait_until_asleep();
  EXPECT_LT(peak_memory(server().pid()) - before, 40 * kMiB)
      << "their replies are a seventh of them";
  check({"GET", "key:123456"}, bulk("value"));
  client.expect(count, ok());
  client.ask({"GET", "key:123456"}, value("value"));
}

// Requests in few bytes, replies of many: the requests wait instead.
TEST_F(HeldBack, NotWhoAsksForMuchWithinTheBudget) {
  const std::string text(100'000, 'x');
  check({"SET", "large", text}, "+OK\r\n");
  const std::string requests = pipeline({"GET", "large"}, 32 * kMiB);
  const size_t before = peak_memory(server().pid());
  Client client = silent();
  client.send(requests);
  client.wait_until_delivered();
  server().wait_until_asleep();
  EXPECT_LT(peak_memory(server().pid()) - before, 110 * kMiB)
      << "the requests, and as much of the 120 GB that are asked for";
  client.expect(50, value(text));
  client.reset();
}

// --- the budget ---

class SmallBudget : public HeldBack {
 protected:
  static constexpr size_t kBudget = 32 * kMiB;

  void SetUp() override { start({"--maxmemory-clients", "32mb"}); }

  // Requests of 1 KB whose replies are as large.
  static std::string echoes(size_t bytes) {
    return pipeline({"ECHO", std::string(1000, 'x')}, bytes);
  }
};

TEST_F(SmallBudget, OneMayHaveAQuarterWaiting) {
  const std::string requests = echoes(2 * kBudget);
  Client client = silent();
  EXPECT_LT(taken_of(client, requests), requests.size());
  const uint64_t waiting = info("mem_clients_normal");
  EXPECT_GT(waiting, kBudget / 8);
  EXPECT_LT(waiting, kBudget / 2);
  EXPECT_EQ(info("evicted_clients"), 0u);
}

TEST_F(SmallBudget, ManyLeaveHalfOfIt) {
  const std::string requests = echoes(2 * kBudget);
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(silent());
    EXPECT_LT(taken_of(clients.back(), requests), requests.size());
  }
  const uint64_t waiting = info("mem_clients_normal");
  EXPECT_GT(waiting, kBudget / 4);
  EXPECT_LT(waiting, kBudget * 3 / 4);
  EXPECT_EQ(info("evicted_clients"), 0u);
  // The other half is there for one that is large and is read.
  const std::string large(kBudget / 8, 'x');
  EXPECT_EQ(ask({"ECHO", large}), bulk(large));
  EXPECT_EQ(info("evicted_clients"), 0u);
}

// Held back because of what others take, it goes on when they leave, although
// nothing happens at its own socket.
TEST_F(SmallBudget, WhoWaitsForOthersIsWokenWhenTheyLeave) {
  const std::string requests = echoes(2 * kBudget);
  std::vector<Client> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(silent());
    taken_of(others.back(), requests);
  }
  Client client = silent();
  const size_t taken = taken_of(client, requests);
  for (Client& other : others) other.reset();
  const size_t more =
      taken_of(client, std::string_view(requests).substr(taken));
  EXPECT_GT(more, kBudget / 16);
  EXPECT_EQ(info("evicted_clients"), 0u);
  client.expect(100, value(std::string(1000, 'x')));
}

TEST_F(SmallBudget, AndWhenThereIsMoreOfIt) {
  const std::string requests = echoes(kBudget);
  Client client = silent();
  const size_t taken = taken_of(client, requests);
  ASSERT_LT(taken, requests.size());
  check({"CONFIG", "SET", "maxmemory-clients", "1gb"}, "+OK\r\n");
  client.send(std::string_view(requests).substr(taken));
  client.wait_until_delivered();
}

// --- a request that is large ---

// A buffer that doubles would take more than there is.
TEST_F(SmallBudget, ARequestMayTakeMostOfIt) {
  const std::string large(kBudget * 3 / 4, 'x');
  check({"EXISTS", large}, number(0));
  EXPECT_EQ(info("evicted_clients"), 0u);
}

TEST_F(SmallBudget, WhoseRequestIsTooLargeIsTold) {
  Connected client = another();
  client.client().send("*2\r\n$6\r\nEXISTS\r\n$" + std::to_string(2 * kBudget) +
                       "\r\n");
  client.client().send(std::string(2 * kBudget, 'x') + "\r\n");
  EXPECT_EQ(client.receive(),
            "-OOM request needs more memory than 'maxmemory-clients' has "
            "left\r\n");
  client.client().expect_closed();
  EXPECT_EQ(info("evicted_clients"), 1u);
}

TEST_F(HeldBack, TwoMillionArgumentsAreTaken) {
  constexpr size_t kKeys = 2'000'000;
  std::string request = "*" + std::to_string(kKeys + 1) + "\r\n";
  request += "$6\r\nEXISTS\r\n";
  for (size_t i = 0; i < kKeys; ++i) request += "$1\r\nk\r\n";
  check({"SET", "k", "v"}, "+OK\r\n");
  check_bytes(request, number(kKeys));
}

TEST_F(SmallBudget, ArgumentsCount) {
  Connected client = another();
  client.client().send("*1000000000\r\n$6\r\nEXISTS\r\n");
  // In bytes they are less than the budget, and more with where they are.
  std::string keys;
  while (keys.size() < kBudget * 3 / 4) keys += "$1\r\nk\r\n";
  client.client().send(keys);
  EXPECT_EQ(client.receive(),
            "-OOM request needs more memory than 'maxmemory-clients' has "
            "left\r\n");
}

// --- the last reply ---

// To close a socket with bytes unread resets the connection, and a client that
// is still sending would not see why.
TEST_F(HeldBack, AnErrorArrivesThoughMuchMoreIsSent) {
  for (const std::string begin :
       {"*2147483648\r\n", "*1\r\n$536870913\r\n", "*1\r\nPING\r\n"}) {
    Connected client = another();
    client.client().send(begin);
    client.client().send(std::string(32 * kMiB, 'x'));
    EXPECT_TRUE(client.receive().starts_with("-ERR Protocol error: "));
    client.client().expect_closed();
  }
}

TEST_F(HeldBack, SoDoesTheReplyToQuit) {
  Connected client = another();
  client.client().send("QUIT\r\n" + pipeline({"SET", "k", "v"}, 32 * kMiB));
  EXPECT_EQ(client.receive(), "+OK\r\n");
  client.client().expect_closed();
  check({"EXISTS", "k"}, number(0));
}

// It is no client any more, and its descriptor is free when it closes its side.
TEST_F(HeldBack, WhoHasHadItsLastReplyIsGone) {
  check({"PING"}, "+PONG\r\n");
  const size_t descriptors = open_descriptors(server().pid());
  {
    std::vector<Connected> clients;
    for (int i = 0; i < 10; ++i) {
      clients.push_back(another());
      EXPECT_EQ(clients.back().ask({"QUIT"}), "+OK\r\n");
      clients.back().client().expect_closed();
    }
    EXPECT_EQ(info("connected_clients"), 1u);
    EXPECT_EQ(ask({"CLIENT", "LIST"}).find("cmd=quit"), std::string::npos);
  }
  const Deadline deadline(settings().deadline_ms);
  while (open_descriptors(server().pid()) > descriptors) {
    ASSERT_FALSE(deadline.has_passed());
    check({"PING"}, "+PONG\r\n");
  }
}

// --- CLIENT KILL ---

class Kill : public HeldBack {
 protected:
  // A client with 20 MB of replies that it does not read; its id.
  std::string never_reading(std::vector<Client>& clients) {
    check({"SET", "large", std::string(20'000'000, 'x')}, "+OK\r\n");
    clients.push_back(silent());
    Client& client = clients.back();
    client.request({"CLIENT", "ID"});
    const std::string line = client.receive(4);
    client.request({"GET", "large"});
    client.wait_until_delivered();
    server().wait_until_asleep();
    return line.substr(1, line.find('\r') - 1);
  }
};

TEST_F(Kill, ClosesAtOnceWhoDoesNotRead) {
  check({"PING"}, "+PONG\r\n");
  const size_t descriptors = open_descriptors(server().pid());
  std::vector<Client> clients;
  const std::string id = never_reading(clients);
  check({"CLIENT", "KILL", "ID", id}, number(1));
  server().wait_until_asleep();
  EXPECT_EQ(open_descriptors(server().pid()), descriptors);
  EXPECT_EQ(ask({"CLIENT", "LIST"}).find("id=" + id + " "), std::string::npos);
  check({"CLIENT", "KILL", "ID", id}, number(0));
  EXPECT_LT(info("mem_clients_normal"), kMiB);
}

// Also for whoever asks in the same breath.
TEST_F(Kill, IsSeenByTheNextRequest) {
  std::vector<Client> clients;
  const std::string id = never_reading(clients);
  check_bytes("CLIENT KILL ID " + id + "\r\nCLIENT KILL ID " + id +
                  "\r\nCLIENT LIST ID " + id + "\r\n",
              ":1\r\n:0\r\n$0\r\n\r\n");
}

TEST_F(Kill, OfOneselfIsReplied) {
  Connected client = another();
  const std::string id = client.ask({"CLIENT", "ID"});
  EXPECT_EQ(client.ask({"CLIENT", "KILL", "ID", id.substr(1, id.size() - 3),
                        "SKIPME", "no"}),
            number(1));
  client.client().expect_closed();
}

// One that has asked to QUIT and does not read is still there to be killed.
TEST_F(Kill, AlsoWhoIsLeaving) {
  std::vector<Client> clients;
  const std::string id = never_reading(clients);
  clients.back().request({"QUIT"});
  clients.back().wait_until_delivered();
  server().wait_until_asleep();
  check({"CLIENT", "KILL", "ID", id}, number(1));
  check({"CLIENT", "KILL", "ID", id}, number(0));
}

// --- before AUTH ---

TEST_F(HeldBack, AStrangerTakesNoMoreThan64KB) {
  start({"--requirepass", "secret"});
  check({"AUTH", "secret"}, "+OK\r\n");
  const uint64_t before = info("mem_clients_normal");
  const std::string requests = pipeline({"x"}, 32 * kMiB);
  Client stranger = silent();
  EXPECT_LT(taken_of(stranger, requests), requests.size());
  EXPECT_LT(info("mem_clients_normal") - before, 64u * 1024 + 1024);
  // An argument of 16 KB is allowed, a request with several of them is not.
  Connected other = another();
  const std::string word(16'000, 'x');
  EXPECT_TRUE(other.ask({"AUTH", word}).starts_with("-WRONGPASS"));
  EXPECT_TRUE(other.ask({"AUTH", word, word}).starts_with("-ERR Protocol"));
}

// Who gives the password in the middle of a pipeline is a stranger no longer.
TEST_F(HeldBack, TheRestOfAPipelineBehindAuthIsTaken) {
  start({"--requirepass", "secret"});
  const Words set = {"SET", "k", std::string(100, 'x')};
  const std::string requests = pipeline(set, 8 * kMiB);
  Client client = silent();
  client.send(encode(Dialect::resp, {"AUTH", "secret"}) + requests);
  client.wait_until_delivered();
  client.expect(ok());
  client.expect(requests.size() / encode(Dialect::resp, set).size(), ok());
}

}  // namespace

}  // namespace klh::test
