// What clients, replies and data may take: nobody can take the memory.
#include <algorithm>

#include "harness/process_info.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

constexpr size_t kMiB = 1024 * 1024;

class Memory : public StoreTest {
 protected:
  size_t growth_while(const std::function<void()>& what) {
    const size_t before = peak_memory(server().pid());
    what();
    return peak_memory(server().pid()) - before;
  }

  // A number of INFO.
  uint64_t info(const std::string& name) {
    const std::string text = ask({"INFO"});
    const size_t at = text.find("\r\n" + name + ":");
    EXPECT_NE(at, std::string::npos) << name;
    return std::stoull(text.substr(at + name.size() + 3));
  }

  // Returns when nothing is left to do.
  void settle(Connected& client, Where where = Where::here()) {
    client.client().wait_until_delivered(where);
    server().wait_until_asleep(where);
  }
};

// --- input ---

// Each would else keep a buffer for a whole read.
TEST_F(Memory, AClientThatSendsAByteCostsLittle) {
  constexpr size_t kClients = 900;
  constexpr size_t kBytesEach = 16 * 1024;  // a sanitizer needs some, too
  check({"PING"}, "+PONG\r\n");
  std::vector<Connected> clients;
  const size_t grown = growth_while([&] {
    while (clients.size() < kClients) {
      clients.push_back(another());
      clients.back().client().send("*");
    }
    settle(clients.back());
    for (Connected& each : clients) each.client().send("1\r\n$4\r\nPI");
    settle(clients.back());
  });
  EXPECT_LT(grown, kClients * kBytesEach);
  EXPECT_EQ(info("mem_clients_normal") / kClients, 10u + 8u + 16u)
      << "the bytes, where the argument begins and ends, and its view";
  for (Connected& each : clients) {
    each.client().send("NG\r\n");
    EXPECT_EQ(each.receive(), "+PONG\r\n");
  }
}

TEST_F(Memory, AnEndlessLineIsRefused) {
  Connected endless = another();
  endless.client().send(std::string(65 * 1024, 'x'));
  EXPECT_EQ(endless.receive(),
            "-ERR Protocol error: too big inline request\r\n");
  endless.client().expect_closed();
}

// --- replies that are far larger than what they are made of ---

constexpr const char* kOutOfMemory =
    "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

constexpr const char* kTakesTooMuch =
    "-OOM command needs more memory than 'maxmemory-clients' has left.\r\n";

TEST_F(Memory, ABillionRandomElementsAreRefused) {
  check({"HSET", "hash", "one", "1", "two", "2"}, number(2));
  check({"ZADD", "set", "1", "one", "2", "two"}, number(2));
  check({"CLIENT", "NO-EVICT", "ON"}, "+OK\r\n");
  const size_t grown = growth_while([&] {
    for (const char* count : {"-1000000000", "-4611686018427387903"}) {
      check({"HRANDFIELD", "hash", count}, kTakesTooMuch);
      check({"HRANDFIELD", "hash", count, "WITHVALUES"}, kTakesTooMuch);
      check({"ZRANDMEMBER", "set", count}, kTakesTooMuch);
      check({"ZRANDMEMBER", "set", count, "WITHSCORES"}, kTakesTooMuch);
    }
    check_bytes("CLIENT REPLY SKIP\r\nHRANDFIELD hash -1000000000\r\nPING\r\n",
                "+PONG\r\n");
  });
  EXPECT_LT(grown, kMiB);
}

// The requests behind it are answered behind it, and a half-closed client gets
// all of it.
TEST_F(Memory, ALongReplyIsWhole) {
  constexpr size_t kCount = 300'000;
  check({"HSET", "hash", "one", "1", "two", "2"}, number(2));
  Connected client = another();
  client.client().request({"HRANDFIELD", "hash", "-" + std::to_string(kCount)});
  client.client().request({"DEL", "hash"});
  client.client().request({"ECHO", "behind"});
  client.client().finish_sending();
  settle(client);
  const std::string size = std::to_string(kCount);
  EXPECT_EQ(client.client().receive(size.size() + 3), "*" + size + "\r\n");
  const std::string elements = client.client().receive(kCount * 9);
  size_t ones = 0;
  for (size_t at = 0; at < elements.size(); at += 9) {
    const std::string_view element = std::string_view(elements).substr(at, 9);
    if (element == "$3\r\none\r\n") ++ones;
    if (element != "$3\r\none\r\n" && element != "$3\r\ntwo\r\n") {
      FAIL() << escaped(element);
    }
  }
  EXPECT_GT(ones, kCount / 3);
  EXPECT_LT(ones, kCount / 3 * 2);
  EXPECT_EQ(client.receive(), number(1));
  EXPECT_EQ(client.receive(), bulk("behind"));
  client.client().expect_closed();
}

// Named in each way that a few bytes can ask for much. The number of names does
// not matter, neither for the memory nor for the work: with 20,000 names of a
// set of 100,000 members, two billion would be gone through, until the deadline
// of the test.
TEST_F(Memory, ASetIsGoneThroughOnceHoweverOftenItIsNamed) {
  constexpr size_t kMembers = 100'000;
  start({"--maxmemory", "100mb"});
  Words add = {"ZADD", "set"};
  for (size_t i = 0; i < kMembers; ++i) {
    add.insert(add.end(), {std::to_string(i), "member" + std::to_string(i)});
  }
  check(add, number(kMembers));
  const auto named = [](Words command, size_t count) {
    command.push_back(std::to_string(count));
    command.insert(command.end(), count, "set");
    return command;
  };
  const size_t grown = growth_while([&] {
    for (const size_t count : {300U, 20'000U}) {
      const auto all = client().ask_list(named({"ZUNION"}, count));
      EXPECT_EQ(all.size(), kMembers);
      check(named({"ZINTERCARD"}, count), number(kMembers));
      check(named({"ZUNIONSTORE", "to"}, count), number(kMembers));
      check({"ZSCORE", "to", "member7"}, bulk(std::to_string(7 * count)));
      check(named({"ZINTERSTORE", "to"}, count), number(kMembers));
      check(named({"ZDIFFSTORE", "to"}, count), number(0));
    }
  });
  EXPECT_LT(grown, 60 * kMiB);
}

// What they have is gone through, not the first set for each of them: that
// would be four billion members.
TEST_F(Memory, ManySmallSetsAreTakenFromALargeOne) {
  constexpr size_t kMembers = 100'000;
  constexpr size_t kSets = 40'000;
  Words add = {"ZADD", "set"};
  for (size_t i = 0; i < kMembers; ++i) {
    add.insert(add.end(), {"1", std::to_string(i)});
  }
  check(add, number(kMembers));
  std::string requests;
  std::string replies;
  Words diff = {"ZDIFFSTORE", "to", std::to_string(kSets + 1), "set"};
  for (size_t i = 0; i < kSets; ++i) {
    diff.push_back("small" + std::to_string(i));
    requests +=
        encode(Dialect::resp, {"ZADD", diff.back(), "1", std::to_string(2 * i),
                               "2", "other" + std::to_string(i)});
    replies += number(2);
  }
  check_bytes(requests, replies);
  check(diff, number(kMembers - kSets));
}

TEST_F(Memory, OneSmallRequestDoesNotExceedMaxmemoryByFar) {
  start({"--maxmemory", "20mb"});
  check({"SETRANGE", "a", "500000000", "x"}, kOutOfMemory);
  check({"EXISTS", "a"}, number(0));
  check({"SETRANGE", "a", "12000000", "x"}, number(12'000'001));
  check({"COPY", "a", "b"}, kOutOfMemory);
  check({"EXISTS", "b"}, number(0));
  check({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"}, "+OK\r\n");
  check({"SETRANGE", "c", "500000000", "x"}, kOutOfMemory);
  check({"COPY", "a", "b"}, number(1));
}

// --- maxmemory-clients ---

// To one that has taken all its replies; others are only closed.
constexpr const char* kEvicted =
    "-OOM request needs more memory than 'maxmemory-clients' has left\r\n";

class ClientsMemory : public Memory {
 protected:
  static constexpr size_t kElements = 80;

  void SetUp() override {
    start({"--maxmemory-clients", "30mb"});
    Words push = {"RPUSH", "list"};
    push.insert(push.end(), kElements, std::string(100'000, 'x'));
    check(push, number(kElements));
  }

  // Asks for 8 MB and reads none of them.
  Connected greedy(Where where = Where::here()) {
    Connected client = another(where);
    client.client().request({"LRANGE", "list", "0", "-1"}, where);
    return client;
  }
};

TEST_F(ClientsMemory, WhoTakesMostIsClosed) {
  std::vector<Connected> clients;
  const size_t grown = growth_while([&] {
    server().pause();  // so that all of them are there in one turn
    for (int i = 0; i < 40; ++i) clients.push_back(greedy());
    server().resume();
    settle(clients.back());
  });
  EXPECT_LT(grown, 80 * kMiB) << "40 replies of 8 MB";
  EXPECT_GE(info("evicted_clients"), 36u);
  EXPECT_LE(info("mem_clients_normal"), 30 * kMiB);
  const std::string clients_left = ask({"CLIENT", "LIST"});
  EXPECT_LE(std::count(clients_left.begin(), clients_left.end(), '\n'), 7);
  check({"PING"}, "+PONG\r\n");
}

// Their replies are not read, so their requests may wait, but only as far as
// there is room for all.
TEST_F(ClientsMemory, NobodyIsClosedForRequestsThatWait) {
  check({"CONFIG", "SET", "maxmemory-clients", "80mb"}, "+OK\r\n");
  std::string requests;
  for (int i = 0; i < 6; ++i) {
    requests += encode(Dialect::resp, {"LRANGE", "list", "0", "9"});
  }
  const size_t some = requests.size() + 6 * kMiB;
  while (requests.size() < some) requests += "PING\r\n";
  std::vector<Connected> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(another());
    server().send_while_taken(clients.back().client(), requests);
  }
  EXPECT_EQ(info("evicted_clients"), 0u);
  EXPECT_GE(info("mem_clients_normal"), 20 * kMiB);
}

TEST_F(ClientsMemory, RequestsThatAreNotCompleteCount) {
  Connected small = another();
  small.client().send("*2\r\n$4\r\nPI");
  std::vector<Connected> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(another());
    clients.back().client().send("*2\r\n$4\r\nECHO\r\n$90000000\r\n");
    clients.back().client().send(std::string(4 * kMiB, 'x'));
    settle(clients.back());
  }
  EXPECT_GE(info("evicted_clients"), 13u);
  EXPECT_LE(info("mem_clients_normal"), 30 * kMiB);
  small.client().send("NG\r\n$1\r\na\r\n");
  EXPECT_EQ(small.receive(), bulk("a"));
}

TEST_F(ClientsMemory, NotWhoIsExempt) {
  Connected exempt = another();
  EXPECT_EQ(exempt.ask({"CLIENT", "NO-EVICT", "ON"}), "+OK\r\n");
  for (int i = 0; i < 5; ++i) {
    exempt.client().request({"LRANGE", "list", "0", "-1"});
  }
  settle(exempt);
  for (int i = 0; i < 6; ++i) settle(*std::make_unique<Connected>(greedy()));
  EXPECT_EQ(exempt.ask_list({"LRANGE", "list", "0", "0"}).size(), kElements);
}

TEST_F(ClientsMemory, NobodyIsClosedWithoutALimit) {
  check({"CONFIG", "SET", "maxmemory-clients", "0"}, "+OK\r\n");
  std::vector<Connected> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(greedy());
  for (Connected& each : clients) {
    EXPECT_EQ(each.receive().size(), 5 + kElements * 100'011);
  }
}

// One value, asked for 10,000 times in one request.
TEST_F(ClientsMemory, AReplyThatRepeatsAValueIsRefused) {
  const std::string value(1'000'000, 'x');
  check({"SET", "large", value}, "+OK\r\n");
  check({"HSET", "hash", "large", value}, number(1));
  Words mget(10'000, "large");
  mget[0] = "MGET";
  Words hmget(10'000, "large");
  hmget[0] = "HMGET";
  hmget[1] = "hash";
  const size_t grown = growth_while([&] {
    for (const Words& words : {mget, hmget}) check(words, kTakesTooMuch);
  });
  EXPECT_LT(grown, 80 * kMiB);
  check({"PING"}, "+PONG\r\n");
  EXPECT_EQ(info("evicted_clients"), 0u);
}

// What a union lays side by side, and the rows of COMMAND.
TEST_F(ClientsMemory, WhatACommandBuildsIsBounded) {
  Words add = {"ZADD", "set"};
  for (int i = 0; i < 50'000; ++i) {
    add.insert(add.end(), {"1", "a" + std::to_string(i)});
  }
  check(add, number(50'000));
  for (size_t i = 2; i < add.size(); i += 2) add[i + 1][0] = 'b';
  add[1] = "other";
  check(add, number(50'000));
  check({"CONFIG", "SET", "maxmemory-clients", "5mb"}, "+OK\r\n");
  Words rows(50'000, "client");
  rows[0] = "COMMAND";
  rows[1] = "INFO";
  const size_t grown = growth_while([&] {
    check({"ZUNION", "2", "set", "other"}, kTakesTooMuch);
    check({"ZUNIONSTORE", "to", "2", "set", "other"}, kTakesTooMuch);
    check(rows, kTakesTooMuch);
  });
  EXPECT_LT(grown, 20 * kMiB);
  check({"EXISTS", "to"}, number(0));
  check({"ZINTERCARD", "2", "set", "other", "LIMIT", "3"}, number(0));
}

// The count is refused before anything is chosen, long fields while they are.
TEST_F(ClientsMemory, LongRandomElementsAreRefused) {
  const std::string name(1'000'000, 'x');
  check({"HSET", "hash", name, "1"}, number(1));
  check({"ZADD", "set", "1", name}, number(1));
  const size_t grown = growth_while([&] {
    check({"HRANDFIELD", "hash", "-100"}, kTakesTooMuch);
    check({"ZRANDMEMBER", "set", "-100"}, kTakesTooMuch);
  });
  EXPECT_LT(grown, 80 * kMiB);
  check({"HRANDFIELD", "hash", "-10"}, array(Words(10, name)));
}

// So is what a client says of itself.
TEST_F(ClientsMemory, NamesCount) {
  Connected named = another();
  const std::string name(2 * kMiB, 'x');
  EXPECT_EQ(named.ask({"CLIENT", "SETNAME", name}), "+OK\r\n");
  EXPECT_GE(info("mem_clients_normal"), name.size());
  check({"CONFIG", "SET", "maxmemory-clients", "1mb"}, "+OK\r\n");
  EXPECT_EQ(named.receive(), kEvicted);
  named.client().expect_closed();
  EXPECT_EQ(info("evicted_clients"), 1u);
}

TEST_F(ClientsMemory, AShareOfMaxmemory) {
  check({"CONFIG", "SET", "maxmemory-clients", "1%"}, "+OK\r\n");
  check({"CONFIG", "GET", "maxmemory-clients"},
        array({"maxmemory-clients", "1%"}));
  EXPECT_EQ(another().ask_list({"LRANGE", "list", "0", "-1"}).size(), kElements)
      << "1% of no limit is no limit";
  check({"CONFIG", "SET", "maxmemory", "100mb"}, "+OK\r\n");
  Connected client = greedy();
  client.client().expect_closed();
}

// --- maxmemory ---

TEST_F(Memory, WithoutEvictionWritesAreRefusedAndReadsAreNot) {
  start({"--maxmemory", "8mb"});
  const std::string value(100'000, 'x');
  int stored = 0;
  std::string reply;
  while ((reply = ask({"SET", std::to_string(stored), value})) == "+OK\r\n") {
    ASSERT_LT(++stored, 200);
  }
  EXPECT_EQ(reply, kOutOfMemory);
  EXPECT_GT(stored, 60);
  EXPECT_LT(stored, 90);
  EXPECT_EQ(info("evicted_keys"), 0u);
  EXPECT_GT(info("used_memory"), 8 * kMiB);
  check({"APPEND", "0", "x"}, kOutOfMemory);
  check({"STRLEN", "0"}, number(100'000));
  check({"DEL", "0", "1", "2"}, number(3));
  check({"SET", "a", "b"}, "+OK\r\n");
  check({"CONFIG", "SET", "maxmemory", "1"}, "+OK\r\n");
  check({"SET", "a", "b"}, kOutOfMemory);
  check({"CONFIG", "SET", "maxmemory", "0"}, "+OK\r\n");
  check({"SET", "a", "b"}, "+OK\r\n");
}

TEST_F(Memory, UnderLruTheKeysThatAreNotUsedGo) {
  constexpr int kHot = 20;
  constexpr int kCold = 2000;
  start({"--maxmemory", "5mb", "--maxmemory-policy", "allkeys-lru"});
  const std::string value(10'000, 'x');
  for (int i = 0; i < kHot; ++i) {
    check({"SET", "hot" + std::to_string(i), value}, "+OK\r\n");
  }
  int kept = 0;
  for (int i = 0; i < kCold; ++i) {
    EXPECT_EQ(ask({"SET", "cold" + std::to_string(i), value}), "+OK\r\n");
    for (int k = 0; k < kHot && i % 10 == 0; ++k) {
      const std::string reply = ask({"EXISTS", "hot" + std::to_string(k)});
      kept += i == kCold - 10 && reply == number(1);
    }
  }
  EXPECT_GE(kept, kHot * 3 / 4) << "of 20 keys that are used again and again";
  EXPECT_GT(info("evicted_keys"), 1000u);
  EXPECT_LT(info("used_memory"), 6 * kMiB);
}

// It must not take one turn, nor a request that makes the server look.
TEST_F(Memory, MaxmemoryCanBeLoweredWhileTheServerRuns) {
  const std::string value(1000, 'x');
  std::string sets;
  std::string replies;
  for (int i = 0; i < 20'000; ++i) {
    sets += encode(Dialect::resp, {"SET", std::to_string(i), value});
    replies += "+OK\r\n";
  }
  check_bytes(sets, replies);
  check(
      {"CONFIG", "SET", "maxmemory", "5mb", "maxmemory-policy", "allkeys-lru"},
      "+OK\r\n");
  server().wait_until_asleep();
  EXPECT_LE(info("used_memory"), 5 * kMiB + 100'000);
  EXPECT_GT(info("evicted_keys"), 10'000u);
  EXPECT_LT(ask({"DBSIZE"}), ":6000\r\n");
}

// Those that were evicted do not come back.
TEST_F(Memory, EvictedKeysAreGoneFromTheFile) {
  start({"--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"});
  const std::string value(10'000, 'x');
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(ask({"SET", std::to_string(i), value}), "+OK\r\n");
  }
  const std::string size = ask({"DBSIZE"});
  end();
  start();
  check({"DBSIZE"}, size);
}

// What clients have not read is not the data's fault.
TEST_F(Memory, NobodyPushesKeysOutByNotReading) {
  start({"--maxmemory", "20mb", "--maxmemory-policy", "allkeys-lru"});
  Words push = {"RPUSH", "list"};
  push.insert(push.end(), 80, std::string(100'000, 'x'));
  check(push, number(80));
  std::vector<Connected> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(another());
    clients.back().client().request({"LRANGE", "list", "0", "-1"});
  }
  settle(clients.back());
  check({"SET", "a", "b"}, "+OK\r\n");
  check({"EXISTS", "list", "a"}, number(2));
}

TEST_F(Memory, InfoTellsOfIt) {
  start({"--maxmemory", "1gb"});
  const std::string text = ask({"INFO", "memory"});
  const auto tells = [&](const std::string& line) {
    return text.find("\r\n" + line) != std::string::npos;
  };
  EXPECT_TRUE(
      tells("maxmemory:1073741824\r\nmaxmemory_human:1.00G\r\n"
            "maxmemory_policy:noeviction\r\n"))
      << text;
  EXPECT_TRUE(tells("used_memory_human:")) << text;
  EXPECT_TRUE(tells("used_memory_rss_human:")) << text;
  const uint64_t before = info("used_memory");
  check({"SET", "a", std::string(3'000'000, 'x')}, "+OK\r\n");
  const uint64_t after = info("used_memory");
  EXPECT_NEAR(static_cast<double>(after - before), 3'000'000, 20'000);
  check({"DEL", "a"}, number(1));
  EXPECT_NEAR(static_cast<double>(info("used_memory")),
              static_cast<double>(before), 2'000);
}

TEST_F(Memory, SizesAreGivenAsInRedis) {
  const auto check_size = [&](const std::string& text,
                              const std::string& bytes) {
    check({"CONFIG", "SET", "maxmemory", text}, "+OK\r\n");
    check({"CONFIG", "GET", "maxmemory"}, array({"maxmemory", bytes}));
  };
  check_size("1000000", "1000000");
  check_size("100mb", "104857600");
  check_size("100M", "100000000");
  check_size("2GB", "2147483648");
  check_size("1000kb", "1024000");
  check_size("1000000b", "1000000");
  check_size("0", "0");
}

}  // namespace

}  // namespace klh::test
