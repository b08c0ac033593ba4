// hiredis (Debian's libhiredis-dev 0.14), the client library for C, with its
// blocking interface. It has neither scan iterators nor RESP3, and it connects
// anew only when told to (redisReconnect).
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <array>
#include <charconv>
#include <cstdarg>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "clients/clients_test.h"
#include "harness/diagnosis.h"

namespace klh::test {

namespace {

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, Free>;
using Reply = std::unique_ptr<redisReply, Free>;

// For one reply; only a server that hangs ever takes so long.
constexpr timeval kTimeout = {60, 0};

Context connect(const ClientsServer& server) {
  Context context(redisConnect("127.0.0.1", server.port()));
  redisSetTimeout(context.get(), kTimeout);
  EXPECT_EQ(context->err, 0) << context->errstr;
  return context;
}

// Marked with what it is: +OK $bulk :1 -ERR nil [$a $b]
std::string text_of(const redisReply* reply) {
  if (!reply) return "no reply";
  switch (reply->type) {
    case REDIS_REPLY_STATUS: return "+" + std::string(reply->str, reply->len);
    case REDIS_REPLY_ERROR: return "-" + std::string(reply->str, reply->len);
    case REDIS_REPLY_STRING: return "$" + std::string(reply->str, reply->len);
    case REDIS_REPLY_INTEGER: return ":" + std::to_string(reply->integer);
    case REDIS_REPLY_NIL: return "nil";
    case REDIS_REPLY_ARRAY: break;
    default: return "a reply of type " + std::to_string(reply->type);
  }
  std::string text;
  for (size_t i = 0; i < reply->elements; ++i) {
    text += (i > 0 ? " " : "") + text_of(reply->element[i]);
  }
  return "[" + text + "]";
}

class Hiredis : public testing::Test {
 protected:
  Reply reply(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Reply reply(static_cast<redisReply*>(
        redisvCommand(context_.get(), format, arguments)));
    va_end(arguments);
    if (!reply) fail("a reply to " + std::string(format), context_->errstr);
    return reply;
  }

  template <class... Arguments>
  std::string ask(const char* format, Arguments... arguments) {
    return text_of(reply(format, arguments...).get());
  }

  // The elements that a scan returns: of `command`, up to its cursor.
  std::vector<std::string> scan(const std::string& command) {
    std::vector<std::string> elements;
    std::string cursor = "0";
    do {
      const Reply page = reply((command + " %s").c_str(), cursor.c_str());
      cursor = page->element[0]->str;
      const redisReply* found = page->element[1];
      for (size_t i = 0; i < found->elements; ++i) {
        elements.emplace_back(found->element[i]->str, found->element[i]->len);
      }
    } while (cursor != "0");
    return elements;
  }

  ClientsServer server_;
  Context context_ = connect(server_);
};

TEST_F(Hiredis, Strings) {
  EXPECT_EQ(ask("SET name %s", "Alice in Wonderland"), "+OK");
  EXPECT_EQ(ask("SET name Bob NX"), "nil");
  EXPECT_EQ(ask("GET name"), "$Alice in Wonderland");
  EXPECT_EQ(ask("GET nosuch"), "nil");
  EXPECT_EQ(ask("GETRANGE name 0 4"), "$Alice");
  EXPECT_EQ(ask("SETRANGE name 0 %s", "Malice"), ":19");
  EXPECT_EQ(ask("APPEND name !"), ":20");
  EXPECT_EQ(ask("STRLEN name"), ":20");
  EXPECT_EQ(ask("GETDEL name"), "$Malicein Wonderland!");
  EXPECT_EQ(ask("MSET a 1 b 2"), "+OK");
  EXPECT_EQ(ask("MGET a nosuch b"), "[$1 nil $2]");
  EXPECT_EQ(ask("INCRBY a %d", 41), ":42");
  EXPECT_EQ(ask("DECR a"), ":41");
  EXPECT_EQ(ask("INCRBYFLOAT a %s", "0.5"), "$41.5");
}

TEST_F(Hiredis, Lists) {
  EXPECT_EQ(ask("RPUSH color red blue orange"), ":3");
  EXPECT_EQ(ask("LPUSH color green"), ":4");
  EXPECT_EQ(ask("LRANGE color 0 -1"), "[$green $red $blue $orange]");
  EXPECT_EQ(ask("LRANGE nosuch 0 -1"), "[]");
  EXPECT_EQ(ask("LLEN color"), ":4");
  EXPECT_EQ(ask("LINDEX color -1"), "$orange");
  EXPECT_EQ(ask("LINSERT color AFTER red pink"), ":5");
  EXPECT_EQ(ask("LSET color 0 red"), "+OK");
  EXPECT_EQ(ask("LPOS color red COUNT 0"), "[:0 :1]");
  EXPECT_EQ(ask("LREM color 0 red"), ":2");
  EXPECT_EQ(ask("LTRIM color 0 1"), "+OK");
  EXPECT_EQ(ask("LMOVE color other LEFT LEFT"), "$pink");
  EXPECT_EQ(ask("LMPOP 2 nosuch color RIGHT COUNT 9"), "[$color [$blue]]");
  EXPECT_EQ(ask("LPOP color"), "nil");
  EXPECT_EQ(ask("RPOP other 2"), "[$pink]");
}

TEST_F(Hiredis, Hashes) {
  EXPECT_EQ(ask("HSET user name prem age 21"), ":2");
  EXPECT_EQ(ask("HSETNX user age 22"), ":0");
  EXPECT_EQ(ask("HGET user name"), "$prem");
  EXPECT_EQ(ask("HGET user nosuch"), "nil");
  EXPECT_EQ(ask("HMGET user age nosuch"), "[$21 nil]");
  EXPECT_EQ(ask("HLEN user"), ":2");
  EXPECT_EQ(ask("HEXISTS user name"), ":1");
  EXPECT_EQ(ask("HINCRBY user age 9"), ":30");
  EXPECT_EQ(ask("HINCRBYFLOAT user age 0.5"), "$30.5");
  EXPECT_EQ(ask("HDEL user name nosuch"), ":1");
  EXPECT_EQ(ask("HGETALL user"), "[$age $30.5]");
  EXPECT_EQ(ask("HGETALL nobody"), "[]");
  EXPECT_EQ(ask("HRANDFIELD user"), "$age");
}

TEST_F(Hiredis, SortedSets) {
  EXPECT_EQ(ask("ZADD board 10 alice 12.5 bob -inf carol"), ":3");
  EXPECT_EQ(ask("ZADD board INCR 2 alice"), "$12");
  EXPECT_EQ(ask("ZINCRBY board 0.1 bob"), "$12.6");
  EXPECT_EQ(ask("ZSCORE board carol"), "$-inf");
  EXPECT_EQ(ask("ZMSCORE board alice nobody"), "[$12 nil]");
  EXPECT_EQ(ask("ZCARD board"), ":3");
  EXPECT_EQ(ask("ZRANK board bob"), ":2");
  EXPECT_EQ(ask("ZREVRANK board nobody"), "nil");
  EXPECT_EQ(ask("ZCOUNT board (12 +inf"), ":1");
  EXPECT_EQ(ask("ZRANGE board 0 -1 REV WITHSCORES"),
            "[$bob $12.6 $alice $12 $carol $-inf]");
  EXPECT_EQ(ask("ZRANGEBYSCORE board -inf 12 LIMIT 1 1"), "[$alice]");
  EXPECT_EQ(ask("ZADD even 2 alice 4 dave"), ":2");
  EXPECT_EQ(ask("ZINTER 2 board even WITHSCORES"), "[$alice $14]");
  EXPECT_EQ(ask("ZUNIONSTORE all 2 board even"), ":4");
  EXPECT_EQ(ask("ZPOPMAX all"), "[$alice $14]");
  EXPECT_EQ(ask("ZMPOP 1 all MIN"), "[$all [[$carol $-inf]]]");
  EXPECT_EQ(ask("ZREM board alice nobody"), ":1");
}

TEST_F(Hiredis, KeysAndExpiry) {
  EXPECT_EQ(ask("MSET a 1 b 2"), "+OK");
  EXPECT_EQ(ask("EXISTS a a nosuch"), ":2");
  EXPECT_EQ(ask("TYPE a"), "+string");
  EXPECT_EQ(ask("RENAME a c"), "+OK");
  EXPECT_EQ(ask("COPY c d"), ":1");
  EXPECT_EQ(ask("DEL b c nosuch"), ":2");
  EXPECT_EQ(ask("KEYS *"), "[$d]");
  EXPECT_EQ(ask("TTL d"), ":-1");
  EXPECT_EQ(ask("TTL nosuch"), ":-2");
  EXPECT_EQ(ask("EXPIREAT d 4000000000"), ":1");
  EXPECT_EQ(ask("EXPIRETIME d"), ":4000000000");
  EXPECT_EQ(ask("PERSIST d"), ":1");
  EXPECT_EQ(ask("SET d x EX 1000"), "+OK");
  EXPECT_GT(reply("PTTL d")->integer, 900'000);
  EXPECT_EQ(ask("PEXPIRE d -1"), ":1");
  EXPECT_EQ(ask("GET d"), "nil");
}

TEST_F(Hiredis, Server) {
  EXPECT_EQ(ask("PING"), "+PONG");
  EXPECT_EQ(ask("SET key value"), "+OK");
  EXPECT_EQ(ask("DBSIZE"), ":1");
  EXPECT_EQ(ask("CONFIG GET maxclients"), "[$maxclients $10000]");
  EXPECT_EQ(ask("CLIENT SETNAME tester"), "+OK");
  EXPECT_EQ(ask("CLIENT GETNAME"), "$tester");
  EXPECT_NE(ask("CLIENT LIST").find(" name=tester "), std::string::npos);
  EXPECT_NE(ask("INFO").find("\r\nredis_version:7.0"), std::string::npos);
  EXPECT_NE(ask("INFO keyspace").find("db0:keys=1,"), std::string::npos);
  EXPECT_EQ(reply("TIME")->elements, 2u);
  EXPECT_EQ(reply("COMMAND COUNT")->type, REDIS_REPLY_INTEGER);
  EXPECT_EQ(ask("COMMAND GETKEYS MSET a 1 b 2"), "[$a $b]");
  EXPECT_EQ(ask("SAVE"), "+OK");
  EXPECT_EQ(ask("FLUSHALL"), "+OK");
}

TEST_F(Hiredis, Errors) {
  EXPECT_EQ(ask("SET text abc"), "+OK");
  EXPECT_EQ(ask("LPUSH text x"),
            "-WRONGTYPE Operation against a key holding the wrong kind of "
            "value");
  EXPECT_EQ(ask("INCR text"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(ask("NOSUCH a"),
            "-ERR unknown command 'NOSUCH', with args beginning with: 'a' ");
  EXPECT_EQ(ask("GET"), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(ask("RENAME nosuch x"), "-ERR no such key");
  EXPECT_EQ(ask("PING"), "+PONG");
}

TEST_F(Hiredis, PipelineOf10000) {
  for (int i = 0; i < 5000; ++i) {
    redisAppendCommand(context_.get(), "SET key:%d %d", i, i);
    redisAppendCommand(context_.get(), "GET key:%d", i);
  }
  const auto next = [this] {
    void* reply = nullptr;
    EXPECT_EQ(redisGetReply(context_.get(), &reply), REDIS_OK);
    return text_of(Reply(static_cast<redisReply*>(reply)).get());
  };
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(next(), "+OK") << i;
    ASSERT_EQ(next(), "$" + std::to_string(i));
  }
  EXPECT_EQ(ask("DBSIZE"), ":5000");
}

TEST_F(Hiredis, EveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const char* data = bytes.data();
  const size_t size = bytes.size();
  EXPECT_EQ(ask("SET %b %b", data, size, data, size), "+OK");
  EXPECT_EQ(ask("GET %b", data, size), "$" + bytes);
  EXPECT_EQ(ask("KEYS *"), "[$" + bytes + "]");
  EXPECT_EQ(ask("RPUSH list %b %b", data, size, data, size_t{0}), ":2");
  EXPECT_EQ(ask("LRANGE list 0 -1"), "[$" + bytes + " $]");
  EXPECT_EQ(ask("HSET hash %b %b", data, size, data, size), ":1");
  EXPECT_EQ(ask("HGETALL hash"), "[$" + bytes + " $" + bytes + "]");
  EXPECT_EQ(ask("ZADD zset 1 %b", data, size), ":1");
  EXPECT_EQ(ask("ZRANGE zset 0 -1"), "[$" + bytes + "]");
}

TEST_F(Hiredis, A64MegabyteValue) {
  std::string bytes(64 << 20, '\0');
  std::independent_bits_engine<std::minstd_rand, 8, unsigned> random;
  for (char& byte : bytes) byte = static_cast<char>(random());
  EXPECT_EQ(ask("SET big %b", bytes.data(), bytes.size()), "+OK");
  EXPECT_EQ(ask("STRLEN big"), ":" + std::to_string(bytes.size()));
  const Reply reply = this->reply("GET big");
  EXPECT_TRUE(std::string_view(reply->str, reply->len) == bytes);
  EXPECT_EQ(ask("DEL big"), ":1");  // or it is saved at the end
}

TEST_F(Hiredis, Scans) {
  std::set<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    keys.insert("key:" + std::to_string(i));
    redisAppendCommand(context_.get(), "SET key:%d x", i);
    redisAppendCommand(context_.get(), "HSET hash key:%d %d", i, i);
    redisAppendCommand(context_.get(), "ZADD zset %d key:%d", i, i);
  }
  for (int i = 0; i < 15'000; ++i) {
    void* reply = nullptr;
    ASSERT_EQ(redisGetReply(context_.get(), &reply), REDIS_OK);
    freeReplyObject(reply);
  }
  const auto found = scan("SCAN");
  std::set<std::string> expected = keys;
  expected.insert({"hash", "zset"});
  EXPECT_TRUE(std::set(found.begin(), found.end()) == expected);
  for (const char* command : {"HSCAN hash", "ZSCAN zset"}) {
    const auto pairs = scan(command);
    std::set<std::string> names;
    for (size_t i = 0; i < pairs.size(); i += 2) {
      names.insert(pairs[i]);
      EXPECT_EQ(pairs[i], "key:" + pairs[i + 1]) << command;
    }
    EXPECT_TRUE(names == keys) << command;
  }
}

// The reply to HELLO 3 is a map, a type that hiredis knows since 1.0. Here it
// must say so, and not take it for something else.
TEST_F(Hiredis, KnowsNoResp3) {
  const Reply none(
      static_cast<redisReply*>(redisCommand(context_.get(), "HELLO 3")));
  EXPECT_FALSE(none);
  EXPECT_EQ(context_->err, REDIS_ERR_PROTOCOL);
  EXPECT_STREQ(context_->errstr,
               "Protocol error, got \"%\" as reply type byte");
  ASSERT_EQ(redisReconnect(context_.get()), REDIS_OK);
  EXPECT_EQ(reply("HELLO 2")->elements, 14u);
}

TEST_F(Hiredis, Authentication) {
  ClientsServer server({"--requirepass", "sesame"});
  context_ = connect(server);
  EXPECT_EQ(ask("GET a"), "-NOAUTH Authentication required.");
  EXPECT_EQ(ask("AUTH wrong"),
            "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(ask("AUTH sesame"), "+OK");
  EXPECT_EQ(ask("GET a"), "nil");
  EXPECT_EQ(ask("AUTH default sesame"), "+OK");
}

TEST_F(Hiredis, ReconnectsToARestartedServer) {
  EXPECT_EQ(ask("SET name Alice EX 1000"), "+OK");
  EXPECT_EQ(ask("RPUSH list a b"), ":2");
  server_.restart();
  const Reply none(
      static_cast<redisReply*>(redisCommand(context_.get(), "GET name")));
  EXPECT_FALSE(none);
  EXPECT_EQ(context_->err, REDIS_ERR_EOF) << context_->errstr;
  ASSERT_EQ(redisReconnect(context_.get()), REDIS_OK);
  EXPECT_EQ(ask("GET name"), "$Alice");
  EXPECT_EQ(ask("LRANGE list 0 -1"), "[$a $b]");
  EXPECT_GT(reply("TTL name")->integer, 0);
}

}  // namespace

}  // namespace klh::test
