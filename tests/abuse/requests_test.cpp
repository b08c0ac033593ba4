// Clients that abuse the protocol: lengths that are not meant, lines without
// an end, noise, keys chosen to collide, guesses at the password.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "abuse/abuse_test.h"
#include "harness/diagnosis.h"
#include "harness/process_info.h"
#include "harness/settings.h"
#include "store/store.h"

namespace klh::test {

namespace {

class AbuseOfRequests : public Abuse {
 protected:
  struct Malformed {
    std::string_view bytes;
    std::string_view reply;  // then the connection is closed
  };

  // Each from a client of its own, again and again.
  void send_malformed(const std::vector<Malformed>& all, size_t times) {
    for (size_t i = 0; i < times; ++i) {
      for (const Malformed& each : all) {
        Client client = connect();
        client.send(each.bytes);
        expect(client, each.reply);
        if (!tests_learner()) client.expect_closed();
        // Or it waits for the rest: redis-server takes some of them.
        if (tests_learner()) client.reset();
      }
      wait_for_answers(1);
    }
  }
};

TEST_F(AbuseOfRequests, DeclaredLengthsAndThenNothing) {
  withstand({"512 MB declared, then nothing", kUsualBound}, [&] {
    connect_attackers(count(200, 2000));
    for (Client& client : attackers_) {
      client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n");
    }
    wait_for_answers(count(1, 1000));
  });
}

TEST_F(AbuseOfRequests, ABillionArguments) {
  withstand({"*1000000000", kUsualBound}, [&] {
    connect_attackers(count(100, 1000));
    for (Client& client : attackers_) {
      client.send("*1000000000\r\n$3\r\nDEL\r\n");
    }
    wait_for_answers(count(1, 1000));
  });
}

TEST_F(AbuseOfRequests, NegativeAndOverflowingLengths) {
  constexpr std::string_view kCount =
      "-ERR Protocol error: invalid multibulk length\r\n";
  constexpr std::string_view kSize =
      "-ERR Protocol error: invalid bulk length\r\n";
  withstand({"negative and overflowing lengths", kUsualBound}, [&] {
    send_malformed(
        {
            {"*1\r\n$-1\r\n", kSize},
            {"*1\r\n$536870913\r\n", kSize},
            {"*1\r\n$4294967300\r\n", kSize},
            {"*1\r\n$9223372036854775808\r\n", kSize},
            {"*1\r\n$18446744073709551620\r\n", kSize},
            {"*1\r\n$99999999999999999999999999\r\n", kSize},
            {"*1\r\n$\r\n", kSize},
            {"*2147483648\r\n", kCount},
            {"*4294967297\r\n", kCount},
            {"*9223372036854775808\r\n", kCount},
            {"*18446744073709551617\r\n", kCount},
            {"*99999999999999999999999999\r\n", kCount},
            {"*-99999999999999999999999999\r\n", kCount},
        },
        count(10, 200));
  });
}

TEST_F(AbuseOfRequests, AnEndlessInlineLine) {
  const std::string piece(kMiB, 'x');
  withstand({"an endless inline line", kUsualBound}, [&] {
    for (size_t i = 0; i < count(50, 1000); ++i) {
      Client client = connect();
      size_t taken = 0;
      while (client.has_nothing_to_read() && taken < 64 * kMiB &&
             client.send_until_closed(piece)) {
        taken += piece.size();
      }
      require(taken < 64 * kMiB, "the server refuses it", "it takes 64 MB");
    }
  });
}

// The same ones each time.
TEST_F(AbuseOfRequests, RandomBytes) {
  withstand({"random bytes", kUsualBound}, [&] {
    std::mt19937_64 random(1);
    for (size_t i = 0; i < count(500, 5000); ++i) {
      std::string bytes(random() % 20'000, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      if (i % 2 == 0) bytes.insert(0, "*");
      if (i % 4 == 0) bytes.insert(1, "3\r\n$3\r\nSET\r\n$");
      Client client = connect();
      if (client.send_until_closed(bytes))
        attackers_.push_back(std::move(client));
      if (attackers_.size() > 100) attackers_.clear();
    }
  });
}

TEST_F(AbuseOfRequests, PasswordsThatAreWrong) {
  constexpr std::string_view kWrong =
      "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  withstand({"wrong passwords", kUsualBound}, [&] {
    // Who is there already stays known: the one that behaves.
    connect().ask({"CONFIG", "SET", "requirepass", "secret"}, ok());
    for (size_t i = 0; i < 100; ++i) attackers_.push_back(connect());
    for (size_t i = 0; i < count(100, 1000); ++i) {
      const std::string guess(i * 16, 'g');
      for (Client& client : attackers_) client.request({"AUTH", guess});
      for (Client& client : attackers_) {
        const std::string received = client.receive(kWrong.size());
        require(received == kWrong, escaped(kWrong), escaped(received));
      }
    }
  });
}

// --- hash flooding ---

// The hash of Bernstein, as in many tables: "Ez" and "FY" have the same, and so
// have all strings made of as many of them, in any order.
uint32_t djb_hash(std::string_view bytes) {
  uint32_t hash = 5381;
  for (const char byte : bytes) {
    hash = hash * 33 + static_cast<uint8_t>(byte);
  }
  return hash;
}

constexpr size_t kFloodBits = 16;
constexpr size_t kFlood = size_t{1} << kFloodBits;

std::vector<std::string> colliding_keys() {
  std::vector<std::string> keys;
  for (size_t number = 0; number < kFlood; ++number) {
    std::string key;
    for (size_t bit = 0; bit < kFloodBits; ++bit) {
      key += (number >> bit & 1) != 0 ? "Ez" : "FY";
    }
    keys.push_back(key);
  }
  return keys;
}

// As long as those, and different from each other.
std::vector<std::string> random_keys() {
  std::vector<std::string> keys;
  std::mt19937_64 random(2);
  for (size_t number = 0; number < kFlood; ++number) {
    std::string key = std::to_string(number) + "-";
    while (key.size() < 2 * kFloodBits) {
      key += static_cast<char>('a' + random() % 26);
    }
    keys.push_back(key);
  }
  return keys;
}

// The longest chain of a table with as many buckets as keys, whose hashes are
// those of the store; kFlood if all are the same.
size_t longest_chain(const std::vector<std::string>& keys) {
  Store store;
  for (const std::string& key : keys) store.set_string(key, "");
  std::map<uint64_t, size_t> chains;
  size_t longest = 0;
  store.for_each([&](const Entry& entry) {
    longest = std::max(longest, ++chains[entry.hash % kFlood]);
  });
  return longest;
}

// The chains of 65,536 balls in as many bins: 20 are longer than the longest
// in all but one of 10^14 draws of the secret.
TEST(HashFlooding, CollidingKeysAreSpreadLikeOthers) {
  constexpr size_t kLongest = 20;
  std::set<uint32_t> weak_hashes;
  for (const std::string& key : colliding_keys()) {
    weak_hashes.insert(djb_hash(key));
  }
  EXPECT_EQ(weak_hashes.size(), 1u) << "they do collide";
  EXPECT_LT(longest_chain(colliding_keys()), kLongest);
  EXPECT_LT(longest_chain(random_keys()), kLongest);
}

class AbuseByFlooding : public AbuseOfRequests {
 protected:
  static constexpr size_t kBatch = 1024;

  // The CPU time that the server needs for a batch of them as keys, and as
  // fields of a hash.
  uint64_t insert(Client& client, const std::vector<std::string>& keys,
                  size_t from) {
    std::string requests;
    for (size_t i = from; i < from + kBatch; ++i) {
      requests += encode(Dialect::resp, {"SET", keys[i], "v"});
      requests += encode(Dialect::resp, {"HSET", "fields", keys[i], "v"});
    }
    const uint64_t before = cpu_time_ns(server().pid());
    client.send(requests);
    for (size_t i = 0; i < kBatch; ++i) {
      client.expect(ok());
      client.expect(integer(1));
    }
    return cpu_time_ns(server().pid()) - before;
  }
};

// By turns into the same table, few at a time, so that its growth costs both
// the same.
TEST_F(AbuseByFlooding, CollidingKeys) {
  const std::vector<std::string> colliding = colliding_keys();
  const std::vector<std::string> others = random_keys();
  uint64_t colliding_ns = 0;
  uint64_t others_ns = 0;
  withstand({"65,536 keys and fields that collide", 64 * kMiB}, [&] {
    attackers_.push_back(connect());
    Client& client = attackers_.back();
    for (size_t from = 0; from < kFlood; from += kBatch) {
      const bool is_odd = from / kBatch % 2 != 0;
      if (is_odd) others_ns += insert(client, others, from);
      colliding_ns += insert(client, colliding, from);
      if (!is_odd) others_ns += insert(client, others, from);
    }
    client.ask({"HLEN", "fields"}, integer(2 * kFlood));
    for (const std::string& key : {colliding.front(), colliding.back()}) {
      client.ask({"GET", key}, value("v"));
      client.ask({"HGET", "fields", key}, value("v"));
    }
  });
  report_note(
      "CPU time of keys that collide / of others",
      static_cast<double>(colliding_ns) / static_cast<double>(others_ns));
}

}  // namespace

}  // namespace klh::test
