// Store against a model: keys with values of all types, times, other names,
// copies, expiry.
#include "store/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace klh {
namespace {

using Random = std::mt19937_64;

// A value of any type, told by its type and what stands in it.
struct Value {
  Type type = Type::string;
  std::vector<std::string> words;
  std::optional<int64_t> when_ms{};

  bool operator==(const Value&) const = default;
};

// The words of a hash and a sorted set are in order, whatever theirs is.
Value value_of(const Store& store, const Entry& entry) {
  Value value{entry.type(), {}, store.time_of(entry)};
  const auto add = [&](std::string_view word) {
    value.words.emplace_back(word);
  };
  if (const auto* string = entry.value<String>()) add(string->view());
  if (const auto* list = entry.value<List>()) {
    for (auto at = list->seek(0); !at.at_end(); at.next()) add(at.element());
  }
  std::set<std::string> words;
  if (const auto* hash = entry.value<Hash>()) {
    hash->for_each([&](std::string_view name, std::string_view content) {
      words.insert(std::string(name) + "=" + std::string(content));
    });
  }
  if (const auto* set = entry.value<SortedSet>()) {
    set->for_each([&](std::string_view member, double score) {
      words.insert(std::string(member) + "=" + std::to_string(score));
    });
  }
  for (const std::string& word : words) add(word);
  return value;
}

// `number` elements, in a key that is new.
Value make_value(Store& store, const std::string& key, Type type, int number) {
  if (type == Type::string) {
    store.set_string(key, std::string(static_cast<size_t>(number), 'x'));
  }
  for (int i = 0; i < number; ++i) {
    const std::string word = "word " + std::to_string(i);
    switch (type) {
      case Type::string: break;
      case Type::list: store.find_or_create<List>(key)->push_tail(word); break;
      case Type::hash: store.find_or_create<Hash>(key)->set(word, key); break;
      case Type::sorted_set:
        store.find_or_create<SortedSet>(key)->set(word, i);
        break;
    }
  }
  return value_of(store, *store.find(key));
}

// A store, and what should be in it.
class Checked {
 public:
  Checked() {
    store_.on_expired = [this](std::string_view key) {
      const auto at = model_.find(std::string(key));
      ASSERT_NE(at, model_.end()) << key;
      ASSERT_TRUE(at->second.when_ms) << key;
      ASSERT_LE(*at->second.when_ms, now_ms_) << key;
      model_.erase(at);
      ++expired_;
    };
  }

  Store& store() { return store_; }
  std::map<std::string, Value>& model() { return model_; }
  size_t expired() const { return expired_; }

  void set_now(int64_t now_ms) {
    now_ms_ = now_ms;
    store_.set_now(now_ms);
  }

  void make(const std::string& key, Type type, int number) {
    erase(key);
    model_[key] = make_value(store_, key, type, number);
  }

  void erase(const std::string& key) {
    const bool is_there = is_in_model(key);
    ASSERT_EQ(store_.erase(key), is_there) << key;
    model_.erase(key);
  }

  void expire_at(const std::string& key, int64_t when_ms) {
    if (Entry* const entry = find(key)) {
      store_.expire_at(*entry, when_ms);
      model_[key].when_ms = when_ms;
    }
  }

  void persist(const std::string& key) {
    Entry* const entry = find(key);
    if (!entry) return;
    ASSERT_EQ(store_.persist(*entry), model_[key].when_ms.has_value());
    model_[key].when_ms.reset();
  }

  void rename(const std::string& key, const std::string& new_key) {
    Entry* const entry = find(key);
    if (!entry) return;
    const Value value = model_[key];
    store_.rename(*entry, new_key);
    model_.erase(key);
    model_[new_key] = value;
  }

  void copy(const std::string& key, const std::string& new_key) {
    const Entry* const entry = find(key);
    if (!entry || key == new_key) return;
    store_.copy(*entry, new_key);
    model_[new_key] = model_[key];
  }

  // With what has expired and nobody has looked for since.
  void check() const {
    std::map<std::string, Value> contents;
    size_t expiring = 0;
    std::optional<int64_t> next_ms;
    store_.for_each([&](const Entry& entry) {
      const Value value = value_of(store_, entry);
      contents[std::string(entry.key())] = value;
      if (!value.when_ms) return;
      ++expiring;
      next_ms = std::min(next_ms.value_or(INT64_MAX), *value.when_ms);
    });
    ASSERT_EQ(store_.size(), model_.size());
    ASSERT_TRUE(contents == model_);
    ASSERT_EQ(store_.expiring(), expiring);
    ASSERT_EQ(store_.next_expiry_ms(), next_ms);
  }

 private:
  bool is_in_model(const std::string& key) const {
    const auto at = model_.find(key);
    if (at == model_.end()) return false;
    return !at->second.when_ms || *at->second.when_ms > now_ms_;
  }

  Entry* find(const std::string& key) {
    const bool is_there = is_in_model(key);
    Entry* const entry = store_.find(key);
    EXPECT_EQ(entry != nullptr, is_there) << key;
    if (!entry) return nullptr;
    EXPECT_TRUE(value_of(store_, *entry) == model_[key]) << key;
    return entry;
  }

  Store store_;
  std::map<std::string, Value> model_;
  int64_t now_ms_ = INT64_MIN;
  size_t expired_ = 0;
};

constexpr Type kTypes[] = {Type::string, Type::list, Type::hash,
                           Type::sorted_set};

TEST(Store, FindsWhatIsThere) {
  Store store;
  EXPECT_EQ(store.find("key"), nullptr);
  EXPECT_FALSE(store.erase("key"));
  Entry& entry = store.set_string("key", "value");
  EXPECT_EQ(store.find("key"), &entry);
  EXPECT_EQ(entry.value<String>()->view(), "value");
  EXPECT_EQ(store.find_or_create<String>("key"), entry.value<String>());
  EXPECT_EQ(store.find_or_create<List>("key"), nullptr);
  EXPECT_EQ(store.size(), 1u);
  EXPECT_TRUE(store.erase("key"));
  EXPECT_EQ(store.size(), 0u);
}

TEST(Store, SetStringKeepsTheTimeAndReplacesTheType) {
  Checked checked;
  for (const Type type : kTypes) {
    checked.make("key", type, 3);
    Entry& before = *checked.store().find("key");
    checked.expire_at("key", 100);
    Entry& entry = checked.store().set_string("key", "new");
    EXPECT_EQ(&entry, &before);
    checked.model()["key"] = {Type::string, {"new"}, 100};
    checked.check();
  }
}

TEST(Store, RenamesAndCopiesAnyTypeOverAnyOther) {
  for (const Type from : kTypes) {
    for (const Type to : kTypes) {
      for (const bool has_time : {true, false}) {
        Checked checked;
        checked.make("from", from, 200);
        checked.make("to", to, 5);
        checked.expire_at("to", 1000);
        if (has_time) checked.expire_at("from", 2000);
        checked.copy("from", "copy");
        checked.copy("from", "to");
        checked.check();
        checked.copy("copy", "to");
        checked.rename("from", "to");
        checked.rename("to", "to");
        checked.check();
        checked.rename("to", "new name");
        checked.check();
        checked.erase("copy");
        checked.check();
      }
    }
  }
}

TEST(Store, ACopyIsNotTheOriginal) {
  Store store;
  make_value(store, "from", Type::list, 3);
  store.copy(*store.find("from"), "to");
  store.find_or_create<List>("to")->push_tail("more");
  EXPECT_EQ(store.find("from")->value<List>()->size(), 3u);
  EXPECT_EQ(store.find("to")->value<List>()->size(), 4u);
  store.erase("from");
  EXPECT_EQ(store.find("to")->value<List>()->at(0), "word 0");
}

TEST(Store, NothingExpiresUntilTheTimeIsTold) {
  Store store;
  store.expire_at(store.set_string("key", "value"), INT64_MIN + 1);
  EXPECT_NE(store.find("key"), nullptr);
  EXPECT_EQ(store.expire_due(10), 0u);
  store.set_now(INT64_MIN + 1);
  EXPECT_EQ(store.find("key"), nullptr);
}

TEST(Store, ExpireDueTakesTheDueOnesUpToALimit) {
  Checked checked;
  for (int i = 0; i < 1000; ++i) {
    checked.make(std::to_string(i), Type::string, 1);
    checked.expire_at(std::to_string(i), i % 10);
  }
  checked.set_now(4);
  EXPECT_EQ(checked.store().expire_due(0), 0u);
  EXPECT_EQ(checked.store().expire_due(300), 300u);
  checked.check();
  EXPECT_EQ(checked.store().expire_due(300), 200u);
  EXPECT_EQ(checked.store().expire_due(300), 0u);
  EXPECT_EQ(checked.store().next_expiry_ms(), 5);
  checked.check();
  checked.set_now(9);
  EXPECT_EQ(checked.store().expire_due(SIZE_MAX), 500u);
  checked.check();
  EXPECT_EQ(checked.expired(), 1000u);
}

TEST(Store, RandomFindsEachKeyAboutAsOften) {
  Store store;
  EXPECT_EQ(store.random(1), nullptr);
  constexpr int kKeys = 100;
  constexpr int kDraws = 200 * kKeys;
  for (int i = 0; i < kKeys; ++i) store.set_string(std::to_string(i), "");
  std::map<std::string, int> counts;
  Random random(1);
  for (int i = 0; i < kDraws; ++i) {
    ++counts[std::string(store.random(random())->key())];
  }
  EXPECT_EQ(counts.size(), size_t{kKeys});
  // A key that shares its bucket with others is chosen less often.
  for (const auto& [key, count] : counts) {
    EXPECT_GT(count, 200 / 10) << key;
    EXPECT_LT(count, 200 * 10) << key;
  }
}

TEST(Store, RandomFindsTheOnlyKeyOfATableThatWasLarge) {
  Store store;
  for (int i = 0; i < 10'000; ++i) store.set_string(std::to_string(i), "");
  for (int i = 1; i < 10'000; ++i) store.erase(std::to_string(i));
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(store.random(i)->key(), "0");
}

TEST(Store, ClearErasesAllAndTheirTimes) {
  Checked checked;
  for (const Type type : kTypes) {
    checked.make(std::string(name_of(type)), type, 10);
    checked.expire_at(std::string(name_of(type)), 10);
  }
  checked.store().clear();
  checked.model().clear();
  checked.check();
  checked.set_now(20);
  EXPECT_EQ(checked.store().expire_due(10), 0u);
  checked.make("key", Type::hash, 3);
  checked.check();
}

TEST(Store, RandomChangesAgreeWithTheModel) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Checked checked;
    int64_t now_ms = 0;
    const auto key = [&] { return std::to_string(random() % 30); };
    for (int step = 0; step < 3000; ++step) {
      now_ms += static_cast<int64_t>(random() % 3);
      checked.set_now(now_ms);
      // Some are large enough to be freed bit by bit.
      const auto number =
          static_cast<int>(random() % 100 == 0 ? 600 : 1 + random() % 20);
      checked.store().garbage().free_some(random() % 100);
      switch (random() % 10) {
        case 0: checked.erase(key()); break;
        case 1: checked.rename(key(), key()); break;
        case 2: checked.copy(key(), key()); break;
        case 3: checked.persist(key()); break;
        case 4: (void)checked.store().expire_due(random() % 5); break;
        case 5:
        case 6:
          checked.expire_at(key(),
                            now_ms + static_cast<int64_t>(random() % 200));
          break;
        default: checked.make(key(), kTypes[random() % 4], number);
      }
      checked.check();
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace klh
