// What leaves the store is freed bit by bit, however it left. Work is counted
// in blocks and in calls, never timed.
#include "store/garbage.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/memory.h"
#include "store/blocks.h"
#include "store/store.h"

namespace klh {
namespace {

constexpr size_t kBlocks = 20'000;
constexpr Type kTypes[] = {Type::list, Type::hash, Type::sorted_set};

// A value of so many blocks of memory. An element of a list is too large to
// share its block.
void make(Store& store, const std::string& key, Type type, size_t blocks) {
  for (size_t i = 0; i < blocks; ++i) {
    const std::string word = std::to_string(i);
    if (type == Type::list) {
      store.find_or_create<List>(key)->push_tail(std::string(5000, 'x'));
    } else if (type == Type::hash) {
      store.find_or_create<Hash>(key)->set(word, word);
    } else {
      store.find_or_create<SortedSet>(key)->set(word, 1);
    }
  }
}

// How often free_some(budget) has to be called until nothing waits.
size_t calls_to_free(Store& store, size_t budget) {
  size_t calls = 0;
  for (; !store.garbage().empty(); ++calls) store.garbage().free_some(budget);
  return calls;
}

// So many blocks wait: to free them takes as many calls as a bounded number of
// blocks for each makes necessary, and no more than a small multiple.
void expect_waiting(Store& store, size_t blocks) {
  constexpr size_t kBudget = 100;
  const size_t calls = calls_to_free(store, kBudget);
  EXPECT_GE(calls, blocks / (kBudget + Garbage::kMostAtOnce));
  EXPECT_LE(calls, blocks / kBudget * 2);
  EXPECT_EQ(store.garbage().pending(), 0u);
}

struct WayOut {
  std::string_view name;
  std::function<void(Store& store)> take;  // "large" out of the store
};

const WayOut kWaysOut[] = {
    {"erase", [](Store& store) { EXPECT_TRUE(store.erase("large")); }},
    {"set_string", [](Store& store) { store.set_string("large", "small"); }},
    {"rename",
     [](Store& store) {
       store.set_string("other", "");
       store.rename(*store.find("other"), "large");
     }},
    {"copy",
     [](Store& store) { store.copy(store.set_string("other", ""), "large"); }},
    {"find when it has expired",
     [](Store& store) {
       store.expire_at(*store.find("large"), 1);
       store.set_now(1);
       EXPECT_EQ(store.find("large"), nullptr);
     }},
    {"expire_due",
     [](Store& store) {
       store.expire_at(*store.find("large"), 1);
       store.set_now(1);
       EXPECT_EQ(store.expire_due(1), 1u);
     }},
    {"clear", [](Store& store) { store.clear(); }},
};

TEST(Garbage, ALargeValueWaitsHoweverItLeaves) {
  for (const Type type : kTypes) {
    for (const WayOut& way : kWaysOut) {
      SCOPED_TRACE(std::string(name_of(type)) + ", " + std::string(way.name));
      Store store;
      make(store, "large", type, kBlocks);
      const uint64_t before = used_memory();
      way.take(store);
      EXPECT_EQ(store.garbage().pending(), 1u);
      const Entry* const left = store.find("large");
      EXPECT_TRUE(!left || left->value<String>());
      // Lists tell what was freed: their blocks are counted in a program
      // without memory.cpp, too.
      EXPECT_LT(before - std::min(before, used_memory()),
                Garbage::kMostAtOnce * 8192);
      expect_waiting(store, kBlocks);
      EXPECT_EQ(store.garbage().freed(), 1u);
    }
  }
}

// A few elements, but many bytes: to give pages back takes long, too.
TEST(Garbage, WhatHasManyBytesWaitsAsWell) {
  constexpr size_t kBytes = 64 << 20;
  constexpr size_t kParts = 32;
  const std::string part(kBytes / kParts, 'x');
  const auto fill = [&](Store& store) {
    for (size_t i = 0; i < kParts; ++i) {
      store.find_or_create<List>("list")->push_tail(part);
      store.find_or_create<Hash>("hash")->set(std::to_string(i), part);
      store.find_or_create<SortedSet>("set")->set(std::to_string(i) + part, 1);
      store.find_or_create<String>("string")->append(part);
    }
  };
  for (const char* key : {"list", "hash", "set", "string"}) {
    SCOPED_TRACE(key);
    Store store;
    fill(store);
    store.erase(key);
    EXPECT_EQ(store.garbage().pending(), 1u);
    EXPECT_GE(calls_to_free(store, 128), kBytes / kBytesPerBlock / 128 / 2);
    EXPECT_EQ(store.size(), 3u);
  }
  Store store;
  fill(store);
  store.set_string("string", std::string(kBytes, 'y'));
  EXPECT_TRUE(store.garbage().empty()) << "it takes the place of the other";
  store.set_string("string", store.find("string")->value<String>()->view());
  store.set_string("string",
                   store.find("string")->value<String>()->view().substr(1));
  EXPECT_EQ(store.garbage().pending(), 1u);
  EXPECT_GE(calls_to_free(store, 128), kBytes / kBytesPerBlock / 128 / 2);
  EXPECT_EQ(store.find("string")->value<String>()->view(),
            std::string(kBytes - 1, 'y'));
}

TEST(Garbage, WhatIsSmallIsFreedAtOnce) {
  Store store;
  for (const Type type : kTypes) {
    for (const size_t blocks : {size_t{1}, Garbage::kMostAtOnce}) {
      make(store, "small", type, blocks);
      store.erase("small");
      EXPECT_TRUE(store.garbage().empty()) << name_of(type) << blocks;
    }
  }
  // 500 fields are one block, and so are 1000 short elements.
  for (int i = 0; i < 500; ++i) {
    store.find_or_create<Hash>("hash")->set(std::to_string(i), "");
    store.find_or_create<List>("list")->push_tail("x");
  }
  store.set_string("string", std::string(100'000, 'x'));
  for (const char* key : {"hash", "list", "string"}) store.erase(key);
  EXPECT_TRUE(store.garbage().empty());
  EXPECT_EQ(store.garbage().freed(), 0u);
}

TEST(Garbage, AllKeysOfATableWaitAndSoDoTheLargeOnesAmongThem) {
  Store store;
  for (size_t i = 0; i < kBlocks; ++i) store.set_string(std::to_string(i), "");
  for (const Type type : kTypes) {
    make(store, std::string(name_of(type)), type, kBlocks);
  }
  store.clear();
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(store.garbage().pending(), kBlocks + 3);
  store.set_string("new", "");
  store.clear();
  make(store, "kept", Type::hash, 100);
  EXPECT_EQ(store.garbage().pending(), kBlocks + 4);
  expect_waiting(store, 4 * kBlocks + 1);
  EXPECT_EQ(store.garbage().freed(), kBlocks + 4);
  EXPECT_EQ(store.find("kept")->value<Hash>()->size(), 100u);
  EXPECT_EQ(store.size(), 1u);
}

// Where the turns of a server do not come often enough, or not at all.
TEST(Garbage, DoesNotGrowBeyondWhatThereWas) {
  Store store;
  make(store, "value", Type::list, 1000);
  const uint64_t with_one = used_memory();
  for (int i = 0; i < 100; ++i) {
    store.erase("value");
    make(store, "value", Type::list, 1000);
    ASSERT_LT(used_memory(), with_one + with_one / 4);
  }
}

TEST(Garbage, IsFreedWithTheStore) {
  Store store;
  for (const Type type : kTypes) {
    make(store, "large", type, kBlocks);
    store.erase("large");
    make(store, "other", type, kBlocks);
    store.clear();
  }
  store.garbage().free_some(kBlocks / 3);  // a table is half drained
}

}  // namespace
}  // namespace klh
