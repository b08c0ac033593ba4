// ZUNION, ZINTER, ZDIFF and their kin with sets that are named again and again,
// beside others of the same size: the scores are those of Redis to the last
// bit, though ours goes through each set once.
#include <random>

#include "compare/compare_test.h"

namespace klh::test {

namespace {

class RepeatedSources : public CompareTest {
 protected:
  void SetUp() override {
    CompareTest::SetUp();
    for (const char* key : {"a", "b", "c", "d"}) fill(key, 12);
    fill("small", 3);
    fill("large", 300);
    same({"ZADD", "infinite", "inf", "m1", "-inf", "m2", "0", "m3", "1", "m4"});
    same({"SET", "text", "x"});
  }

  void same(const Words& command) {
    const auto difference = compare(command);
    EXPECT_FALSE(difference) << difference->text();
  }

  void fill(const std::string& key, int count) {
    Words command = {"ZADD", key};
    for (int i = 0; i < count; ++i) {
      command.push_back(a_number());
      command.push_back("m" + std::to_string(below(2 * count)));
    }
    same(command);
  }

  int below(int bound) { return static_cast<int>(random_() % bound); }
  std::string a_number() {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", (below(2001) - 1000) / 7.0);
    return text;
  }

  Words operation(const std::string& name, bool has_weights);

  std::mt19937 random_{1};
};

Words RepeatedSources::operation(const std::string& name, bool has_weights) {
  static const std::vector<std::string> kKeys = {
      "a", "b", "c", "d", "small", "large", "infinite", "nosuch"};
  const int count = 1 + below(40);
  const int choice = 1 + below(static_cast<int>(kKeys.size()));
  Words command = {name, std::to_string(count)};
  for (int i = 0; i < count; ++i) command.push_back(kKeys[below(choice)]);
  if (has_weights && below(2) == 0) {
    command.push_back("WEIGHTS");
    for (int i = 0; i < count; ++i) {
      const int kind = below(10);
      command.push_back(kind == 0 ? "0" : kind == 1 ? "-inf" : a_number());
    }
  }
  static const char* const kAggregates[] = {"SUM", "MIN", "MAX"};
  if (has_weights && below(2) == 0) {
    command.insert(command.end(), {"AGGREGATE", kAggregates[below(3)]});
  }
  return command;
}

TEST_F(RepeatedSources, ScoresAreThoseOfRedis) {
  for (int i = 0; i < 300; ++i) {
    for (const char* name : {"ZUNION", "ZINTER", "ZDIFF"}) {
      Words command = operation(name, name != std::string("ZDIFF"));
      command.push_back("WITHSCORES");
      same(command);
    }
    Words store = operation(i % 2 == 0 ? "ZUNIONSTORE" : "ZINTERSTORE", true);
    store.insert(store.begin() + 1, "to");
    same(store);
    same({"ZRANGE", "to", "0", "-1", "WITHSCORES"});
    same(operation("ZINTERCARD", false));
    if (HasFailure()) return;
  }
}

// More often than the terms that are kept apart: whole numbers stay exact, and
// so do minima and maxima of all.
TEST_F(RepeatedSources, OftenNamed) {
  same({"ZADD", "whole", "1", "x", "-7", "y", "1000000", "z"});
  for (const char* key : {"whole", "infinite", "a"}) {
    for (const char* aggregate : {"SUM", "MIN", "MAX"}) {
      if (key != std::string("whole") && aggregate == std::string("SUM")) {
        continue;
      }
      Words command = {"ZUNION", "300"};
      command.insert(command.end(), 300, key);
      command.push_back("WEIGHTS");
      for (int i = 0; i < 300; ++i) {
        command.push_back(std::to_string(below(201) - 100));
      }
      command.insert(command.end(), {"AGGREGATE", aggregate, "WITHSCORES"});
      same(command);
      command[0] = "ZINTER";
      same(command);
    }
  }
}

// Errors come in the order of the arguments, also behind a name that is there
// twice.
TEST_F(RepeatedSources, Mistakes) {
  same({"ZUNION", "3", "a", "a", "text"});
  same({"ZDIFF", "2", "a", "a", "WITHSCORES"});
  same({"ZDIFF", "3", "a", "b", "a", "WITHSCORES"});
  same({"ZUNION", "2", "a", "a", "WEIGHTS", "1"});
  same({"ZUNION", "2", "a", "a", "WEIGHTS", "1", "x"});
  same({"ZINTER", "2", "a", "nosuch"});
}

}  // namespace

}  // namespace klh::test
