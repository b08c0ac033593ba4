// --timeout SECONDS closes connections that are idle for so long. Only the
// course's own servers have the flag.
#include <chrono>

#include "harness/keep_asking.h"
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
  // On a machine that stands still for a second it is closed already.
  (void)idle.try_to_ask({"GET", "nobody"}, none());
  idle.expect_closed();
}

TEST_F(IdleTimeout, HalfAMessageDoesNotKeepItOpen) {
  Client idle = connect();
  (void)idle.send_until_closed(bytes_of({"GET", "nobody"}).substr(0, 5));
  idle.expect_closed();
}

TEST_F(IdleTimeout, OneThatAsksOnStaysOpen) {
  likely_cause(
      "the time counts from when the connection was made, not from when it "
      "last did something.");
  for (int seconds = 2;; seconds *= 2) {
    start({.flags = {"--timeout", std::to_string(seconds)}});
    Client idle = connect();
    Client busy = connect();
    const auto silence =
        keep_asking(busy, [&] { return !idle.has_nothing_to_read(); });
    if (silence >= std::chrono::seconds(seconds)) continue;  // with more time
    idle.expect_closed();
    busy.ask({"GET", "nobody"}, none());
    return;
  }
}

}  // namespace

}  // namespace klh::test
