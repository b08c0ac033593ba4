// Hash against a model that keeps the order of insertion: packed, as a table,
// and at the limits between the two.
#include "store/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace klh {
namespace {

using Random = std::mt19937_64;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr SipHashKey kSecret{1, 2};

std::string name_of(size_t i) {
  return "field:" + std::to_string(i);
}

Pairs all_of(const Hash& hash) {
  Pairs pairs;
  hash.for_each([&](std::string_view name, std::string_view value) {
    pairs.emplace_back(name, value);
  });
  return pairs;
}

Pairs all_scanned(Hash& hash) {
  Pairs pairs;
  uint64_t cursor = 0;
  do {
    cursor = hash.scan(cursor, [&](std::string_view a, std::string_view b) {
      pairs.emplace_back(a, b);
    });
  } while (cursor != 0);
  return pairs;
}

Pairs sorted(Pairs pairs) {
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void fill(Hash& hash, size_t fields) {
  for (size_t i = 0; i < fields; ++i) {
    ASSERT_TRUE(hash.set(name_of(i), std::to_string(i)));
  }
}

// A hash and what it should be, in the order of insertion.
class Checked {
 public:
  Hash& hash() { return hash_; }
  size_t size() const { return model_.size(); }

  void set(const std::string& name, const std::string& value) {
    const auto at = find(name);
    EXPECT_EQ(hash_.set(name, value), at == model_.end());
    if (at == model_.end()) {
      model_.emplace_back(name, value);
    } else {
      at->second = value;
    }
    was_too_large_ |= name.size() > 64 || value.size() > 64 || size() > 512;
    EXPECT_EQ(hash_.is_packed(), !was_too_large_);
    EXPECT_EQ(hash_.get(name), value);
  }
  void erase(const std::string& name) {
    const auto at = find(name);
    EXPECT_EQ(hash_.erase(name), at != model_.end());
    if (at != model_.end()) model_.erase(at);
    EXPECT_EQ(hash_.get(name), std::nullopt);
  }
  void get(const std::string& name) {
    const auto at = find(name);
    const auto value = hash_.get(name);
    ASSERT_EQ(value.has_value(), at != model_.end());
    if (value) {
      ASSERT_EQ(*value, at->second);
    }
  }

  void expect_equal() {
    ASSERT_EQ(hash_.size(), model_.size());
    ASSERT_EQ(hash_.empty(), model_.empty());
    if (hash_.is_packed()) {
      ASSERT_EQ(all_of(hash_), model_);
      ASSERT_EQ(all_scanned(hash_), model_);
    } else {
      ASSERT_EQ(sorted(all_of(hash_)), sorted(model_));
      ASSERT_EQ(sorted(all_scanned(hash_)), sorted(model_));
    }
  }

 private:
  Pairs::iterator find(const std::string& name) {
    return std::find_if(model_.begin(), model_.end(),
                        [&](const auto& pair) { return pair.first == name; });
  }

  Hash hash_{kSecret};
  Pairs model_;
  bool was_too_large_ = false;
};

TEST(Hash, IsSmallAndPackedWhileItIsEmpty) {
  Hash hash(kSecret);
  EXPECT_EQ(sizeof hash, 16u);
  EXPECT_TRUE(hash.empty());
  EXPECT_TRUE(hash.is_packed());
  EXPECT_EQ(hash.get("a"), std::nullopt);
  EXPECT_FALSE(hash.erase("a"));
  EXPECT_TRUE(all_of(hash).empty());
  EXPECT_TRUE(all_scanned(hash).empty());
}

TEST(Hash, TellsAValueFromAFieldOfTheSameName) {
  Checked checked;
  checked.set("a", "b");
  checked.get("b");
  checked.set("b", "a");
  checked.erase("a");
  checked.get("b");
  checked.expect_equal();
}

TEST(Hash, KeepsTheOrderOfInsertionWhileItIsPacked) {
  Checked checked;
  for (const char* name : {"one", "two", "three", ""}) checked.set(name, name);
  checked.set("one", "a longer value");
  checked.set("two", "");
  checked.set("", "x");
  checked.expect_equal();
  checked.erase("two");
  checked.set("two", "again, at the end");
  checked.expect_equal();
  EXPECT_EQ(all_of(checked.hash()).back().first, "two");
}

TEST(Hash, BecomesATableWithField513AndStaysOne) {
  Checked checked;
  for (size_t i = 0; i < 512; ++i) checked.set(name_of(i), "value");
  EXPECT_TRUE(checked.hash().is_packed());
  checked.set(name_of(5), "another");
  EXPECT_TRUE(checked.hash().is_packed());
  checked.expect_equal();
  checked.set(name_of(512), "value");
  EXPECT_FALSE(checked.hash().is_packed());
  checked.expect_equal();
  for (size_t i = 0; i < 513; ++i) checked.erase(name_of(i));
  EXPECT_FALSE(checked.hash().is_packed());
  checked.expect_equal();
  checked.set("a", "b");
  checked.expect_equal();
}

TEST(Hash, BecomesATableWithAStringOf65Bytes) {
  const std::string longest(64, 'x');
  const std::string too_long(65, 'x');
  for (const bool name_is_long : {false, true}) {
    Checked checked;
    checked.set("first", "1");
    checked.set(name_is_long ? longest : "a", name_is_long ? "a" : longest);
    EXPECT_TRUE(checked.hash().is_packed());
    checked.set(name_is_long ? too_long : "a", name_is_long ? "a" : too_long);
    EXPECT_FALSE(checked.hash().is_packed());
    checked.expect_equal();
    EXPECT_EQ(checked.size(), name_is_long ? 3u : 2u);
  }
}

TEST(Hash, TakesStringsOfEveryLength) {
  Checked checked;
  const size_t lengths[] = {0,   1,      63,     64,     65,        127,   128,
                            129, 16'383, 16'384, 16'385, 5'000'000, 70'000};
  for (const size_t length : lengths) {
    checked.set(std::string(length, 'n'), std::string(length, 'v'));
    checked.set("same", std::string(length, 'w'));
    checked.set("same", std::string(length, 'x'));
    checked.expect_equal();
  }
  for (const size_t length : lengths) checked.erase(std::string(length, 'n'));
  checked.expect_equal();
}

TEST(Hash, ScansEveryFieldOfATableThatGrowsMeanwhile) {
  Hash hash(kSecret);
  fill(hash, 1000);
  std::set<std::string, std::less<>> seen;
  uint64_t cursor = 0;
  size_t added = 1000;
  do {
    cursor = hash.scan(cursor, [&](std::string_view name, std::string_view) {
      seen.emplace(name);
    });
    hash.set(name_of(added), "new");
    ++added;
  } while (cursor != 0);
  for (size_t i = 0; i < 1000; ++i) EXPECT_TRUE(seen.contains(name_of(i)));
}

// How often each field of a hash of `fields` fields was chosen.
std::map<std::string, int> choices(size_t fields, int rounds) {
  Hash hash(kSecret);
  fill(hash, fields);
  Random random(fields);
  std::map<std::string, int> chosen;
  for (int i = 0; i < rounds; ++i) {
    const Hash::Item item = hash.random_field(random());
    EXPECT_EQ(hash.get(item.name), item.value);
    ++chosen[std::string(item.name)];
  }
  return chosen;
}

TEST(Hash, ChoosesEachFieldAboutAsOften) {
  for (const size_t fields : {1u, 2u, 100u, 512u, 513u, 900u}) {
    const int usual = 200;
    const auto chosen = choices(fields, usual * static_cast<int>(fields));
    EXPECT_EQ(chosen.size(), fields);
    for (const auto& [name, times] : chosen) {
      EXPECT_GT(times, usual / 3) << name << " of " << fields;
      EXPECT_LT(times, usual * 3) << name << " of " << fields;
    }
  }
}

TEST(Hash, ChoosesAFieldOfATableThatIsNearlyEmpty) {
  Hash hash(kSecret);
  fill(hash, 1000);
  for (size_t i = 0; i < 999; ++i) hash.erase(name_of(i));
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(hash.random_field(random()).name, name_of(999));
  }
}

void random_change(Checked& checked, Random& random, size_t names,
                   bool may_be_long) {
  const std::string name = name_of(random() % names);
  switch (random() % 4) {
    case 0: return checked.erase(name);
    case 1: return checked.get(name);
    default:
      const bool is_long = may_be_long && random() % 32 == 0;
      const size_t length = is_long ? random() % 20'000 : random() % 65;
      checked.set(name, std::string(length, static_cast<char>(random())));
  }
}

TEST(Hash, IsWhatItsModelIs) {
  for (const size_t names : {2u, 12u, 128u, 800u}) {
    for (const bool may_be_long : {false, true}) {
      Random random(names);
      Checked checked;
      for (int i = 0; i < 60'000; ++i) {
        random_change(checked, random, names, may_be_long);
        if (i % 512 == 0) checked.expect_equal();
        if (HasFailure()) FAIL() << "after change " << i;
      }
    }
  }
}

}  // namespace
}  // namespace klh
