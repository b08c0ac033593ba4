// --timeout SECONDS closes connections that are idle for so long. Only the
// course's own servers have the flag.
#include <algorithm>
#include <chrono>

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
  using Clock = std::chrono::steady_clock;
  for (int seconds = 2;; seconds *= 2) {
    start({.flags = {"--timeout", std::to_string(seconds)}});
    Clock::duration longest_silence{};
    Clock::time_point last_asked = Clock::now();
    Client busy = connect();
    Client idle = connect();
    const Deadline deadline(settings().deadline_ms);
    while (idle.has_nothing_to_read() && !deadline.has_passed()) {
      const Clock::time_point now = Clock::now();
      const auto served = busy.try_to_ask({"GET", "nobody"}, none());
      if (served == Client::Served::closed) break;
      longest_silence = std::max(longest_silence, Clock::now() - last_asked);
      last_asked = now;
    }
    // On a machine that stands still nobody asks on: then with more time.
    longest_silence = std::max(longest_silence, Clock::now() - last_asked);
    if (longest_silence >= std::chrono::seconds(seconds)) continue;
    busy.ask({"GET", "nobody"}, none());
    idle.expect_closed();
    return;
  }
}

}  // namespace

}  // namespace klh::test
