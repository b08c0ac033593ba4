// A client that has much to say does not keep the others from being answered.
#include <unistd.h>

#include <thread>

#include "harness/stage_test.h"
#include "harness/trace.h"

namespace klh::test {

namespace {

class Fairness : public StageTest {};

// While the server is stopped one client fills its buffers and another sends
// one request. When the server goes on, everything is there at once; which
// reply it writes first is in what strace records, not in how fast we look.
TEST_F(Fairness, AFloodDelaysNobody) {
  likely_cause(
      "the server reads from one client for as long as it has anything. Cap "
      "what one client gets in a turn; the rest is done in the next.");
  start({.trace = kTraceAll});
  Client flood = connect();
  Client other = connect();
  flood.ask({"SET", "last", "end-of-flood"}, ok());
  other.ask({"SET", "mine", "other-client"}, ok());

  // Linux makes the server's receive buffer as large as is good for the
  // amount that it reads: only then does it hold more than one read takes.
  constexpr size_t kCount = 1000;
  const std::string request = bytes_of({"SET", "k", std::string(8000, 'x')});
  std::string requests;
  for (size_t i = 0; i < kCount; ++i) requests += request;
  flood.send(requests);
  flood.expect(kCount, ok());

  requests += bytes_of({"GET", "last"});
  server().pause();
  const size_t sent = flood.send_what_fits(requests);
  other.request({"GET", "mine"});
  other.wait_until_delivered();
  server().resume();
  flood.send(std::string_view(requests).substr(sent));
  flood.expect(kCount, ok());
  flood.expect(value("end-of-flood"));
  other.expect(value("other-client"));
  server().end();

  const std::vector<SystemCall> calls = parse_trace(server().trace());
  const size_t end_of_flood = find_reply(calls, "end-of-flood");
  const size_t reply_to_other = find_reply(calls, "other-client");
  require(reply_to_other < end_of_flood,
          "the one request is answered before the last of the flood",
          "it is answered after all " + counted(kCount, "request"));
}

}  // namespace

}  // namespace klh::test
