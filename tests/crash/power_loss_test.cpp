// What is left when the power fails, and not only the server is gone but all
// that the disk had not been told to keep: nothing is lost with `always`, the
// last changes are with `everysec` and `no`, and each start succeeds.
//
//   KLH_ROUNDS=300   how often it fails, with each policy (15 unless told)
//   KLH_SEED=7       the same rounds again; a failure tells its seed
//   KLH_IN_ORDER=1   names survive in the order in which they were changed, as
//                    on a file system with a journal, and no zeros appear
//
// With --server=redis-server, what is lost is counted: see crash_server.h.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
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
#include "harness/process.h"

namespace klh::test {

namespace {

constexpr uint64_t kRounds = 15;

class PowerLoss : public testing::Test {
 protected:
  // As often as the environment says.
  void run(const std::string& policy);

  const Totals& totals() const { return totals_; }

  CrashServer& start(const std::vector<std::string>& flags);
  void launch(const std::vector<std::string>& flags);  // does not wait
  bool insist(const std::vector<std::string>& flags);

  // The N-th sync of a server fails, and the power after another has run. False
  // if there are not so many syncs, or the test has failed.
  bool survives_failing(const std::string& policy, uint64_t sync);

  // A start whose first sync fails says this.
  std::string log_of_failing_start();

  const std::string& data() const { return data_; }

  void empty_directory() {
    server_.reset();
    std::filesystem::remove_all(data_);
    std::filesystem::create_directory(data_);
  }

  static Disk::Kindness kind() {
    return std::getenv("KLH_IN_ORDER") ? Disk::Kindness::in_order
                                       : Disk::Kindness::any;
  }

  // Kills the server, and takes away what the disk does not hold.
  void fail_power(Disk::Kindness kindness, std::mt19937_64& random) {
    server_->kill();
    disk_->fail(kindness, random);
  }

 private:
  void run_round(const std::string& policy, std::mt19937_64& random);
  void launch(const std::vector<std::string>& flags,
              const std::vector<std::string>& environment);
  bool count_up(const std::string& policy,
                const std::vector<std::string>& environment, int64_t& count);
  void begin(const std::vector<std::string>& flags);
  void forget();
  void check(History::Losses losses);
  void load(std::mt19937_64& random);

  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  History history_{4};
  Totals totals_;
  std::optional<Disk> disk_;
  std::optional<CrashServer> server_;
  bool is_first_ = true;
};

// The disk begins with what is there.
void PowerLoss::launch(const std::vector<std::string>& flags) {
  constexpr uint64_t kMostSyncUs = 500;
  server_.reset();
  if (tests_redis()) std::filesystem::create_directories(data_);
  disk_.emplace(data_, directory_.path() + "/record");
  launch(flags, disk_->environment(kMostSyncUs));
}

void PowerLoss::launch(const std::vector<std::string>& flags,
                       const std::vector<std::string>& environment) {
  server_.emplace(CrashServer::Options{.directory = data_,
                                       .flags = flags,
                                       .preload = shim("power_loss"),
                                       .environment = environment});
}

CrashServer& PowerLoss::start(const std::vector<std::string>& flags) {
  launch(flags);
  bool is_ready = server_->wait_until_ready();
  if (!is_ready && tests_redis()) is_ready = insist(flags);
  EXPECT_TRUE(is_ready) << server_->log();
  return *server_;
}

// redis-server has refused to start: does it so again, and once more after its
// tool has been at the files? Then the rounds begin anew.
bool PowerLoss::insist(const std::vector<std::string>& flags) {
  const auto try_again = [&] {
    launch(flags);
    return server_->wait_until_ready();
  };
  totals_.add_refusal(server_->log());
  if (try_again()) {
    ++totals_.second_starts;
    return true;
  }
  run_program({"redis-check-aof", "--fix",
               data_ + "/appendonlydir/appendonly.aof.manifest"},
              "y\n");
  if (try_again()) {
    ++totals_.repaired;
    return true;
  }
  forget();
  return try_again();
}

void PowerLoss::forget() {
  empty_directory();
  history_.forget();
  is_first_ = true;
}

// With something that is on the disk from then on.
void PowerLoss::begin(const std::vector<std::string>& flags) {
  Peer(server_->port()).ask(history_.first_request());
  const auto ending = server_->end();
  ASSERT_TRUE(ending && ending->with(0)) << server_->log();
  start(flags);
}

void PowerLoss::run(const std::string& policy) {
  for_each_round(kRounds,
                 [&](std::mt19937_64& random) { run_round(policy, random); });
  if (HasFailure()) return;
  if (std::getenv("KLH_ROUNDS")) totals_.print();
}

void PowerLoss::run_round(const std::string& policy, std::mt19937_64& random) {
  const std::vector<std::string> flags = random_flags(random, policy);
  start(flags);
  if (!HasFailure() && std::exchange(is_first_, false)) begin(flags);
  if (HasFailure()) return;
  constexpr uint64_t kTermOneIn = 10;
  const bool ends = random() % kTermOneIn == 0;
  load(random);
  if (HasFailure()) return;
  if (ends) {
    const auto ending = server_->end();
    ASSERT_TRUE(ending && ending->with(0)) << server_->log();
  }
  const bool is_kind = random() % 3 != 0;
  fail_power(is_kind ? kind() : Disk::Kindness::none, random);

  // Also once more while a server starts, and right after it has.
  constexpr uint64_t kAgainOneIn = 3;
  while (random() % kAgainOneIn == 0) {
    launch(flags_of(policy));
    be_busy(random() % 10000);
    fail_power(kind(), random);
  }
  start(flags_of(policy));
  if (HasFailure()) return;
  const bool is_safe = policy == "always" || (ends && policy != "none");
  const bool is_strict = is_safe && !tests_redis();
  if (!is_first_) {
    check(is_strict ? History::Losses::none : History::Losses::suffix);
  }
  if (server_) fail_power(kind(), random);
}

bool PowerLoss::survives_failing(const std::string& policy, uint64_t sync) {
  SCOPED_TRACE(policy + ", sync " + std::to_string(sync));
  empty_directory();
  disk_.emplace(data_, directory_.path() + "/record");
  int64_t count = 0;
  count_up(policy, disk_->environment_failing(sync), count);
  const bool has_failed = disk_->has_failed_to_sync();
  EXPECT_TRUE(count_up("always", disk_->environment(), count));
  std::mt19937_64 random(sync);
  fail_power(sync % 2 == 0 ? Disk::Kindness::any : Disk::Kindness::none,
             random);
  start({});
  if (HasFailure()) return false;
  Peer peer(server_->port());
  const std::string reply = peer.ask({"INCRBY", "n", "0"});
  EXPECT_GE(std::atoll(&reply[1]), count);
  return has_failed && !HasFailure();
}

std::string PowerLoss::log_of_failing_start() {
  empty_directory();
  disk_.emplace(data_, directory_.path() + "/record");
  int64_t count = 0;
  EXPECT_TRUE(count_up("always", disk_->environment(), count));
  EXPECT_TRUE(count_up("always", disk_->environment_failing(1), count));
  return server_->complaints();
}

// Until none runs, or the server is gone.
void wait_for_snapshot(Wire& wire) {
  std::string info = "rdb_bgsave_in_progress:1";
  while (info.find("rdb_bgsave_in_progress:1") != info.npos) {
    wire.send({"INFO", "persistence"});
    info = wire.wait_for_reply();
  }
}

// Sets `count` to what was replied last. False if the server does not start.
bool PowerLoss::count_up(const std::string& policy,
                         const std::vector<std::string>& environment,
                         int64_t& count) {
  launch({"--appendfsync", policy, "--save", ""}, environment);
  if (!server_->wait_until_ready()) return false;
  Wire wire(server_->port());
  const Words up = {"INCR", "n"};
  for (const Words& words :
       {up, up, Words{"BGSAVE"}, up, up, Words{"SAVE"}, up, up}) {
    if (words[0] == "SAVE") wait_for_snapshot(wire);
    wire.send(words);
    const std::string reply = wire.wait_for_reply();
    if (reply.empty()) break;
    if (reply[0] != ':') continue;
    EXPECT_GT(std::atoll(&reply[1]), count) << "what was acknowledged";
    count = std::atoll(&reply[1]);
  }
  server_->kill();
  return true;
}

void PowerLoss::check(History::Losses losses) {
  Peer peer(server_->port());
  const auto found = history_.check(
      [&](const Words& words) { return peer.ask(words); }, losses);
  ASSERT_TRUE(tests_redis() || found.complaint.empty())
      << found.complaint << server_->log();
  totals_.add(found);
  if (!found.complaint.empty()) forget();
}

void PowerLoss::load(std::mt19937_64& random) {
  const Load::Plan plan = random_plan(random);
  Load load(server_->port(), history_, random());
  ASSERT_EQ(load.run(plan), "") << server_->log();
}

TEST_F(PowerLoss, LosesNothingWithAlways) {
  run("always");
  EXPECT_TRUE(tests_redis() || totals().found.lost == 0);
}

TEST_F(PowerLoss, LosesTheLastChangesWithEverysec) {
  run("everysec");
}

// It must: else the disk of this test would keep what it need not.
TEST_F(PowerLoss, LosesTheLastChangesWithNo) {
  run("no");
  EXPECT_GT(totals().found.lost, 0u);
}

TEST_F(PowerLoss, LosesWhatIsNotSavedWithoutAJournal) {
  run("none");
  EXPECT_GT(totals().found.lost, 0u);
}

TEST_F(PowerLoss, LeavesFilesToStartWithWhileTheFirstAreMade) {
  for_each_round(kRounds, [&](std::mt19937_64& random) {
    empty_directory();
    launch({});
    be_busy(random() % 10000);
    fail_power(Disk::Kindness::any, random);
    Peer peer(start({}).port());
    ASSERT_EQ(peer.ask({"DBSIZE"}), ":0\r\n");
  });
}

// A sync fails, whichever: the server ends, or is killed while it makes good
// for it. The next finds the files as if nothing had happened, since the kernel
// has them; then the power fails.
TEST_F(PowerLoss, LosesNothingAfterASyncThatHasFailed) {
  for (const char* const policy : {"always", "everysec"}) {
    uint64_t sync = 1;
    while (survives_failing(policy, sync)) ++sync;
    EXPECT_GT(sync, 5u);
    if (HasFailure()) return;
  }
}

// The first sync of a start is that of the journal that it goes on with.
TEST_F(PowerLoss, TellsOfASyncThatFailsAtAStart) {
  const std::string log = log_of_failing_start();
  EXPECT_TRUE(log.starts_with("warning: fsync " + data() + "/journal-")) << log;
  EXPECT_TRUE(log.ends_with(".klh: Input/output error\n")) << log;
  EXPECT_FALSE(std::filesystem::exists(data() + "/sync-failed"));
}

TEST_F(PowerLoss, KeepsADirectoryThatTheServerHasMade) {
  std::mt19937_64 random(1);
  {
    Peer peer(start({"--appendfsync", "always"}).port());
    EXPECT_EQ(peer.ask({"SET", "a", "1"}), "+OK\r\n");
  }
  const bool is_in_order = kind() == Disk::Kindness::in_order;
  fail_power(is_in_order ? kind() : Disk::Kindness::none, random);
  Peer peer(start({"--appendfsync", "always"}).port());
  const std::string reply = peer.ask({"GET", "a"});
  const bool is_kept = reply == "$1\r\n1\r\n";
  EXPECT_TRUE(is_kept || tests_redis()) << reply;
  if (std::getenv("KLH_ROUNDS")) {
    std::printf("  the first change is %s\n", is_kept ? "there" : "gone");
  }
}

}  // namespace

}  // namespace klh::test
