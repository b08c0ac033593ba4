// Requests in every form, and what is no request. The replies are those of
// Redis 7.0.15.
#include "store/store_test.h"

namespace klh::test {

namespace {

class Protocol : public StoreTest {
 protected:
  // The server replies with this error and closes the connection.
  void check_closed(std::string_view bytes, const std::string& error,
                    Where where = Where::here()) {
    Connected connection = another(where);
    connection.client().send(bytes, where);
    const std::string received = connection.receive(where);
    require(received == "-ERR Protocol error: " + error + "\r\n",
            "-ERR Protocol error: " + error, escaped(received), where);
    connection.client().expect_closed(where);
  }
};

TEST_F(Protocol, TakesArraysAndLines) {
  check_bytes("*1\r\n$4\r\nPING\r\n", "+PONG\r\n");
  check_bytes("PING\r\n", "+PONG\r\n");
  check_bytes("PING\n", "+PONG\r\n");
  check_bytes("  SET\ta \"two words\"  \r\nget a\r\n",
              "+OK\r\n$9\r\ntwo words\r\n");
  check_bytes("echo '' \r\necho \"\\x41\\n\"\r\n", "$0\r\n\r\n$2\r\nA\n\r\n");
}

// Clients that send a pipeline as a whole, and only then receive, are many.
// This one is more than the buffers of the kernel hold, and so are its replies.
TEST_F(Protocol, APipelineMayBeSentBeforeAReplyIsRead) {
  constexpr size_t kRequests = 55'000;
  const std::string key(280, 'k');
  const std::string text(1000, 'v');
  check({"SET", key, text}, "+OK\r\n");
  std::string requests;
  for (size_t i = 0; i < kRequests; ++i) {
    requests += encode(Dialect::resp, {"GET", key});
  }
  client().client().send(requests);
  client().client().expect(kRequests, value(text));
}

TEST_F(Protocol, EmptyRequestsHaveNoReply) {
  check_bytes("\r\n\r\n   \r\n*0\r\n*-1\r\nPING\r\n*-2000000\r\n", "+PONG\r\n");
}

TEST_F(Protocol, AnswersPipelinesInOrder) {
  std::string requests;
  std::string replies;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = std::to_string(i);
    switch (i % 5) {
      case 0:
        requests += encode(Dialect::resp, {"ECHO", text});
        replies += bulk(text);
        break;
      case 1:
        requests += "ECHO " + text + "\r\n";
        replies += bulk(text);
        break;
      case 2:
        requests += encode(Dialect::resp, {"SET", "key", text});
        replies += "+OK\r\n";
        break;
      case 3:
        requests += encode(Dialect::resp, {"GET", "key"});
        replies += bulk(std::to_string(i - 1));
        break;
      default:
        requests += encode(Dialect::resp, {"GET", "key", "more"});
        replies += wrong_arity("get");
    }
  }
  check_bytes(requests, replies);
}

// Short requests with long replies, and no more requests to come: what was
// held back while the replies were too many is answered all the same.
TEST_F(Protocol, AHalfClosedClientGetsAllReplies) {
  const std::string value(1'100'000, 'v');
  check({"SET", "large", value}, "+OK\r\n");
  constexpr int kRequests = 100;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) {
    requests += encode(Dialect::resp, {"GET", "large"});
  }
  Connected connection = another();
  connection.client().send(requests);
  connection.client().finish_sending();
  connection.client().expect(kRequests, klh::test::value(value));
  connection.client().expect_closed();
}

TEST_F(Protocol, RefusesWhatIsMalformed) {
  const std::string array = "invalid multibulk length";
  const std::string bulk = "invalid bulk length";
  check_closed("*a\r\n", array);
  check_closed("*99999999999999999999\r\n", array);
  check_closed("*1\r\n$-1\r\n", bulk);
  check_closed("*1\r\n$a\r\n", bulk);
  check_closed("*1\r\n$536870913\r\n", bulk);
  check_closed("*1\r\n:1\r\n", "expected '$', got ':'");
  check_closed("*1\r\nPING\r\n", "expected '$', got 'P'");
  check_closed("SET a \"b\r\n", "unbalanced quotes in request");
  check_closed("SET a \"b\"c\r\n", "unbalanced quotes in request");
  check_closed(std::string(64 * 1024 + 1, 'x'), "too big inline request");
  check_closed("*2147483648\r\n", array);
  // Where Redis differs: it takes any two bytes as the end of an argument.
  check_closed("*1\r\n$4\r\nPINGxx", "expected CRLF after an argument");
}

// What a web page can have a browser send, with commands in its body.
TEST_F(Protocol, TakesNoCommandsFromABrowser) {
  check({"SET", "a", "1"}, "+OK\r\n");
  check_closed("POST / HTTP/1.1\r\n\r\nDEL a\r\n", "this is not HTTP");
  check_closed("host: 127.0.0.1\r\n\r\nDEL a\r\n", "this is not HTTP");
  check({"GET", "a"}, bulk("1"));
}

TEST_F(Protocol, AnswersWhatCameBeforeAMalformedOne) {
  Connected connection = another();
  connection.client().send("PING\r\nPING\r\n*x\r\nPING\r\n");
  EXPECT_EQ(connection.receive(), "+PONG\r\n");
  EXPECT_EQ(connection.receive(), "+PONG\r\n");
  EXPECT_EQ(connection.receive(),
            "-ERR Protocol error: invalid multibulk length\r\n");
  connection.client().expect_closed();
}

// A client that promises half a gigabyte, a hundred times, costs nothing.
TEST_F(Protocol, ReservesNothingForAPromise) {
  std::vector<Connected> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(another());
    clients.back().client().send("*1048576\r\n$536870912\r\nabc");
    clients.back().client().wait_until_delivered();
  }
  check({"PING"}, "+PONG\r\n");
  const std::string status = "/proc/" + std::to_string(server().pid());
  const std::string text = read_file(status + "/status");
  const size_t at = text.find("VmPeak:");
  const long kilobytes = std::stol(text.substr(at + 7));
  const bool is_sanitized = kilobytes > 1'000'000'000;  // its shadow memory
  EXPECT_TRUE(is_sanitized || kilobytes < 500'000) << kilobytes << " kB";
}

TEST_F(Protocol, QuotesWhatItDoesNotKnow) {
  check({"NOSUCH"},
        "-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
  check({"NOSUCH", "a", "b c", ""},
        "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b c' "
        "'' \r\n");
  check({""}, "-ERR unknown command '', with args beginning with: \r\n");
  check({"a\r\nb", "\r\n"},
        "-ERR unknown command 'a  b', with args beginning with: '  ' \r\n");
}

// At most 128 bytes of the name, and of all that is quoted behind it.
TEST_F(Protocol, QuotesNoMoreThanRedisDoes) {
  const std::string x(200, 'x');
  check({x}, "-ERR unknown command '" + std::string(128, 'x') +
                 "', with args beginning with: \r\n");
  check({"n", x, "more"},
        "-ERR unknown command 'n', with args beginning with: '" +
            std::string(128, 'x') + "' \r\n");
  check({"n", "abc", x, "more"},
        "-ERR unknown command 'n', with args beginning with: 'abc' '" +
            std::string(122, 'x') + "' \r\n");
}

// The reply to ON comes even if it is the one to be skipped. As redis-server
// answers the same bytes.
TEST_F(Protocol, RepliesAreSkippedAsAskedFor) {
  check_bytes("CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\n", "+OK\r\n");
  check_bytes("CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING b\r\nPING c\r\n",
              bulk("c"));
  check_bytes(
      "CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING d\r\nCLIENT REPLY ON\r\n",
      "+OK\r\n");
  check_bytes(
      "CLIENT REPLY SKIP\r\nCLIENT REPLY OFF\r\nPING h\r\n"
      "CLIENT REPLY ON\r\n",
      "+OK\r\n");
  check_bytes("CLIENT REPLY SKIP\r\nNOSUCH\r\nPING f\r\n", bulk("f"));
}

}  // namespace

}  // namespace klh::test
