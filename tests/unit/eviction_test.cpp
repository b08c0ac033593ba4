// Which keys go when there are too many, and who is told.
#include "commands/eviction.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/effect_listener.h"

namespace klh {
namespace {

class Eviction : public testing::Test {
 protected:
  void SetUp() override {
    options_.maxmemory_policy = EvictionPolicy::all_keys_lru;
    options_.maxmemory = 1;
    apply_policy(host_);
    store_.set_now(1000);
  }

  void fill(int keys) {
    for (int i = 0; i < keys; ++i) {
      store_.set_string("key" + std::to_string(i), std::string(100, 'x'));
    }
  }

  Store store_;
  Options options_;
  Host host_{.store = store_, .options = options_};
  std::vector<std::string> effects_;
  test::EffectListener listener_{
      host_, [this](Args effect) {
        effects_.emplace_back(std::string(effect[0]) + " " +
                              std::string(effect[1]));
      }};
};

TEST_F(Eviction, TellsWhichKeysItErases) {
  fill(100);
  evict_keys(host_, 30);
  EXPECT_EQ(store_.size(), 70u);
  ASSERT_EQ(effects_.size(), 30u);
  EXPECT_EQ(host_.statistics.evicted_keys, 30u);
  EXPECT_EQ(host_.statistics.changes_since_save, 30u);
  for (const std::string& effect : effects_) {
    ASSERT_TRUE(effect.starts_with("DEL key"));
    EXPECT_FALSE(store_.find(effect.substr(4)));
  }
}

TEST_F(Eviction, SparesKeysAsLongAsSomethingWaitsToBeFreed) {
  fill(100);
  const uint64_t without = used_memory();
  for (int i = 0; i < 10'000; ++i) {
    store_.find_or_create<List>("large")->push_tail(std::string(5000, 'x'));
  }
  store_.erase("large");
  options_.maxmemory = without;
  int calls = 0;
  for (; should_evict(host_); ++calls) evict_keys(host_, 10);
  EXPECT_GT(calls, 10);
  EXPECT_EQ(store_.size(), 100u);
  EXPECT_TRUE(effects_.empty());
}

TEST_F(Eviction, NothingIsRefusedBecauseOfWhatWaitsToBeFreed) {
  options_.maxmemory_policy = EvictionPolicy::no_eviction;
  for (int i = 0; i < 10'000; ++i) {
    store_.find_or_create<List>("large")->push_tail(std::string(5000, 'x'));
  }
  options_.maxmemory = used_memory() / 2;
  EXPECT_FALSE(make_room(host_));
  store_.erase("large");
  EXPECT_TRUE(make_room(host_));
  EXPECT_TRUE(is_out_of_memory(host_)) << "a bounded part has been freed";
  while (is_out_of_memory(host_)) EXPECT_TRUE(make_room(host_));
}

TEST_F(Eviction, StopsWhenTheRestFits) {
  fill(100);
  options_.maxmemory = used_memory() - 500;
  EXPECT_TRUE(make_room(host_));
  EXPECT_LT(store_.size(), 100u);
  EXPECT_GE(store_.size(), 90u);
  EXPECT_FALSE(is_out_of_memory(host_));
}

TEST_F(Eviction, DoesABoundedPartForACommand) {
  fill(10'000);
  EXPECT_FALSE(make_room(host_));  // far beyond
  EXPECT_EQ(store_.size(), 9800u);
  options_.maxmemory = used_memory() - used_memory() / 20;
  EXPECT_TRUE(make_room(host_));  // not far
  EXPECT_EQ(store_.size(), 9600u);
}

TEST_F(Eviction, ErasesNothingUnlessAskedTo) {
  fill(100);
  options_.maxmemory_policy = EvictionPolicy::no_eviction;
  EXPECT_FALSE(make_room(host_));
  options_.maxmemory_policy = EvictionPolicy::all_keys_lru;
  options_.maxmemory = 0;
  EXPECT_TRUE(make_room(host_));
  options_.maxmemory = used_memory();
  EXPECT_TRUE(make_room(host_));
  EXPECT_EQ(store_.size(), 100u);
  store_.clear();
  count_memory(1000);  // nothing that could be erased
  options_.maxmemory = 1;
  EXPECT_FALSE(make_room(host_));
  count_memory(-1000);
}

// As while a journal is replayed.
TEST_F(Eviction, ErasesNothingBeforeTheTimeIsKnown) {
  fill(100);
  store_.set_now(INT64_MIN);
  EXPECT_TRUE(make_room(host_));
  evict_keys(host_, 10);
  EXPECT_EQ(store_.size(), 100u);
}

TEST_F(Eviction, SparesWhatIsUsed) {
  fill(1000);
  for (int round = 0; round < 800; ++round) {
    for (int i = 0; i < 50; ++i) {
      (void)store_.find("key" + std::to_string(i * 20));
    }
    evict_keys(host_, 1);
  }
  int kept = 0;
  for (int i = 0; i < 50; ++i) {
    kept += store_.find("key" + std::to_string(i * 20)) != nullptr;
  }
  EXPECT_EQ(store_.size(), 200u);
  EXPECT_GE(kept, 40) << "of 50; by chance it would be 10";
}

TEST_F(Eviction, AnExpiredKeyIsNotAnEvictedOne) {
  int expired = 0;
  store_.on_expired = [&](std::string_view) { ++expired; };
  fill(1);
  store_.expire_at(*store_.find("key0"), 2000);
  store_.set_now(3000);
  evict_keys(host_, 1);
  EXPECT_EQ(store_.size(), 0u);
  EXPECT_EQ(expired, 1);
  EXPECT_TRUE(effects_.empty());
  EXPECT_EQ(host_.statistics.evicted_keys, 0u);
}

}  // namespace
}  // namespace klh
