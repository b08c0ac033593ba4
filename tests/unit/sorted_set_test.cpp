// The sorted set against a model that does everything by brute force, and the
// scores as text against what redis-server 7.0.15 has replied.
#include "store/sorted_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/number.h"

namespace klh {
namespace {

using Random = std::mt19937_64;
using Position = SortedSet::Position;
using namespace std::string_literals;

constexpr SipHashKey kSecret = {1, 2};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Pair {
  std::string member;
  double score;
  bool operator==(const Pair&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Pair& pair) {
  return out << testing::PrintToString(pair.member) << " " << pair.score;
}

// As memcmp has it, spelled out: bytes are unsigned, a beginning comes first.
bool bytes_less(const std::string& a, const std::string& b) {
  const auto less = [](char x, char y) {
    return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
  };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      less);
}

bool pair_less(const Pair& a, const Pair& b) {
  if (a.score != b.score) return a.score < b.score;
  return bytes_less(a.member, b.member);
}

Pair pair_at(Position at) {
  return {std::string(at.member()), at.score()};
}

std::vector<Pair> pairs_of(const SortedSet& set) {
  std::vector<Pair> pairs;
  set.for_each([&](std::string_view member, double score) {
    pairs.push_back({std::string(member), score});
  });
  return pairs;
}

std::vector<std::string> members_of(const SortedSet& set) {
  std::vector<std::string> members;
  for (const Pair& pair : pairs_of(set)) members.push_back(pair.member);
  return members;
}

// The members from one position to another, both included, as a command would
// walk.
std::vector<std::string> members_between(Position from, Position to) {
  std::vector<std::string> members;
  if (!from || !to || to.rank() < from.rank()) return members;
  for (Position at = from;; at = at.next()) {
    members.emplace_back(at.member());
    if (at == to) return members;
  }
}

std::string number_text(const char* prefix, size_t number) {
  return prefix + std::to_string(number);
}

TEST(SortedSet, IsEmptyAtFirst) {
  SortedSet set(kSecret);
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(set.score("a"), std::nullopt);
  EXPECT_EQ(set.rank("a"), std::nullopt);
  EXPECT_FALSE(set.erase("a"));
  EXPECT_TRUE(set.find("a").is_end());
  EXPECT_FALSE(set.first());
  EXPECT_FALSE(set.last());
  EXPECT_FALSE(set.at(0));
  EXPECT_FALSE(set.first_from(-kInfinity, true));
  EXPECT_FALSE(set.last_to(kInfinity, true));
  EXPECT_FALSE(set.first_from("", true));
  EXPECT_FALSE(set.last_to("z", true));
  EXPECT_EQ(set.scan(0, [](std::string_view, double) { FAIL(); }), 0u);
}

TEST(SortedSet, TellsNewMembersFromChangedScores) {
  SortedSet set(kSecret);
  EXPECT_TRUE(set.set("alice", 10));
  EXPECT_TRUE(set.set("bob", 12.5));
  EXPECT_FALSE(set.set("alice", 10));
  EXPECT_FALSE(set.set("alice", 20));
  EXPECT_EQ(set.size(), 2u);
  EXPECT_EQ(set.score("alice"), 20);
  EXPECT_EQ(set.rank("alice"), 1u);
  EXPECT_EQ(members_of(set), (std::vector{"bob"s, "alice"s}));
  EXPECT_TRUE(set.erase("bob"));
  EXPECT_FALSE(set.erase("bob"));
  EXPECT_EQ(set.rank("alice"), 0u);
}

TEST(SortedSet, OrdersEqualScoresByUnsignedBytes) {
  const std::vector<std::string> ordered = {
      "",     "\0"s,  "\0\0"s, "\0a"s,    "A",        "a",
      "a\0"s, "aa",   "ab",    "abcdefg", "abcdefgh", "b",
      "\x7f", "\x80", "\xc3",  "\xff",    "\xff\x01", "\xff\xff"};
  ASSERT_TRUE(std::is_sorted(ordered.begin(), ordered.end(), bytes_less));
  std::vector<std::string> shuffled = ordered;
  std::shuffle(shuffled.begin(), shuffled.end(), Random(3));
  SortedSet set(kSecret);
  for (const std::string& member : shuffled) EXPECT_TRUE(set.set(member, 7));
  EXPECT_EQ(members_of(set), ordered);
  for (size_t i = 0; i < ordered.size(); ++i) {
    EXPECT_EQ(set.rank(ordered[i]), i);
    EXPECT_EQ(set.at(i).member(), ordered[i]);
  }
}

TEST(SortedSet, KeepsMembersOfAnyLength) {
  SortedSet set(kSecret);
  for (size_t size : {0u, 1u, 3u, 4u, 5u, 12u, 13u, 100u, 70000u}) {
    std::string member(size, 'x');
    ASSERT_TRUE(set.set(member, -static_cast<double>(size)));
    EXPECT_EQ(set.first().member(), member);
    EXPECT_EQ(set.find(member), set.first());
    member.assign(size, 'y');  // the set has a copy
    EXPECT_EQ(set.first().member(), std::string(size, 'x'));
  }
}

TEST(SortedSet, HasInfinitiesAtItsEnds) {
  SortedSet set(kSecret);
  set.set("most", kInfinity);
  set.set("zero", 0);
  set.set("least", -kInfinity);
  set.set("large", std::numeric_limits<double>::max());
  EXPECT_EQ(members_of(set),
            (std::vector{"least"s, "zero"s, "large"s, "most"s}));
  EXPECT_EQ(set.last_to(kInfinity, false), set.find("large"));
  EXPECT_EQ(set.first_from(-kInfinity, false), set.find("zero"));
  EXPECT_EQ(set.first_from(kInfinity, true), set.find("most"));
  EXPECT_TRUE(set.first_from(kInfinity, false).is_end());
  EXPECT_TRUE(set.last_to(-kInfinity, false).is_end());
}

TEST(SortedSet, TakesMinusZeroAsZero) {
  SortedSet set(kSecret);
  set.set("b", 0.0);
  set.set("a", -0.0);
  set.set("c", -0.0);
  EXPECT_EQ(members_of(set), (std::vector{"a"s, "b"s, "c"s}));
  EXPECT_FALSE(std::signbit(*set.score("a")));
  set.set("b", -0.0);
  EXPECT_FALSE(std::signbit(*set.score("b")));
  EXPECT_EQ(set.first_from(-0.0, true), set.find("a"));
  EXPECT_EQ(set.last_to(-0.0, true), set.find("c"));
}

TEST(SortedSetDeathTest, HasNoPlaceForWhatIsNotANumber) {
  SortedSet set(kSecret);
  EXPECT_DEATH(set.set("a", std::nan("")), "isnan");
}

// A score may change without a change of place, to the limit of it and beyond.
TEST(SortedSet, MovesAMemberJustAsFarAsItsScoreSays) {
  constexpr size_t kCount = 20;
  for (size_t from = 0; from < kCount; ++from) {
    for (size_t half = 0; half <= 2 * kCount; ++half) {
      SortedSet set(kSecret);
      std::vector<Pair> model;
      for (size_t i = 0; i < kCount; ++i) {
        model.push_back({number_text("m", 100 + i), static_cast<double>(i)});
        set.set(model[i].member, model[i].score);
      }
      model[from].score = static_cast<double>(half) / 2 - 0.5;
      const Position before = set.find(model[from].member);
      EXPECT_FALSE(set.set(model[from].member, model[from].score));
      EXPECT_EQ(set.find(model[from].member), before) << "same allocation";
      std::sort(model.begin(), model.end(), pair_less);
      ASSERT_EQ(pairs_of(set), model) << from << " to " << half;
    }
  }
}

TEST(SortedSet, WalksBothWays) {
  SortedSet set(kSecret);
  for (size_t i = 0; i < 100; ++i) {
    set.set(number_text("m", 100 + i), static_cast<double>(i / 10));
  }
  size_t rank = 0;
  for (Position at = set.first(); at; at = at.next()) {
    EXPECT_EQ(at.rank(), rank);
    EXPECT_EQ(at.member(), number_text("m", 100 + rank));
    EXPECT_EQ(set.first().offset(static_cast<int64_t>(rank)), at);
    EXPECT_EQ(set.last().offset(static_cast<int64_t>(rank) - 99), at);
    ++rank;
  }
  EXPECT_EQ(rank, 100u);
  for (Position at = set.last(); at; at = at.previous()) {
    EXPECT_EQ(at.rank(), --rank);
  }
  EXPECT_EQ(rank, 0u);
  EXPECT_TRUE(set.first().offset(100).is_end());
  EXPECT_TRUE(set.first().offset(-1).is_end());
  EXPECT_TRUE(set.at(100).is_end());
}

TEST(SortedSet, ErasesARangeOneByOne) {
  SortedSet set(kSecret);
  for (size_t i = 0; i < 1000; ++i) {
    set.set(number_text("m", 1000 + i), static_cast<double>(i));
  }
  Position at = set.first_from(100, false);
  while (at && at.score() < 900) at = set.erase(at);
  ASSERT_FALSE(at.is_end());
  EXPECT_EQ(at.score(), 900);
  EXPECT_EQ(set.size(), 201u);
  EXPECT_EQ(set.at(100).score(), 100);
  EXPECT_EQ(set.at(101), at);
  EXPECT_EQ(set.find("m1500"), Position());
  while (at) at = set.erase(at);
  EXPECT_EQ(set.last().score(), 100);
}

TEST(SortedSet, ScansAllMembersWhileItGrowsAndShrinks) {
  SortedSet set(kSecret);
  for (size_t i = 0; i < 500; ++i) set.set(number_text("stays", i), 1.5);
  const auto set_some = [&set](size_t first) {
    for (size_t i = first; i < first + 20; ++i) {
      set.set(number_text("goes", i), 1.5);
    }
  };
  std::set<std::string> seen;
  uint64_t cursor = 0;
  size_t steps = 0;
  do {
    cursor = set.scan(cursor, [&](std::string_view member, double score) {
      EXPECT_EQ(score, 1.5);
      seen.emplace(member);
    });
    // A table that grows for ever is never scanned to its end.
    if (steps < 100) set_some(steps * 20);
    if (++steps == 150) {
      for (size_t i = 0; i < 2000; ++i) set.erase(number_text("goes", i));
    }
  } while (cursor != 0);
  for (size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(seen.count(number_text("stays", i)), 1u) << i;
  }
  EXPECT_GT(steps, 150u);
}

// --- random operations against a model -------------------------------------

class ModelCheck {
 public:
  // Few scores make many equal ones.
  ModelCheck(uint64_t seed, size_t members, size_t scores)
      : random_(seed), scores_(scores), set_(kSecret) {
    for (size_t i = 0; i < members; ++i) names_.push_back(random_name());
  }

  void run(size_t operations) {
    for (size_t i = 0; i < operations; ++i) {
      change();
      ASSERT_EQ(set_.size(), model_.size());
      ASSERT_NO_FATAL_FAILURE(ask_member(any_name()));
      ASSERT_NO_FATAL_FAILURE(ask_score(any_score()));
      if (i % 16 == 0) {
        ASSERT_EQ(pairs_of(set_), model_);
      }
    }
  }

 private:
  std::string random_name() {
    constexpr char kBytes[] = {'\0', '\x01', 'a', 'b', '\x7f', '\x80', '\xff'};
    std::string name(random_() % 12, '\0');
    for (char& byte : name) byte = kBytes[random_() % sizeof kBytes];
    return name;
  }

  const std::string& any_name() { return names_[random_() % names_.size()]; }

  double any_score() {
    constexpr double kSpecial[] = {kInfinity, -kInfinity, -0.0, 0.0, 5e-324};
    if (random_() % 8 == 0) return kSpecial[random_() % std::size(kSpecial)];
    return static_cast<double>(random_() % scores_) / 4 - 3;
  }

  std::vector<Pair>::iterator find(const std::string& name) {
    return std::find_if(model_.begin(), model_.end(),
                        [&](const Pair& pair) { return pair.member == name; });
  }

  void change() {
    const uint64_t dice = random_() % 100;
    if (dice < 60) {
      set_one(any_name(), any_score());
    } else if (dice < 70) {
      nudge(any_name());
    } else if (dice < 90) {
      erase_one(any_name());
    } else if (!model_.empty()) {
      erase_at(random_() % model_.size());
    }
  }

  void set_one(const std::string& name, double score) {
    const auto found = find(name);
    EXPECT_EQ(set_.set(name, score), found == model_.end());
    if (found != model_.end()) model_.erase(found);
    const Pair pair = {name, score};
    model_.insert(
        std::lower_bound(model_.begin(), model_.end(), pair, pair_less), pair);
  }

  void nudge(const std::string& name) {
    const auto found = find(name);
    if (found != model_.end()) set_one(name, found->score + 0.25);
  }

  void erase_one(const std::string& name) {
    const auto found = find(name);
    EXPECT_EQ(set_.erase(name), found != model_.end());
    if (found != model_.end()) model_.erase(found);
  }

  void erase_at(size_t rank) {
    const Position next = set_.erase(set_.at(rank));
    model_.erase(model_.begin() + static_cast<ptrdiff_t>(rank));
    expect_at(next, rank);
  }

  // The position with this rank, which is the end if there are not so many.
  void expect_at(Position position, size_t rank) {
    ASSERT_EQ(position.is_end(), rank >= model_.size());
    if (position) {
      ASSERT_EQ(pair_at(position), model_[rank]);
    }
  }

  void ask_member(const std::string& name) {
    const auto found = find(name);
    const Position position = set_.find(name);
    ASSERT_EQ(position.is_end(), found == model_.end());
    if (!position) return ask_absent(name);
    const auto rank = static_cast<size_t>(found - model_.begin());
    ASSERT_EQ(set_.rank(name), rank);
    ASSERT_EQ(set_.score(name), found->score);
    ASSERT_EQ(set_.at(rank), position);
    expect_at(position.next(), rank + 1);
    expect_at(position.previous(), rank - 1);
    expect_at(position.offset(3), rank + 3);
    expect_at(position.offset(-3), rank - 3);
  }

  void ask_absent(const std::string& name) {
    ASSERT_EQ(set_.rank(name), std::nullopt);
    ASSERT_EQ(set_.score(name), std::nullopt);
  }

  void ask_score(double score) {
    size_t below = 0;
    size_t up_to = 0;
    for (const Pair& pair : model_) {
      below += pair.score < score;
      up_to += pair.score <= score;
    }
    expect_at(set_.first_from(score, true), below);
    expect_at(set_.first_from(score, false), up_to);
    expect_at(set_.last_to(score, true), up_to - 1);
    expect_at(set_.last_to(score, false), below - 1);
  }

  Random random_;
  size_t scores_;
  SortedSet set_;
  std::vector<Pair> model_;  // in order
  std::vector<std::string> names_;
};

TEST(SortedSet, AgreesWithAModel) {
  uint64_t seed = 0;
  for (size_t members : {3u, 10u, 40u, 150u}) {
    for (size_t scores : {1u, 4u, 40u, 10000u}) {
      SCOPED_TRACE(testing::Message() << members << " members, " << scores
                                      << " scores, seed " << ++seed);
      ModelCheck check(seed, members, scores);
      ASSERT_NO_FATAL_FAILURE(check.run(6000));
    }
  }
}

TEST(SortedSet, AgreesWithAModelWhenItIsLarge) {
  constexpr size_t kCount = 20000;
  Random random(5);
  SortedSet set(kSecret);
  std::map<std::string, double> model;
  for (size_t i = 0; i < 4 * kCount; ++i) {
    const std::string member = number_text("m", random() % kCount);
    if (random() % 4 == 0) {
      ASSERT_EQ(set.erase(member), model.erase(member) != 0);
    } else {
      const auto score = static_cast<double>(random() % 1000);
      ASSERT_EQ(set.set(member, score), model.count(member) == 0);
      model[member] = score;
    }
  }
  std::vector<Pair> pairs;
  for (const auto& [member, score] : model) pairs.push_back({member, score});
  std::sort(pairs.begin(), pairs.end(), pair_less);
  ASSERT_EQ(pairs_of(set), pairs);
  for (size_t rank = 0; rank < pairs.size(); ++rank) {
    ASSERT_EQ(set.rank(pairs[rank].member), rank);
  }
}

TEST(SortedSet, FindsRangesOfMembersWithTheSameScore) {
  Random random(11);
  constexpr char kBytes[] = {'\0', 'a', '\x7f', '\x80', '\xff'};
  auto random_name = [&] {
    std::string name(random() % 4, '\0');
    for (char& byte : name) byte = kBytes[random() % sizeof kBytes];
    return name;
  };
  for (size_t round = 0; round < 300; ++round) {
    SortedSet set(kSecret);
    for (size_t i = 0; i < round % 30; ++i) set.set(random_name(), 5);
    const std::vector<std::string> all = members_of(set);
    for (size_t i = 0; i < 20; ++i) {
      const std::string from = random_name();
      const std::string to = random_name();
      const bool with_from = random() % 2 == 0;
      const bool with_to = random() % 2 == 0;
      std::vector<std::string> expected;
      for (const std::string& name : all) {
        const bool above =
            bytes_less(from, name) || (with_from && name == from);
        const bool below = bytes_less(name, to) || (with_to && name == to);
        if (above && below) expected.push_back(name);
      }
      ASSERT_EQ(members_between(set.first_from(from, with_from),
                                set.last_to(to, with_to)),
                expected);
    }
  }
}

TEST(SortedSet, FindsSomethingHarmlessByMembersWithDifferentScores) {
  SortedSet set(kSecret);
  for (size_t i = 0; i < 100; ++i) {
    set.set(number_text("m", i), static_cast<double>(i * 37 % 100));
  }
  for (size_t i = 0; i < 100; ++i) {
    const Position from = set.first_from(number_text("m", i), true);
    const Position to = set.last_to(number_text("m", i), true);
    members_between(from, to);
  }
}

// --- scores as text --------------------------------------------------------

struct Printed {
  double value;
  const char* as_redis;
  const char* shortest;
};

// As redis-server 7.0.15 has replied to ZADD and ZSCORE.
TEST(Number, IsWrittenAsRedisDoesAndInTheShortestForm) {
  const Printed cases[] = {
      {3, "3", "3"},
      {-123456, "-123456", "-123456"},
      {100000, "100000", "100000"},
      {3.14, "3.1400000000000001", "3.14"},
      {0.1, "0.10000000000000001", "0.1"},
      {12.5, "12.5", "12.5"},
      {123456.789, "123456.789", "123456.789"},
      {0.0001, "0.0001", "1e-04"},
      {0.00001, "1.0000000000000001e-05", "1e-05"},
      {3.0000000000000004, "3.0000000000000004", "3.0000000000000004"},
      {17179869184, "17179869184", "17179869184"},
      {9007199254740993.0, "9007199254740992", "9007199254740992"},
      {1e16, "10000000000000000", "10000000000000000"},
      {-1e16, "-10000000000000000", "-10000000000000000"},
      {99999999999999984, "99999999999999984", "99999999999999984"},
      {1e17, "1e+17", "1e+17"},
      {-1e17, "-1e+17", "-1e+17"},
      {123456789012345680.0, "1.2345678901234568e+17", "123456789012345680"},
      {1e21, "1e+21", "1e+21"},
      {1e23, "9.9999999999999992e+22", "1e+23"},
      {1e100, "1e+100", "1e+100"},
      {1.7976931348623157e308, "1.7976931348623157e+308",
       "1.7976931348623157e+308"},
      {5e-324, "4.9406564584124654e-324", "5e-324"},
      {0, "0", "0"},
      {-0.0, "-0", "-0"},
      {kInfinity, "inf", "inf"},
      {-kInfinity, "-inf", "-inf"},
  };
  for (const Printed& each : cases) {
    EXPECT_EQ(format_score_as_redis(each.value), each.as_redis);
    EXPECT_EQ(format_shortest(each.value), each.shortest);
  }
}

bool same_bits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

TEST(Number, ReadsBackToTheBit) {
  Random random(9);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 3 == 0) value = static_cast<double>(bits >> (bits % 64));
    if (i % 3 == 1) value = static_cast<double>(bits % 1000000) / 1000;
    if (std::isnan(value)) continue;
    char printed[40];
    std::snprintf(printed, sizeof printed, "%.17g", value);
    const std::string text = format_score_as_redis(value);
    const std::string shortest = format_shortest(value);
    ASSERT_EQ(text, printed);
    ASSERT_LE(shortest.size(), 24u);
    ASSERT_TRUE(same_bits(parse_double(text).value(), value)) << text;
    ASSERT_TRUE(same_bits(parse_double(shortest).value(), value)) << shortest;
  }
}

// What redis-server 7.0.15 takes for a score, and what it refuses.
TEST(Number, IsReadAsRedisDoes) {
  const std::map<std::string, double> good = {
      {"0", 0},
      {"1", 1},
      {"+1", 1},
      {"-1.5", -1.5},
      {"1.", 1},
      {".5", 0.5},
      {"00012", 12},
      {"1e5", 1e5},
      {"1E+5", 1e5},
      {"12e-1", 1.2},
      {"inf", kInfinity},
      {"+inf", kInfinity},
      {"INF", kInfinity},
      {"-inf", -kInfinity},
      {"Infinity", kInfinity},
      {"+infinity", kInfinity},
      {"-iNfInItY", -kInfinity},
      {"0x10", 16},
      {"-0x10", -16},
      {"0x1p4", 16},
      {"0X1P-2", 0.25},
      {"0x1.8", 1.5},
      {"0x.8", 0.5},
      {"0e9999999999", 0},
      {"5e-324", 5e-324},
      {"1e-320", 1e-320},
      {"1.7976931348623157e308", 1.7976931348623157e308}};
  for (const auto& [text, value] : good) {
    EXPECT_EQ(parse_double(text), value) << text;
    EXPECT_EQ(parse_long_double(text).has_value(), true) << text;
  }
  EXPECT_EQ(parse_double(std::string(300, '1')), 1.1111111111111111e299);
  for (const std::string& text :
       {""s,     " "s,      " 1"s, "1 "s,   "\t1"s,   "1\n"s, "\v1"s,
        "+"s,    "-"s,      "."s,  "1e"s,   "1e+-5"s, "--1"s, "+-1"s,
        "1_0"s,  "1,5"s,    "1d"s, "in"s,   "infi"s,  "nan"s, "NaN"s,
        "-nan"s, "nan(1)"s, "0x"s, "0xp1"s, "0x1p"s,  "0b1"s, "1\0"s,
        "1\0a"s, "\0"s,     "abc"s}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << testing::PrintToString(text);
    EXPECT_EQ(parse_long_double(text), std::nullopt);
  }
  for (const char* text : {"1e400", "-1e400", "1e-400", "2e-324", "-1e-400",
                           "0x1p2000", "0x1p-1080", "1e99999999999999999999"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
}

TEST(Number, IsWrittenForIncrbyfloat) {
  EXPECT_EQ(format_long_double(0), "0");
  EXPECT_EQ(format_long_double(-0.0L), "0");
  EXPECT_EQ(format_long_double(10.5L), "10.5");
  EXPECT_EQ(format_long_double(10.6L), "10.6");
  EXPECT_EQ(format_long_double(5000), "5000");
  EXPECT_EQ(format_long_double(-3.0L), "-3");
  EXPECT_EQ(format_long_double(1e20L), "100000000000000000000");
  EXPECT_EQ(format_long_double(1e-17L), "0.00000000000000001");
  EXPECT_EQ(format_long_double(1e-20L), "0");
  EXPECT_EQ(format_long_double(-1e-20L), "0");
  EXPECT_EQ(format_long_double(kInfinity), "inf");
  const long double largest = std::numeric_limits<long double>::max();
  EXPECT_EQ(parse_long_double(format_long_double(largest)), largest);
}

}  // namespace
}  // namespace klh
