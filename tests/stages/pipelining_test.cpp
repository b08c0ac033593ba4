// Requests that have come together are answered together: what a pass costs is
// paid once for all of them.
#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class Pipelining : public StageTest {
 protected:
  // The system calls that ten requests in one packet cost, from the reply to
  // the request before to the last of theirs.
  std::vector<SystemCall> trace_ten_requests() {
    start({.trace = kTraceAll});
    Client client = connect();
    client.ask({"SET", "last", "last-of-ten"}, ok());
    client.ask({"SET", "first", "before-them"}, ok());
    client.ask({"GET", "first"}, value("before-them"));

    std::string pipeline;
    for (int i = 0; i < 9; ++i) pipeline += bytes_of({"GET", "nobody"});
    client.send(pipeline + bytes_of({"GET", "last"}));
    client.expect(9, none());
    client.expect(value("last-of-ten"));
    server().end();
    return calls_between(parse_trace(server().trace()), "before-them",
                         "last-of-ten");
  }
};

TEST_F(Pipelining, TenRequestsCostOneWait) {
  likely_cause(
      "only the first request of a read is answered before the next poll(). "
      "Loop: while (try_one_request()).");
  size_t waits = 0;
  for (const SystemCall& call : trace_ten_requests()) waits += call.is_wait();
  require(waits <= 1, "one wait (poll, epoll_wait, ...) for ten requests",
          counted(waits, "wait"));
}

TEST_F(Pipelining, TenRequestsCostAHandfulOfSystemCalls) {
  likely_cause(
      "each request has a read or each reply a write of its own. Collect the "
      "replies of a pass, and write them together.");
  const size_t calls = trace_ten_requests().size();
  require(calls < 10, "fewer system calls than requests: 10",
          counted(calls, "call"));
}

TEST_F(Pipelining, RepliesComeInTheOrderOfTheRequests) {
  std::string pipeline;
  std::vector<Reply> replies;
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    pipeline += bytes_of({"SET", "key", number}) + bytes_of({"GET", "key"}) +
                bytes_of({"DEL", "key"}) + bytes_of({"GET", "key"});
    replies.insert(replies.end(), {ok(), value(number), integer(1), none()});
  }
  Client client = connect();
  client.send(pipeline);
  client.expect(replies);
}

// Requests of every length, so that the ends of reads fall on every byte.
TEST_F(Pipelining, PipelineOfManyReads) {
  likely_cause(
      "a request that is cut by the end of the buffer is lost or read twice: "
      "look at what consuming and compacting do to the bytes that are left.");
  std::string pipeline;
  std::vector<Reply> replies;
  for (size_t i = 0; i < 700; ++i) {
    const std::string text(i, static_cast<char>('a' + i % 26));
    pipeline += bytes_of({"SET", "key", text}) + bytes_of({"GET", "key"});
    replies.insert(replies.end(), {ok(), value(text)});
  }
  Client client = connect();
  client.send(pipeline);
  client.expect(replies);
}

}  // namespace

}  // namespace klh::test
