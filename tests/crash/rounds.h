// What the rounds of the crash tests have in common: a seed decides about all
// of a round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "crash/history.h"
#include "crash/load.h"

namespace klh::test {

// As many rounds as KLH_ROUNDS says, or else so many, with the chances that
// KLH_SEED decides on; until one fails the test. What repeats that is told: a
// round goes on with the files of the one before, so all up to it are needed.
void for_each_round(uint64_t rounds,
                    const std::function<void(std::mt19937_64&)>& run);

// Of appendfsync; "none" is a server without a journal.
std::vector<std::string> flags_of(const std::string& policy);
std::string any_policy(std::mt19937_64& random);

// Journals so short and dumps so frequent that the files change all the time.
std::vector<std::string> random_flags(std::mt19937_64& random,
                                      const std::string& policy);
Load::Plan random_plan(std::mt19937_64& random);

// Lets time pass until the next thing is to happen.
void be_busy(uint64_t microseconds);

// Of all rounds.
struct Totals {
  size_t rounds = 0;
  History::Found found;
  // Only redis-server may do these, ours fails the test.
  std::map<std::string, size_t> refusals;  // why, how often
  size_t second_starts = 0;                // of these: it refuses only once
  size_t repaired = 0;                     // of these: by redis-check-aof
  std::vector<std::string> complaints;

  void add(const History::Found& of_a_round);
  void add_refusal(const std::string& log);
  void print() const;
};

}  // namespace klh::test
