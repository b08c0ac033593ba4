// Nothing that was acknowledged is lost when the server is killed: whatever the
// policy, a change is with the kernel before its client is told.
//
//   KLH_ROUNDS=1000   how often it is killed (30 unless told)
//   KLH_SEED=7        the same rounds again; a failure tells its seed
//   KLH_POLICY=no     appendfsync in all rounds, else a random one in each
//
// With --server=redis-server what is lost is counted: see crash_server.h.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "crash/disk.h"
#include "crash/history.h"
#include "crash/load.h"
#include "crash/rounds.h"
#include "harness/diagnosis.h"

namespace klh::test {

namespace {

// One directory for all rounds.
class Killed : public testing::Test {
 protected:
  // As often as the environment says, or else so often. A sync takes a random
  // time up to that.
  void run(uint64_t rounds, const std::string& policy,
           uint64_t most_sync_us = 0);

 private:
  // A server that goes on where the one before was ended; what it finds is
  // compared. Then it is kept busy, and killed at some moment.
  void run_round(const std::string& policy, std::mt19937_64& random);
  void start(const std::vector<std::string>& flags);
  void start_and_check(const std::vector<std::string>& flags);
  void load_and_end(std::mt19937_64& random);

  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  uint64_t most_sync_us_ = 0;
  History history_{4};
  Totals totals_;
  std::optional<Disk> disk_;  // makes syncs slow
  std::optional<CrashServer> server_;
  bool is_first_ = true;
};

void Killed::run(uint64_t rounds, const std::string& policy,
                 uint64_t most_sync_us) {
  most_sync_us_ = most_sync_us;
  for_each_round(rounds,
                 [&](std::mt19937_64& random) { run_round(policy, random); });
  if (HasFailure()) return;
  start_and_check({});
  if (std::getenv("KLH_ROUNDS")) totals_.print();
  EXPECT_TRUE(tests_redis() || totals_.found.lost == 0);
}

void Killed::run_round(const std::string& policy, std::mt19937_64& random) {
  const bool is_any = policy == "any";
  start_and_check(random_flags(random, is_any ? any_policy(random) : policy));
  if (!HasFatalFailure()) load_and_end(random);
}

void Killed::start(const std::vector<std::string>& flags) {
  CrashServer::Options options{.directory = data_, .flags = flags};
  server_.reset();
  if (most_sync_us_ > 0) {
    disk_.emplace(data_, directory_.path() + "/record");
    options.preload = shim("power_loss");
    options.environment = disk_->environment(most_sync_us_);
  }
  server_.emplace(options);
  ASSERT_TRUE(server_->wait_until_ready()) << server_->log();
}

void Killed::start_and_check(const std::vector<std::string>& flags) {
  start(flags);
  if (HasFatalFailure()) return;
  Peer peer(server_->port());
  const Ask ask = [&](const Words& words) { return peer.ask(words); };
  if (std::exchange(is_first_, false)) ask(history_.first_request());
  const auto found = history_.check(
      ask, tests_redis() ? History::Losses::suffix : History::Losses::none);
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
  const char* const policy = std::getenv("KLH_POLICY");
  run(30, policy ? policy : "any");
}

// A server that leaves changes unwritten while the disk is busy loses them.
TEST_F(Killed, LosesNothingWhileASyncTakesLong) {
  constexpr uint64_t kMostSyncUs = 500'000;
  run(3, "everysec", kMostSyncUs);
}

}  // namespace

}  // namespace klh::test
