// The heap of expiry times against a model that is a sorted set of times.
#include "store/expiry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace klh {
namespace {

constexpr SipHashKey kSecret{1, 2};

// Entries, a heap of their times, and what it should hold.
class Checked {
 public:
  explicit Checked(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      entries_.push_back(
          Entry::create(std::to_string(i), Type::string, kSecret));
    }
  }
  Checked(const Checked&) = delete;
  Checked& operator=(const Checked&) = delete;
  ~Checked() {
    for (Entry* const entry : entries_) Entry::destroy(entry);
  }

  Expiry& expiry() { return expiry_; }
  Entry& entry(size_t i) { return *entries_[i]; }
  size_t size() const { return entries_.size(); }

  void set(size_t i, int64_t when_ms) {
    forget(i);
    model_.insert({when_ms, i});
    expiry_.set(entry(i), when_ms);
  }

  void remove(size_t i) {
    const bool had_time = Expiry::has_time(entry(i));
    ASSERT_EQ(expiry_.remove(entry(i)), had_time);
    ASSERT_EQ(forget(i), had_time);
    ASSERT_FALSE(Expiry::has_time(entry(i)));
  }

  // The next one is one of those with the earliest time. O(1).
  void check_next() {
    ASSERT_EQ(expiry_.size(), model_.size());
    ASSERT_EQ(expiry_.empty(), model_.empty());
    if (model_.empty()) return;
    ASSERT_EQ(expiry_.next_ms(), model_.begin()->first);
    ASSERT_EQ(expiry_.time_of(expiry_.next()), expiry_.next_ms());
  }

  void check_all() {
    check_next();
    std::set<std::pair<int64_t, size_t>> times;
    for (size_t i = 0; i < size(); ++i) {
      if (!Expiry::has_time(entry(i))) continue;
      times.insert({expiry_.time_of(entry(i)), i});
    }
    ASSERT_EQ(times, model_);
  }

  // Takes all out, the earliest first.
  void drain() {
    while (!expiry_.empty()) {
      check_next();
      const std::string key(expiry_.next().key());
      remove(std::stoul(key));
    }
    check_all();
  }

 private:
  bool forget(size_t i) {
    const auto has_number = [i](const auto& each) { return each.second == i; };
    const auto at = std::find_if(model_.begin(), model_.end(), has_number);
    if (at == model_.end()) return false;
    model_.erase(at);
    return true;
  }

  std::vector<Entry*> entries_;
  Expiry expiry_;
  std::set<std::pair<int64_t, size_t>> model_;
};

TEST(Expiry, IsEmptyAtFirst) {
  Checked checked(1);
  checked.check_all();
  checked.remove(0);
  checked.check_all();
}

TEST(Expiry, TellsTheNext) {
  Checked checked(3);
  checked.set(0, 30);
  checked.set(1, 10);
  checked.set(2, 20);
  EXPECT_EQ(checked.expiry().next().key(), "1");
  EXPECT_EQ(checked.expiry().next_ms(), 10);
  checked.set(1, 40);
  EXPECT_EQ(checked.expiry().next().key(), "2");
  checked.remove(2);
  EXPECT_EQ(checked.expiry().next().key(), "0");
  checked.drain();
}

TEST(Expiry, TakesAnyTime) {
  Checked checked(4);
  checked.set(0, INT64_MAX);
  checked.set(1, INT64_MIN);
  checked.set(2, 0);
  checked.set(3, -1);
  checked.check_all();
  checked.drain();
}

TEST(Expiry, EqualTimesAreNoTrouble) {
  Checked checked(500);
  for (size_t i = 0; i < checked.size(); ++i) checked.set(i, 7);
  checked.check_all();
  for (size_t i = 0; i < checked.size(); i += 3) checked.remove(i);
  checked.check_all();
  checked.drain();
}

TEST(Expiry, RisingAndFallingTimes) {
  for (const int64_t direction : {1, -1}) {
    Checked checked(300);
    for (size_t i = 0; i < checked.size(); ++i) {
      checked.set(i, direction * static_cast<int64_t>(i));
      checked.check_next();
    }
    checked.check_all();
    checked.drain();
  }
}

TEST(Expiry, EveryPlaceCanBeRemoved) {
  constexpr size_t kEntries = 40;
  for (size_t removed = 0; removed < kEntries; ++removed) {
    Checked checked(kEntries);
    std::mt19937_64 random(removed);
    for (size_t i = 0; i < kEntries; ++i) {
      checked.set(i, static_cast<int64_t>(random() % 100));
    }
    checked.remove(removed);
    checked.check_all();
    checked.drain();
  }
}

TEST(Expiry, GivesBackWhatItNoLongerNeeds) {
  constexpr size_t kEntries = 10'000;
  constexpr size_t kBytesEach = 16;
  constexpr size_t kSpareBytes = 2 * 8192;
  Checked checked(kEntries);
  for (size_t i = 0; i < kEntries; ++i) {
    checked.set(i, static_cast<int64_t>(i * 7919 % kEntries));
  }
  checked.check_all();
  for (size_t i = 0; i < kEntries; ++i) {
    checked.remove(i);
    ASSERT_LE(checked.expiry().allocated_bytes(),
              checked.expiry().size() * kBytesEach + kSpareBytes);
    if (i % 1000 == 0) checked.check_all();
  }
  for (size_t i = 0; i < kEntries; ++i) checked.set(i, 1);
  size_t calls = 0;
  for (bool is_done = false; !is_done; ++calls) {
    size_t budget = 2;
    is_done = checked.expiry().free_some(budget);
  }
  EXPECT_GE(calls, kEntries * kBytesEach / 8192 / 2);
  EXPECT_EQ(checked.expiry().allocated_bytes(), 0u);
  EXPECT_TRUE(checked.expiry().empty());
}

TEST(Expiry, RandomChangesAgreeWithTheModel) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Checked checked(1 + random() % 200);
    for (int step = 0; step < 3000; ++step) {
      const size_t i = random() % checked.size();
      if (random() % 3 == 0) {
        checked.remove(i);
      } else {
        checked.set(i, static_cast<int64_t>(random() % 1000));
      }
      checked.check_next();
      if (step % 100 == 0) checked.check_all();
      if (testing::Test::HasFailure()) return;
    }
    checked.drain();
  }
}

}  // namespace
}  // namespace klh
