// Values of many elements go at once, and their memory bit by bit: nobody waits
// for that. What is freed is counted, never timed.
#include "harness/deadline.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

constexpr size_t kElements = 50'000;
constexpr size_t kBytesEach = 64;  // a member takes 80

class Freeing : public StoreTest {
 protected:
  // A sorted set of so many members.
  void make(const std::string& key, size_t elements = kElements) {
    Words words = {"ZADD", key};
    for (size_t i = 0; i < elements; ++i) {
      words.push_back(std::to_string(i));
      words.push_back("m" + std::to_string(i));
    }
    check(words, number(static_cast<int64_t>(elements)));
  }

  static uint64_t field(const std::string& info, const std::string& name) {
    const size_t at = info.find("\r\n" + name + ":");
    EXPECT_NE(at, std::string::npos) << name << " in " << info;
    if (at == std::string::npos) return 0;
    return std::stoull(info.substr(at + name.size() + 3));
  }
  uint64_t data_bytes() {
    return field(ask({"INFO", "memory"}), "used_memory_dataset");
  }

  // One turn executes both: the request, and INFO right behind it.
  std::string info_behind(const Words& request, const std::string& reply) {
    client().client().send(encode(Dialect::resp, request) +
                           encode(Dialect::resp, {"INFO", "memory"}));
    EXPECT_EQ(client().receive(), reply);
    return client().receive();
  }

  // Such a request makes the elements of one value wait to be freed.
  void check_waits(const Words& request, const std::string& reply,
                   uint64_t values = 1) {
    SCOPED_TRACE(request[0]);
    check({"CONFIG", "RESETSTAT"}, "+OK\r\n");
    const uint64_t before = data_bytes();
    const std::string info = info_behind(request, reply);
    EXPECT_GT(field(info, "used_memory_dataset") + kElements * kBytesEach / 2,
              before);
    EXPECT_EQ(field(info, "lazyfree_pending_objects"), values);
    server().wait_until_asleep();
    const std::string later = ask({"INFO", "memory"});
    EXPECT_EQ(field(later, "lazyfree_pending_objects"), 0u);
    EXPECT_EQ(field(later, "lazyfreed_objects"), values);
    EXPECT_LT(field(later, "used_memory_dataset") + kElements * kBytesEach,
              before);
  }
};

TEST_F(Freeing, NoCommandFreesALargeValueInOneGo) {
  const auto check_key_waits = [&](const Words& request,
                                   const std::string& reply) {
    make("large");
    check_waits(request, reply);
  };
  check({"ZADD", "small", "1", "one"}, number(1));
  check_key_waits({"DEL", "large"}, number(1));
  check_key_waits({"UNLINK", "large"}, number(1));
  check_key_waits({"SET", "large", "x"}, "+OK\r\n");
  check({"DEL", "large"}, number(1));
  check_key_waits({"COPY", "small", "large", "REPLACE"}, number(1));
  check_key_waits({"ZUNIONSTORE", "large", "1", "small"}, number(1));
  check_key_waits({"ZRANGESTORE", "large", "small", "0", "-1"}, number(1));
  check_key_waits({"ZINTERSTORE", "large", "1", "none"}, number(0));
  check_key_waits({"PEXPIREAT", "large", "1"}, number(1));
  check_key_waits({"RENAME", "small", "large"}, "+OK\r\n");
  check({"DEL", "large"}, number(1));
  check_key_waits({"FLUSHALL"}, "+OK\r\n");
  check_key_waits({"FLUSHDB", "SYNC"}, "+OK\r\n");
  check_key_waits({"FLUSHALL", "ASYNC"}, "+OK\r\n");
  check({"DBSIZE"}, number(0));
}

TEST_F(Freeing, NeitherDoesExpiry) {
  make("large");
  const uint64_t before = data_bytes();
  check({"PEXPIRE", "large", "1"}, number(1));
  // Nobody looks for the key: that would erase it as well.
  const Deadline deadline(settings().deadline_ms);
  while (ask({"DBSIZE"}) != number(0) && !deadline.has_passed()) continue;
  server().wait_until_asleep();
  const std::string later = ask({"INFO", "memory"});
  EXPECT_EQ(field(later, "lazyfreed_objects"), 1u);
  EXPECT_LT(field(later, "used_memory_dataset") + kElements * kBytesEach,
            before);
  check({"EXISTS", "large"}, number(0));
}

TEST_F(Freeing, AllKeysWaitAfterFlushall) {
  constexpr size_t kKeys = kElements;
  Words words = {"MSET"};
  for (size_t i = 0; i < kKeys; ++i) {
    words.push_back("key" + std::to_string(i));
    words.push_back(std::string(20, 'x'));
  }
  check(words, "+OK\r\n");
  check_waits({"FLUSHALL"}, "+OK\r\n", kKeys);
}

// What waits to be freed takes memory, but that is no reason to refuse.
TEST_F(Freeing, NobodyRunsOutOfMemoryBecauseOfWhatWaits) {
  make("large");
  check({"CONFIG", "SET", "maxmemory", std::to_string(data_bytes() + 10'000)},
        "+OK\r\n");
  check({"SET", "key", std::string(50'000, 'x')}, "+OK\r\n");
  check({"SET", "key2", ""},
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  check_bytes(
      "UNLINK large\r\nSET key2 x\r\nAPPEND key2 y\r\nRPUSH list a b c\r\n",
      ":1\r\n+OK\r\n:2\r\n:3\r\n");
  server().wait_until_asleep();
  check({"SET", "key2", ""}, "+OK\r\n");
}

// Commands that make much, in the same turn as those that free it, must not
// wait for a turn to have it freed.
TEST_F(Freeing, APipelineThatCopiesAndDeletesDoesNotGrow) {
  make("large", kElements / 4);
  const uint64_t one = data_bytes();
  std::string requests;
  std::string replies;
  for (int i = 0; i < 40; ++i) {
    requests += "COPY large copy\r\nUNLINK copy\r\n";
    replies += ":1\r\n:1\r\n";
  }
  requests += "INFO memory\r\n";
  client().client().send(requests);
  EXPECT_EQ(client().client().receive(replies.size()), replies);
  EXPECT_LT(field(client().receive(), "used_memory_dataset"), 4 * one);
}

}  // namespace

}  // namespace klh::test
