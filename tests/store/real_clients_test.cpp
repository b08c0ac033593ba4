// The programs that come with Redis (package redis-tools), and our own client,
// whose output is redis-cli's.
#include <algorithm>

#include "store/store_test.h"

namespace klh::test {

namespace {

class RealClients : public StoreTest {
 protected:
  std::string run(const std::vector<std::string>& command,
                  const std::string& input = "", Where where = Where::here()) {
    const Outcome outcome = run_program(command, input);
    require(outcome.ending.with(0), command[0] + " ends with exit status 0",
            outcome.ending.text() + ": " + outcome.output + outcome.errors,
            where);
    EXPECT_EQ(outcome.errors, "");
    return outcome.output;
  }

  static std::vector<std::string> redis_cli(uint16_t port, const Words& words) {
    std::vector<std::string> command = {"redis-cli", "-p",
                                        std::to_string(port)};
    command.insert(command.end(), words.begin(), words.end());
    return command;
  }

  static std::vector<std::string> our_client(uint16_t port,
                                             const Words& words) {
    std::vector<std::string> command = {
        course_program(settings().milestone, "client"), "--port",
        std::to_string(port)};
    command.insert(command.end(), words.begin(), words.end());
    return command;
  }
};

TEST_F(RealClients, RedisCliRunsAScript) {
  const std::string script =
      "PING\n"
      "SET name \"Alice in Wonderland\"\n"
      "GET name\n"
      "GET nosuch\n"
      "INCR counter\n"
      "INCR name\n"
      "RPUSH color red blue orange\n"
      "LRANGE color 0 -1\n"
      "LPOP color 2\n"
      "LPUSH name x\n"
      "HSET user:100 name prem\n"
      "HGETALL user:100\n"
      "MGET name nosuch counter\n"
      "EXISTS name nosuch\n"
      "TYPE color\n"
      "SCAN 0 MATCH c*r\n"
      "APPEND bytes \"\\x41\\x00\\n\"\n"
      "STRLEN bytes\n"
      "NOSUCH\n"
      "DBSIZE\n"
      "SELECT 0\n"
      "FLUSHALL\n"
      "KEYS *\n";
  const std::string transcript =
      "PONG\n"
      "OK\n"
      "Alice in Wonderland\n"
      "\n"
      "1\n"
      "ERR value is not an integer or out of range\n\n"
      "3\n"
      "red\nblue\norange\n"
      "red\nblue\n"
      "WRONGTYPE Operation against a key holding the wrong kind of value\n\n"
      "1\n"
      "name\nprem\n"
      "Alice in Wonderland\n\n1\n"
      "1\n"
      "list\n"
      "0\ncolor\ncounter\n"
      "3\n"
      "3\n"
      "ERR unknown command 'NOSUCH', with args beginning with: \n\n"
      "5\n"
      "OK\n"
      "OK\n"
      "\n";
  std::string received = run(redis_cli(server().port(), {}), script);
  // The two keys of the scan come in either order.
  const std::string either = "0\ncounter\ncolor\n";
  const size_t at = received.find(either);
  if (at != received.npos) {
    received.replace(at, either.size(), "0\ncolor\ncounter\n");
  }
  EXPECT_EQ(received, transcript);
}

TEST_F(RealClients, RedisCliSendsArgumentsAndBytes) {
  EXPECT_EQ(run(redis_cli(server().port(), {"SET", "a", "two words"})), "OK\n");
  EXPECT_EQ(run(redis_cli(server().port(), {"--no-raw", "GET", "a"})),
            "\"two words\"\n");
  std::string bytes = every_byte();
  EXPECT_EQ(run(redis_cli(server().port(), {"-x", "SET", "bytes"}), bytes),
            "OK\n");
  check({"GET", "bytes"}, bulk(bytes));
}

TEST_F(RealClients, RedisCliPipes) {
  std::string requests;
  for (int i = 0; i < 10'000; ++i) {
    requests += encode(Dialect::resp, {"SET", "key" + std::to_string(i), "x"});
  }
  const std::string output =
      run(redis_cli(server().port(), {"--pipe"}), requests);
  EXPECT_NE(output.find("errors: 0, replies: 10000"), output.npos) << output;
  check({"DBSIZE"}, number(10'000));
}

// In its own words, since there is no COMMAND DOCS.
TEST_F(RealClients, RedisCliHelps) {
  const std::string help =
      run(redis_cli(server().port(), {"help", "getrange"}));
  EXPECT_NE(help.find("key start end"), std::string::npos) << help;
  EXPECT_NE(help.find("Get a substring"), std::string::npos) << help;
}

TEST_F(RealClients, RedisCliScans) {
  check({"MSET", "a:1", "x", "a:2", "x", "b:1", "x"}, "+OK\r\n");
  const std::string output =
      run(redis_cli(server().port(), {"--scan", "--pattern", "a:*"}));
  EXPECT_TRUE(output == "a:1\na:2\n" || output == "a:2\na:1\n") << output;
}

TEST_F(RealClients, RedisBenchmarkRuns) {
  for (const char* pipeline : {"1", "16"}) {
    const std::string output =
        run({"redis-benchmark", "-p", std::to_string(server().port()), "-t",
             "ping,set,get,incr,lpush,rpush,lpop,rpop,hset,lrange,mset", "-P",
             pipeline, "-n", "2000", "-q"});
    for (const char* bad : {"ERR", "rror", "WARNING", "failed"}) {
      EXPECT_EQ(output.find(bad), output.npos) << output;
    }
    // PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP HSET, LPUSH
    // for the four LRANGEs, MSET.
    size_t lines = 0;
    size_t at = 0;
    while ((at = output.find("requests per second", at)) != output.npos) {
      ++lines;
      ++at;
    }
    EXPECT_EQ(lines, 16u) << output;
  }
}

// One command each, with words on the command line.
TEST_F(RealClients, OurClientPrintsWhatRedisCliPrints) {
  check({"SET", "text", "two words"}, "+OK\r\n");
  check({"SET", "quotes", "a\"b\\c'd"}, "+OK\r\n");
  check({"SET", "bytes", every_byte()}, "+OK\r\n");
  check({"SET", "empty", ""}, "+OK\r\n");
  check({"HSET", "hash", "field", "value"}, number(1));
  Words push = {"RPUSH", "list"};
  for (int i = 0; i < 12; ++i) push.push_back("e" + std::to_string(i));
  check(push, number(12));
  for (const Words& words :
       std::vector<Words>{{"PING"},
                          {"ping", "hello"},
                          {"GET", "text"},
                          {"GET", "quotes"},
                          {"GET", "bytes"},
                          {"GET", "empty"},
                          {"GET", "nosuch"},
                          {"STRLEN", "text"},
                          {"GET", "list"},
                          {"NOSUCH", "a", "b"},
                          {"GET"},
                          {"LRANGE", "list", "0", "2"},
                          {"LRANGE", "list", "0", "-1"},
                          {"LRANGE", "nosuch", "0", "-1"},
                          {"RPOP", "nosuch", "1"},
                          {"MGET", "text", "nosuch", "empty"},
                          {"HGETALL", "hash"},
                          {"SCAN", "0", "MATCH", "list"},
                          {"SCAN", "0", "MATCH", "nosuch"},
                          {"COMMAND", "INFO", "get", "mset", "nosuch"},
                          {"TYPE", "list"},
                          {"EXISTS", "text", "list"},
                          {"ECHO", ""},
                          {"ECHO", "\x07\x08\t\n\r\x1b\x7f\xc3\xa4"},
                          {"SET", "text", "two words"},
                          {"CONFIG", "GET", "port"}}) {
    Words unraw = {"--no-raw"};
    unraw.insert(unraw.end(), words.begin(), words.end());
    EXPECT_EQ(run(our_client(server().port(), words)),
              run(redis_cli(server().port(), unraw)))
        << words[0] << (words.size() > 1 ? " " + words[1] : "");
  }
}

TEST_F(RealClients, OurClientReadsLinesAsRedisCliDoes) {
  const std::string script =
      "SET name \"Alice \\x41 \\\"in\\\" \\n\"\n"
      "GET name\n"
      "set 'it\\'s' 'single quotes'\n"
      "GET \"it's\"\n"
      "\n"
      "   \n"
      "RPUSH list a \"\" 'b c'\n"
      "LRANGE list 0 -1\n"
      "INCR name\n"
      "FLUSHALL\n"
      "GET name\n";
  EXPECT_EQ(run(our_client(server().port(), {}), script),
            run(redis_cli(server().port(), {"--no-raw"}), script));
}

TEST_F(RealClients, OurClientPrintsResp3AsRedisCliDoes) {
  const std::string script =
      "ZADD board 10 alice 12.5 bob\n"
      "ZRANGE board 0 -1 WITHSCORES\n"
      "ZSCORE board bob\n"
      "ZSCORE board nobody\n"
      "HSET user name prem age 21\n"
      "HGETALL user\n"
      "HGETALL nobody\n"
      "CONFIG GET timeout\n"
      "DEL board user\n";
  // The reply to HELLO, with the number of the connection, comes first.
  const std::string ours =
      run(our_client(server().port(), {}), "HELLO 3\n" + script);
  const size_t begin = ours.find("(integer) 2\n");
  ASSERT_NE(begin, ours.npos) << ours;
  EXPECT_EQ(ours.substr(begin),
            run(redis_cli(server().port(), {"-3", "--no-raw"}), script));
}

TEST_F(RealClients, OurClientPipesRequests) {
  std::string requests;
  for (int i = 0; i < 10'000; ++i) {
    requests += "SET key:" + std::to_string(i) + " value\r\n";
  }
  EXPECT_EQ(run(our_client(server().port(), {"--pipe"}), requests),
            "replies: 10000, errors: 0\n");
  check({"DBSIZE"}, number(10'000));
}

TEST_F(RealClients, OurClientSaysWhenTheServerIsGone) {
  const std::string port = std::to_string(server().port());
  end();
  const Outcome outcome = run_program(
      {course_program(settings().milestone, "client"), "--port", port, "PING"});
  EXPECT_TRUE(outcome.ending.with(1)) << outcome.ending.text();
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1);
  EXPECT_TRUE(outcome.errors.starts_with("klh: connect to 127.0.0.1:" + port))
      << outcome.errors;
}

}  // namespace

}  // namespace klh::test
