// Long random sequences of commands, told to both servers: each reply and, at
// the end, all contents must be equal.
//
//   KLH_SECONDS=1200   how long, with new seeds (5 unless told)
//   KLH_SEED=7         the first seed; a failure tells the one it needs
#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <string_view>

#include "compare/compare_test.h"
#include "compare/generator.h"
#include "harness/deadline.h"
#include "harness/environment.h"

namespace klh::test {

namespace {

constexpr size_t kCommandsOfASequence = 400;
constexpr size_t kDifferencesShown = 10;

// Absolute times lie far ahead of relative ones, and both so far that nothing
// expires: what has a time has it until the end of the test.
constexpr Generator::Times kFarAhead = {.now_ms = 4'102'444'800'000,
                                        .least_lifetime_ms = 100'000'000,
                                        .most_lifetime_ms = 1'000'000'000};

class Random : public CompareTest {
 protected:
  // Runs one sequence up to its first difference.
  std::optional<Difference> run(uint64_t seed);

  // What came before, as far as it had to do with the same keys.
  std::string predecessors(const Words& command) const;

  size_t commands() const { return commands_; }

 private:
  std::optional<Difference> check(const Words& command);
  std::optional<Difference> compare_contents();
  std::optional<Difference> compare_key(const std::string& key);

  std::deque<Words> history_;
  size_t commands_ = 0;
};

std::optional<Difference> Random::run(uint64_t seed) {
  speak(seed % 2 == 0 ? 2 : 3);
  history_.clear();
  Generator generator(seed, kFarAhead);
  if (auto difference = compare({"FLUSHALL"})) return difference;
  for (size_t i = 0; i < kCommandsOfASequence; ++i) {
    if (auto difference = check(generator.next())) return difference;
  }
  return compare_contents();
}

std::optional<Difference> Random::check(const Words& command) {
  ++commands_;
  auto difference = compare(command);
  history_.push_back(command);
  return difference;
}

std::optional<Difference> Random::compare_contents() {
  if (auto difference = compare({"KEYS", "*"})) return difference;
  if (auto difference = compare({"DBSIZE"})) return difference;
  const Value keys = parse_reply(ask_redis({"KEYS", "*"}));
  for (const Value& key : keys.elements) {
    if (auto difference = compare_key(key.text)) return difference;
  }
  return std::nullopt;
}

std::optional<Difference> Random::compare_key(const std::string& key) {
  if (auto difference = compare({"TYPE", key})) return difference;
  if (auto difference = compare({"PEXPIRETIME", key})) return difference;
  const std::string type = parse_reply(ask_redis({"TYPE", key})).text;
  if (type == "list") return compare({"LRANGE", key, "0", "-1"});
  if (type == "hash") return compare({"HGETALL", key});
  if (type == "zset") return compare({"ZRANGE", key, "0", "-1", "WITHSCORES"});
  return compare({"GET", key});
}

bool is_key(const std::string& word) {
  return word.size() == 2 && word.find_first_of("slhzy") == 0;
}

std::string Random::predecessors(const Words& command) const {
  constexpr size_t kShown = 25;
  std::set<std::string> keys;
  for (const std::string& word : command) {
    if (is_key(word)) keys.insert(word);
  }
  std::deque<std::string> lines;
  for (auto at = history_.rbegin(); at != history_.rend(); ++at) {
    if (lines.size() == kShown) break;
    const auto has_to_do_with = [&](const std::string& word) {
      return keys.count(word) > 0;
    };
    if (std::any_of(at->begin(), at->end(), has_to_do_with)) {
      lines.push_front("    " + readable(*at) + "\n");
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

// Each kind of difference is shown once, by its command and the two replies'
// beginnings.
std::string kind_of(const Difference& difference) {
  std::string name = difference.command[0];
  for (char& byte : name) byte = static_cast<char>(byte | 0x20);
  return name + difference.ours.substr(0, 1) + difference.redis.substr(0, 1);
}

TEST_F(Random, CommandsGetTheSameReplies) {
  const Deadline deadline(
      static_cast<int>(number_from_environment("KLH_SECONDS", 5)) * 1000);
  uint64_t seed = number_from_environment("KLH_SEED", 1);
  std::set<std::string> kinds;
  while (!deadline.has_passed() && kinds.size() < kDifferencesShown) {
    const auto difference = run(seed);
    if (difference && kinds.insert(kind_of(*difference)).second) {
      ADD_FAILURE() << "KLH_SEED=" << seed << ", RESP" << (seed % 2 + 2)
                    << ", after these:\n"
                    << predecessors(difference->command) << difference->text();
    }
    ++seed;
  }
  RecordProperty("commands", std::to_string(commands()));
  if (std::getenv("KLH_SECONDS")) {
    std::printf("  %zu commands, seeds up to %llu\n", commands(),
                static_cast<unsigned long long>(seed - 1));
  }
}

}  // namespace

}  // namespace klh::test
