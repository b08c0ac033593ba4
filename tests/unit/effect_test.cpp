// Effects. One line at a time: encoded and decoded again, and with each byte
// damaged. And all together, as a journal will use them: whatever a random
// sequence of commands does to a store, their effects, encoded and decoded, do
// to another one in which nothing ever expires by itself.
#include "persistence/effect.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/command.h"
#include "commands/table.h"
#include "compare/generator.h"
#include "unit/contents.h"
#include "unit/effect_listener.h"
#include "unit/machine.h"

namespace klh::test {
namespace {

// One line

std::string line_of(const Words& command) {
  const std::vector<std::string_view> words(command.begin(), command.end());
  Buffer buffer;
  append_effect(buffer, words);
  return std::string(buffer.view());
}

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

const std::vector<Words> kCommands = {
    {"SET", "name", "Alice", "PXAT", "1790000000000"},
    {"FLUSHALL"},
    {"SET", "", ""},
    {"RPUSH", "a b", "%", "%20", "~00000000", "#"},
    {"SET", all_bytes(), all_bytes()},
    {"APPEND", "größe", "\r\n"}};

TEST(Effect, LooksLikeThis) {
  const std::string line = line_of({"SET", "na me", "", "PXAT", "17"});
  EXPECT_EQ(line.substr(0, line.size() - 10), "SET na%20me % PXAT 17 ");
  EXPECT_EQ(line[line.size() - 10], '~');
  EXPECT_EQ(line.back(), '\n');
}

TEST(Effect, GoesOnFromTheOneBefore) {
  Buffer buffer;
  const std::vector<std::string_view> words = {"APPEND", "a", "1"};
  const uint32_t first = append_effect(buffer, words);
  append_effect(buffer, words, first);
  EXPECT_EQ(buffer.view(), "APPEND a 1 ~FDAA9E81\nAPPEND a 1 ~182B0DA8\n");
  const std::string_view both = buffer.view();
  const std::string_view line = both.substr(0, both.find('\n'));
  const std::string_view next = both.substr(line.size() + 1, line.size());
  EXPECT_EQ(given_checksum(line), first);
  EXPECT_EQ(right_checksum(next, first), given_checksum(next));
  Words read;
  EXPECT_EQ(read_effect(line, read).text(), "");
  EXPECT_EQ(read_effect(next, read, first).text(), "");
  EXPECT_NE(read_effect(line, read, first).text(), "") << "it comes twice";
  EXPECT_NE(read_effect(next, read).text(), "") << "the one before is gone";
  EXPECT_EQ(given_checksum("1234ABCD"), std::nullopt);
  EXPECT_EQ(given_checksum("a ~1234abcd"), std::nullopt);
}

TEST(Effect, IsReadBackAsItWas) {
  for (const Words& command : kCommands) {
    std::string line = line_of(command);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    line.pop_back();
    Words words = {"left from before"};
    EXPECT_EQ(read_effect(line, words).text(), "");
    EXPECT_EQ(words, command);
  }
}

TEST(Effect, IsRefusedWithAnyByteChanged) {
  for (const Words& command : kCommands) {
    std::string line = line_of(command);
    line.pop_back();
    for (char& byte : line) {
      for (int change = 1; change < 256; ++change) {
        const char before = byte;
        byte = static_cast<char>(byte ^ change);
        Words words;
        ASSERT_NE(read_effect(line, words).text(), "") << line;
        byte = before;
      }
    }
  }
}

TEST(Effect, IsRefusedWhenCutShortOrLonger) {
  for (const Words& command : kCommands) {
    std::string line = line_of(command);
    line.pop_back();
    Words words;
    for (size_t size = 0; size < line.size(); ++size) {
      ASSERT_NE(read_effect(line.substr(0, size), words).text(), "") << line;
      ASSERT_NE(read_effect(line.substr(size + 1), words).text(), "") << line;
    }
    EXPECT_NE(read_effect(line + " ", words).text(), "");
    EXPECT_NE(read_effect(line + std::string(8, '\0'), words).text(), "");
  }
}

// All together

std::string readable(const Words& command) {
  std::string line = line_of(command);
  line.resize(line.size() - 11);
  return line;
}

constexpr int64_t kStartMs = 1'700'000'000'000;
constexpr Generator::Times kSoon = {
    .now_ms = kStartMs, .least_lifetime_ms = -20, .most_lifetime_ms = 2000};

// Runs commands on one store, and their effects on another.
class Property {
 public:
  explicit Property(uint64_t seed);

  // Stops at the first failure.
  void run(size_t commands);

 private:
  void step(const Words& command);
  void check(const Words& command, const Contents& before);
  void replay();
  std::string trouble(const Words& command) const;

  Generator generator_;
  int64_t now_ms_ = kStartMs;
  Machine original_;
  Machine copy_;  // nobody tells it the time
  Buffer journal_;
  size_t effects_ = 0;              // said by the command that runs
  size_t expired_ = 0;              // keys that went while it ran
  std::vector<std::string> lines_;  // of the command that runs
  std::vector<std::string> history_;
  uint64_t seed_;
  EffectListener listener_{original_.host(), [this](Args effect) {
                             ++effects_;
                             append_effect(journal_, effect);
                           }};
};

Property::Property(uint64_t seed) : generator_(seed, kSoon), seed_(seed) {
  original_.store().on_expired = [this](std::string_view key) {
    ++expired_;
    append_effect(journal_, std::array<std::string_view, 2>{"DEL", key});
  };
}

void Property::run(size_t commands) {
  for (size_t i = 0; i < commands; ++i) {
    now_ms_ += static_cast<int64_t>(generator_.below(20));
    generator_.set_now(now_ms_);
    original_.store().set_now(now_ms_);
    // Now and then only, so that most keys expire when they are looked for.
    constexpr uint64_t kActiveOneIn = 50;
    if (generator_.below(kActiveOneIn) == 0) original_.store().expire_due(2);
    step(generator_.next());
    if (testing::Test::HasFailure()) return;
  }
  original_.store().expire_due(SIZE_MAX);
  replay();
  EXPECT_EQ(contents_of(original_.store(), INT64_MIN),
            contents_of(copy_.store(), INT64_MIN));
}

void Property::step(const Words& command) {
  constexpr size_t kHistory = 40;
  if (history_.size() == kHistory) history_.erase(history_.begin());
  history_.push_back(readable(command));
  replay();
  const Contents before = contents_of(original_.store(), now_ms_);
  effects_ = 0;
  expired_ = 0;
  lines_.clear();
  const uint64_t changes = original_.host().statistics.changes_since_save;
  original_.run(command);
  const bool counted =
      original_.host().statistics.changes_since_save != changes;
  EXPECT_EQ(counted, effects_ > 0) << trouble(command);
  check(command, before);
}

void Property::check(const Words& command, const Contents& before) {
  replay();
  const Contents after = contents_of(original_.store(), now_ms_);
  const Contents copied = contents_of(copy_.store(), now_ms_);
  EXPECT_TRUE(after == copied)
      << trouble(command) << "  the store, and what its effects made:\n  "
      << difference(after, copied);
  const klh::Command* const row = command_table().find(command[0]);
  if (row && (row->flags & kWrite)) {
    EXPECT_TRUE(after == before || effects_ > 0) << trouble(command);
  } else {
    EXPECT_EQ(effects_, 0u) << "a command that changes nothing says nothing\n"
                            << trouble(command);
    EXPECT_TRUE(after == before) << trouble(command);
  }
}

void Property::replay() {
  while (!journal_.empty()) {
    const std::string_view all = journal_.view();
    const std::string line(all.substr(0, all.find('\n')));
    journal_.consume(line.size() + 1);
    lines_.push_back(line);
    Words words;
    ASSERT_EQ(read_effect(line, words).text(), "") << line;
    const std::string reply = copy_.run(words);
    EXPECT_FALSE(reply.starts_with('-')) << line << "\n" << reply;
  }
}

std::string Property::trouble(const Words& command) const {
  std::string text = "seed " + std::to_string(seed_) + ", after these:\n";
  for (const std::string& each : history_) text += "    " + each + "\n";
  text += "  " + readable(command) + "\n  its effects:\n";
  for (const std::string& each : lines_) text += "    " + each + "\n";
  return text;
}

TEST(Effects, MakeAnEqualStore) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Property(seed).run(3000);
    ASSERT_FALSE(HasFailure());
  }
}

// A command that changes the store and has no row in the generator's table
// would not be tested above.
TEST(Effects, AreTestedForAllCommands) {
  const std::set<std::string> tested = Generator::names();
  for (const klh::Command& command : command_table().all()) {
    if (!(command.flags & (kWrite | kReadOnly))) continue;
    if (command.name == "memory|usage") continue;  // a reply that is no value
    const auto first_word = command.name.substr(0, command.name.find('|'));
    EXPECT_TRUE(tested.count(std::string(first_word)) > 0) << command.name;
  }
}

}  // namespace
}  // namespace klh::test
