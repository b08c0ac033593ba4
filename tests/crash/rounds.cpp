#include "crash/rounds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "crash/crash_server.h"
#include "harness/environment.h"

namespace klh::test {

void for_each_round(uint64_t rounds,
                    const std::function<void(std::mt19937_64&)>& run) {
  constexpr uint64_t kFarApart = 1'000'003;
  rounds = number_from_environment("KLH_ROUNDS", rounds);
  const uint64_t seed = number_from_environment("KLH_SEED", 1);
  for (uint64_t round = 1; round <= rounds; ++round) {
    SCOPED_TRACE("KLH_SEED=" + std::to_string(seed) + " KLH_ROUNDS=" +
                 std::to_string(round) + " ends in this round");
    std::mt19937_64 random(seed * kFarApart + round);
    run(random);
    if (testing::Test::HasFailure()) return;
  }
}

std::string any_policy(std::mt19937_64& random) {
  constexpr const char* kPolicies[] = {"always", "everysec", "no"};
  return kPolicies[random() % 3];
}

std::vector<std::string> flags_of(const std::string& policy) {
  if (policy == "none") return {"--appendonly", "no"};
  return {"--appendfsync", policy};
}

std::vector<std::string> random_flags(std::mt19937_64& random,
                                      const std::string& policy) {
  std::vector<std::string> flags = flags_of(policy);
  // The dumps of redis-server are no part of what it starts with.
  const bool saves = random() % 2 != 0 && !tests_redis();
  flags.insert(flags.end(), {"--save", saves ? "1 10" : ""});
  if (random() % 2 == 0) {
    flags.insert(flags.end(), {"--auto-aof-rewrite-min-size", "3000",
                               "--auto-aof-rewrite-percentage", "50"});
  }
  return flags;
}

Load::Plan random_plan(std::mt19937_64& random) {
  const auto one_in = [&random](uint64_t n) { return random() % n == 0; };
  constexpr uint64_t kMostReplies = 600;
  constexpr size_t kWindows[] = {1, 4, 16, 64};
  Load::Plan plan{.replies = 1 + random() % kMostReplies,
                  .window = kWindows[random() % 4]};
  if (!one_in(3)) plan.save_every = 10 + random() % 200;
  plan.stops_in_background = one_in(2);
  plan.flushes = one_in(8);
  plan.stops_in_flush = plan.flushes && one_in(2);
  if (one_in(2)) plan.delay_us = random() % 3000;
  return plan;
}

// Busy, since that is as exact as a moment can be.
void be_busy(uint64_t microseconds) {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) continue;
}

void Totals::add(const History::Found& of_a_round) {
  ++rounds;
  if (!of_a_round.complaint.empty()) {
    complaints.push_back(of_a_round.complaint);
  }
  found.requests += of_a_round.requests;
  found.acknowledged += of_a_round.acknowledged;
  found.lost += of_a_round.lost;
  found.more += of_a_round.more;
}

// What it has said last, as "123:M 1 Jan 2026 00:00:00.000 # Bad file format
// …", without what differs each time.
void Totals::add_refusal(const std::string& log) {
  const size_t mark = log.rfind(" # ");
  std::string why = mark == log.npos ? log : log.substr(mark + 3);
  why = why.substr(0, why.find('\n'));
  std::erase_if(why, [](char byte) { return byte >= '0' && byte <= '9'; });
  ++refusals[why];
}

void Totals::print() const {
  std::printf(
      "  %zu rounds, %zu changes sent, %zu acknowledged, %zu of these lost, "
      "%zu there without a reply\n",
      rounds, found.requests, found.acknowledged, found.lost, found.more);
  for (const auto& [why, count] : refusals) {
    std::printf("  %zu starts refused: %s\n", count, why.c_str());
  }
  if (!refusals.empty()) {
    std::printf(
        "  of these %zu succeed when tried again, %zu after redis-check-aof\n",
        second_starts, repaired);
  }
  if (!complaints.empty()) {
    std::printf("  %zu rounds with other data; the first:\n  %s",
                complaints.size(), complaints[0].c_str());
  }
}

}  // namespace klh::test
