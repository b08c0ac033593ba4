// --timeout SECONDS closes connections that are idle for so long. Only the
// course's own servers have the flag.
#include "harness/deadline.h"
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class IdleTimeout : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    start({.flags = {"--timeout", "1"}});
  }
};

TEST_F(IdleTimeout, AnIdleConnectionIsClosed) {
  Client idle = connect();
  idle.expect_closed();
}

TEST_F(IdleTimeout, OneThatHasBeenServedIsClosedToo) {
  Client idle = connect();
  idle.ask({"GET", "nobody"}, none());
  idle.expect_closed();
}

TEST_F(IdleTimeout, HalfAMessageDoesNotKeepItOpen) {
  Client idle = connect();
  idle.send(bytes_of({"GET", "nobody"}).substr(0, 5));
  idle.expect_closed();
}

TEST_F(IdleTimeout, OneThatAsksOnStaysOpen) {
  likely_cause(
      "the time counts from when the connection was made, not from when it "
      "last did something.");
  start({.flags = {"--timeout", "2"}});
  Client busy = connect();
  Client idle = connect();
  const Deadline deadline(settings().deadline_ms);
  while (idle.has_nothing_to_read() && !deadline.has_passed()) {
    busy.ask({"GET", "nobody"}, none());
  }
  idle.expect_closed();
  busy.ask({"GET", "nobody"}, none());
}

}  // namespace

}  // namespace klh::test
