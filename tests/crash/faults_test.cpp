// System calls that fail or do less than they were asked for: each that a
// server makes in a short life, one after another, once or from
// then on. Replies stay exact or do not come; if the server ends it says why;
// and a start without faults finds all that was acknowledged.
//
//   KLH_ALL_FAULTS=1   each of them; else a selection
//   KLH_FAULT=write:28:5 KLH_POLICY=always   this one only
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net.h"
#include "crash/crash_server.h"
#include "crash/fault_kinds.h"
#include "crash/life.h"
#include "harness/process.h"

namespace klh::test {

namespace {

constexpr int kShort = 0;

// What the man pages say of each call, as far as it can happen to this server.
struct FaultRow {
  FaultKind kind;
  std::vector<int> once;
  std::vector<int> from_then_on;
};

const std::vector<FaultRow> kFaults = {
    {FaultKind::write, {ENOSPC, EIO, EINTR, kShort}, {ENOSPC, EIO, kShort}},
    {FaultKind::send, {EINTR, EAGAIN, EPIPE, ECONNRESET, kShort}, {kShort}},
    {FaultKind::read, {EINTR, EIO, kShort}, {EIO, kShort}},
    {FaultKind::recv, {EINTR, EAGAIN, ECONNRESET, kShort}, {kShort}},
    {FaultKind::fsync, {EINTR, EIO, ENOSPC}, {EIO}},
    {FaultKind::fdatasync, {EINTR, EIO, ENOSPC}, {EIO}},
    {FaultKind::rename, {ENOSPC, EIO}, {EIO}},
    {FaultKind::openat, {EINTR, EMFILE, ENOSPC, EIO}, {EMFILE, ENOSPC}},
    {FaultKind::open, {EINTR, EMFILE, ENFILE}, {EMFILE}},
    {FaultKind::opendir, {EMFILE, ENOMEM}, {EMFILE}},
    {FaultKind::ftruncate, {EINTR, EIO}, {EIO}},
    {FaultKind::unlinkat, {EBUSY, EIO}, {EIO}},
    {FaultKind::mkdir, {ENOSPC, EACCES}, {}},
    {FaultKind::flock, {ENOLCK, EINTR}, {}},
    {FaultKind::fork, {EAGAIN, ENOMEM}, {ENOMEM}},
    {FaultKind::waitpid, {EINTR}, {}},
    {FaultKind::pthread_create, {EAGAIN}, {EAGAIN}},
    {FaultKind::accept,
     {EINTR, EAGAIN, ECONNABORTED, EPROTO, EMFILE, ENFILE, ENOBUFS, ENOMEM},
     {}},
    {FaultKind::epoll_wait, {EINTR}, {}},
    {FaultKind::epoll_ctl, {ENOMEM, ENOSPC}, {}}};

// All that a life without a fault offers.
std::vector<Fault> faults_of(const Life& life) {
  std::vector<Fault> faults;
  for (const FaultRow& row : kFaults) {
    for (uint32_t n = 1; n <= life.calls(row.kind); ++n) {
      for (const int error : row.once) {
        faults.push_back({row.kind, error, n, false});
      }
      for (const int error : row.from_then_on) {
        faults.push_back({row.kind, error, n, true});
      }
    }
  }
  return faults;
}

// As Fault::text() gives it.
Fault fault_in(const std::string& text) {
  Fault fault{};
  char name[64];
  char more = ' ';
  const int read = std::sscanf(text.c_str(), "%63[^:]:%d:%u%c", name,
                               &fault.error, &fault.number, &more);
  const auto found = std::find(std::begin(kFaultKinds), std::end(kFaultKinds),
                               std::string_view(name));
  if (read < 3 || found == std::end(kFaultKinds)) die_plainly("KLH_FAULT");
  fault.kind = static_cast<FaultKind>(found - std::begin(kFaultKinds));
  fault.goes_on = more == '+';
  return fault;
}

class Faults : public testing::Test {
 protected:
  void run(const std::string& policy);
  void run_one(const std::string& policy, const Fault& fault);
  void run_deaths(const std::string& policy, const std::optional<Fault>& fault,
                  bool fails_power);
  static std::vector<Fault> faults_after_which_files_change(
      const std::string& policy);
  size_t deaths() const { return deaths_; }

 private:
  std::map<std::string, std::pair<size_t, size_t>> counts_;  // and reached
  size_t failures_ = 0;
  size_t deaths_ = 0;
};

void Faults::run(const std::string& policy) {
  if (const char* const only = std::getenv("KLH_FAULT")) {
    const char* const its_policy = std::getenv("KLH_POLICY");
    if (!its_policy || policy == its_policy) run_one(policy, fault_in(only));
    return;
  }
  Life life(policy, std::nullopt);
  life.run();
  if (HasFailure()) return;
  const bool is_whole = std::getenv("KLH_ALL_FAULTS") != nullptr;
  constexpr size_t kSelected = 50;
  constexpr size_t kMostFailures = 10;
  const std::vector<Fault> faults = faults_of(life);
  const size_t step =
      is_whole ? 1 : std::max<size_t>(1, faults.size() / kSelected);
  for (size_t i = 0; i < faults.size(); i += step) {
    run_one(policy, faults[i]);
    if (failures_ == kMostFailures) return;
  }
  if (!is_whole) return;
  for (const auto& [kind, count] : counts_) {
    std::printf("  %-15s %4zu, %4zu of them reached\n", kind.c_str(),
                count.first, count.second);
  }
}

void Faults::run_one(const std::string& policy, const Fault& fault) {
  SCOPED_TRACE("KLH_FAULT=" + fault.text() + " KLH_POLICY=" + policy + " (" +
               (fault.error ? std::strerror(fault.error) : "falls short") +
               ")");
  Life life(policy, fault);
  try {
    life.run();
  } catch (const testing::AssertionException&) {
    ++failures_;  // reported already; the others are worth to know, too
  }
  auto& [count, reached] =
      counts_[kFaultKinds[static_cast<size_t>(fault.kind)]];
  ++count;
  if (life.was_reached()) ++reached;
}

std::vector<Fault> Faults::faults_after_which_files_change(
    const std::string& policy) {
  Life whole(policy, std::nullopt);
  whole.run();
  std::vector<Fault> faults;
  for (const FaultKind kind :
       {FaultKind::fdatasync, FaultKind::rename, FaultKind::fsync}) {
    for (uint32_t n = 1; n <= whole.calls(kind); ++n) {
      faults.push_back({kind, EIO, n, false});
    }
  }
  return faults;
}

// What a crash can leave depends on these.
constexpr FaultKind kMoments[] = {FaultKind::write,     FaultKind::fsync,
                                  FaultKind::fdatasync, FaultKind::rename,
                                  FaultKind::openat,    FaultKind::opendir,
                                  FaultKind::ftruncate, FaultKind::unlinkat,
                                  FaultKind::mkdir,     FaultKind::fork};

// Before each call of these kinds, after a fault or without one.
void Faults::run_deaths(const std::string& policy,
                        const std::optional<Fault>& fault, bool fails_power) {
  constexpr size_t kMostFailures = 10;
  Life whole(policy, fault);
  whole.run();
  for (const FaultKind kind : kMoments) {
    for (uint32_t n = 1; n <= whole.calls(kind); ++n) {
      const Death death = {kind, n, fails_power};
      SCOPED_TRACE("KLH_FAULT=" + (fault ? fault->text() : "") +
                   " KLH_KILL=" + death.text() + " KLH_POLICY=" + policy +
                   (fails_power ? ", then the power fails" : ""));
      ++deaths_;
      try {
        Life(policy, fault, death).run();
      } catch (const testing::AssertionException&) {
        if (++failures_ >= kMostFailures) return;
      }
    }
  }
}

TEST_F(Faults, EachMomentIsOneToBeKilledIn) {
  run_deaths("everysec", std::nullopt, false);
}

TEST_F(Faults, EachMomentIsOneToLoseThePowerIn) {
  run_deaths("always", std::nullopt, true);
}

// Twice something goes wrong: too many pairs for each day.
TEST_F(Faults, EachMomentAfterAFaultIsOneToBeKilledIn) {
  const std::string policy = "everysec";
  const bool is_whole = std::getenv("KLH_ALL_FAULTS") != nullptr;
  for (const Fault& fault : faults_after_which_files_change(policy)) {
    if (!is_whole && fault.text() != "fdatasync:5:3") continue;
    run_deaths(policy, fault, false);
  }
  if (is_whole) std::printf("  %zu pairs\n", deaths());
}

TEST_F(Faults, LoseNothingWithAlways) {
  run("always");
}

TEST_F(Faults, LoseNothingWithEverysec) {
  run("everysec");
}

// These have shown what was wrong; the selection may pass them by.
TEST_F(Faults, ThatOnceDidHarmDoNoMore) {
  for (const char* const each :
       {"write:5:2+", "write:28:9+", "send:104:3", "send:32:3", "recv:0:5+",
        "pthread_create:11:1", "pthread_create:11:1+"}) {
    run_one("everysec", fault_in(each));
  }
}

// The library itself

class FaultsOfATest : public testing::Test {
 protected:
  // What is in file "a" in the end, or what went wrong.
  std::string after(const std::string& fault,
                    const std::vector<std::string>& steps) {
    const std::string calls = directory_.path() + "/calls";
    calls_.emplace(calls);
    std::vector<std::string> command = {shim_probe(), directory_.path()};
    command.insert(command.end(), steps.begin(), steps.end());
    const Outcome outcome = run_program(
        command, "",
        {.environment = {"LD_PRELOAD=" + shim("faults"),
                         "KLH_FAULT_CALLS=" + calls, "KLH_FAULT=" + fault}});
    if (!outcome.ending.with(0)) return outcome.errors;
    std::string text;
    std::getline(std::ifstream(directory_.path() + "/a"), text);
    return text;
  }

  uint32_t calls(FaultKind kind) const { return calls_->of(kind); }

 private:
  TemporaryDirectory directory_;
  std::optional<Calls> calls_;
};

TEST_F(FaultsOfATest, OccurWhereTheyAreWanted) {
  const std::vector<std::string> steps = {"create:a", "write:a:12", "sync:a",
                                          "write:a:34", "write:a:56"};
  EXPECT_EQ(after("", steps), "123456");
  EXPECT_EQ(calls(FaultKind::write), 3u);
  EXPECT_EQ(calls(FaultKind::fsync), 1u);
  EXPECT_EQ(after("write:28:2", steps),
            "write:a:34: No space left on device\n");
  EXPECT_EQ(after("write:28:4", steps), "123456");
  EXPECT_EQ(after("fsync:5:1", steps), "sync:a: Input/output error\n");
  EXPECT_EQ(after("write:0:2", steps), "12356");
  EXPECT_EQ(after("write:0:2+", steps), "1235");
}

}  // namespace

}  // namespace klh::test
