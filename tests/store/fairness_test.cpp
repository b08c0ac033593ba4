// Many clients that ask for much do not keep one waiting who asks for little.
#include <string>
#include <vector>

#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class LargeReplies : public StageTest {
 protected:
  static constexpr size_t kClients = 20;

  // While the server is stopped each client asks for the large value, and at
  // last another for a small one; what the server then did. As in
  // stages/fairness_test.cpp.
  std::vector<SystemCall> trace(bool have_asked_before) {
    const std::string text(2'000'000, 'x');
    start({.trace = kTraceAll});
    Client other = connect();
    other.ask({"SET", "large", text}, ok());
    std::vector<Client> clients = connect_many(kClients);
    // When that has a reply, all have been accepted.
    other.ask({"SET", "mine", "other-client"}, ok());
    for (Client& client : clients) {
      if (have_asked_before) client.ask({"GET", "nobody"}, none());
    }

    server().pause();
    for (Client& client : clients) {
      client.request({"GET", "large"});
      client.wait_until_delivered();
    }
    other.request({"GET", "mine"});
    other.wait_until_delivered();
    server().resume();
    for (Client& client : clients) client.expect(value(text));
    other.expect(value("other-client"));
    server().end();
    return parse_trace(server().trace());
  }

  // How many of the calls from here on, up to there, are for the large value.
  static size_t replies(const std::vector<SystemCall>& calls, size_t end) {
    size_t count = 0;
    for (size_t i = find_reply(calls, "$2000000"); i < end;
         i = find_reply(calls, "$2000000", i + 1)) {
      ++count;
    }
    return count;
  }
  static size_t requests(const std::vector<SystemCall>& calls, size_t end) {
    size_t count = 0;
    for (size_t i = 0; i < end; ++i) {
      if (calls[i].is_read() &&
          calls[i].text.find("$5\\r\\nlarge\\r\\n\"") != std::string::npos) {
        ++count;
      }
    }
    return count;
  }
};

TEST_F(LargeReplies, DelayNobodyWhoseRepliesAreSmall) {
  constexpr size_t kFew = 3;
  const std::vector<SystemCall> calls = trace(false);
  const size_t reply_to_other = find_reply(calls, "other-client");
  ASSERT_LT(reply_to_other, calls.size());
  const size_t before = replies(calls, reply_to_other);
  require(before <= kFew, "few large replies before the small one",
          std::to_string(before));
}

// Who is known to ask for little may ask for much.
TEST_F(LargeReplies, AreNotAllBuiltBeforeTheFirstIsWritten) {
  constexpr size_t kFew = 3;
  const std::vector<SystemCall> calls = trace(true);
  const size_t built = requests(calls, find_reply(calls, "$2000000"));
  ASSERT_EQ(requests(calls, calls.size()), kClients);
  require(built <= kFew, "few requests are read before one is answered",
          std::to_string(built));
}

}  // namespace

}  // namespace klh::test
