// No descriptor is left for a new client, then there is one again, though none
// of the others has gone: the next one is served, however busy they are.
#include <sys/resource.h>

#include <vector>

#include "harness/keep_asking.h"
#include "harness/process_info.h"
#include "harness/stage_test.h"

namespace klh::test {

namespace {

class RoomAgain : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "after accept() has failed with EMFILE it is not called again while "
        "other clients keep the server busy: a time to wait that begins anew "
        "at each pass is never over. Note the time at which to try again.");
  }

  // How many descriptors the server may have from now on; 0: as many as it had.
  void limit_descriptors(rlim_t count) {
    rlimit limit{};
    prlimit(server().pid(), RLIMIT_NOFILE, nullptr, &limit);
    limit.rlim_cur = count == 0 ? limit.rlim_max : count;
    require(prlimit(server().pid(), RLIMIT_NOFILE, &limit, nullptr) == 0,
            "the tests may set the server's limit of descriptors",
            "prlimit() fails");
  }
};

TEST_F(RoomAgain, ANewClientIsServedBesideABusyOne) {
  Client busy = connect();
  busy.ask({"SET", "name", "Alice"}, ok());
  const size_t count = open_descriptors(server().pid());
  limit_descriptors(count);
  std::vector<Client> more = connect_many(count);  // the last has no room
  Client& late = more.back();
  late.request({"GET", "name"});
  server().wait_until_asleep();

  limit_descriptors(0);
  keep_asking(busy, [&] { return !late.has_nothing_to_read(); });
  require(!late.has_nothing_to_read(),
          "the client that had to wait is served, while another is busy",
          "it waits for ever");
  // It may also have been hung up on; then it comes again.
  const auto answer = late.try_to_ask({"GET", "name"}, value("Alice"));
  if (answer == Client::Served::closed) late = connect();
  late.ask({"GET", "name"}, value("Alice"));
}

}  // namespace

}  // namespace klh::test
