// Nothing that was acknowledged is lost when the server is killed: whatever the
// policy, a change is with the kernel before its client is told.
//
//   KLH_ROUNDS=1000   how often it is killed (30 unless told)
//   KLH_SEED=7        the same rounds again; a failure tells its seed
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "crash/history.h"
#include "crash/load.h"
#include "crash/rounds.h"
#include "harness/diagnosis.h"
#include "harness/environment.h"

namespace klh::test {

namespace {

// One directory for all rounds.
class Killed : public testing::Test {
 protected:
  // A server that goes on where the one before was ended; what it finds is
  // compared. Then it is kept busy, and killed at some moment.
  void run(uint64_t seed);

  // The same, but nothing follows.
  void check();

  const Totals& totals() const { return totals_; }

 private:
  void start_and_check(const std::vector<std::string>& flags);
  void load_and_end(std::mt19937_64& random);

  TemporaryDirectory directory_;
  History history_{4};
  Totals totals_;
  std::optional<CrashServer> server_;
  bool is_first_ = true;
};

void Killed::run(uint64_t seed) {
  std::mt19937_64 random(seed);
  start_and_check(random_flags(random, any_policy(random)));
  if (!HasFatalFailure()) load_and_end(random);
}

void Killed::check() {
  start_and_check({});
}

void Killed::start_and_check(const std::vector<std::string>& flags) {
  server_.emplace(CrashServer::Options{.directory = directory_.path() + "/data",
                                       .flags = flags});
  ASSERT_TRUE(server_->wait_until_ready()) << server_->log();
  Peer peer(server_->port());
  const Ask ask = [&](const Words& words) { return peer.ask(words); };
  if (std::exchange(is_first_, false)) ask(history_.first_request());
  const auto found = history_.check(ask, History::Losses::none);
  ASSERT_EQ(found.complaint, "") << server_->log();
  totals_.add(found);
}

void Killed::load_and_end(std::mt19937_64& random) {
  constexpr uint64_t kTermOneIn = 10;
  const Load::Plan plan = random_plan(random);
  Load load(server_->port(), history_, random());
  ASSERT_EQ(load.run(plan), "") << server_->log();
  if (random() % kTermOneIn == 0) {
    const auto ending = server_->end();
    ASSERT_TRUE(ending && ending->with(0)) << server_->log();
  }
  server_->kill();
  ASSERT_EQ(load.take_rest(), "");
}

TEST_F(Killed, LosesNothing) {
  const uint64_t rounds = number_from_environment("KLH_ROUNDS", 30);
  const uint64_t seed = number_from_environment("KLH_SEED", 1);
  for (uint64_t round = 1; round <= rounds; ++round) {
    const std::string which = which_round(seed, round);
    SCOPED_TRACE(which);
    run(seed_of_round(seed, round));
    if (HasFailure()) return;
  }
  check();
  if (std::getenv("KLH_ROUNDS")) totals().print();
}

}  // namespace

}  // namespace klh::test
