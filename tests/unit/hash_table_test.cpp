// The HashTable against a model, under bad hashes, and against its promise: no
// operation does more work because the table is large. Work is counted in
// buckets and bytes, never timed.
#include "common/hash_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace klh {
namespace {

using Random = std::mt19937_64;
using Node = HashTable::Node;
using Work = HashTable::Work;

struct Entry : HashTable::Node {
  uint64_t key = 0;
};

uint64_t key_of(const Node& node) {
  return static_cast<const Entry&>(node).key;
}

auto has_key(uint64_t key) {
  return [key](const Node& node) { return key_of(node) == key; };
}

// How a test turns keys into hashes, from good to hopeless.
using HashFunction = uint64_t (*)(uint64_t key);

// The mixing steps of SplitMix64.
uint64_t good_hash(uint64_t key) {
  key += 0x9e3779b97f4a7c15;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}
uint64_t identical_hash(uint64_t key) {
  return key;
}
uint64_t hash_with_equal_low_bits(uint64_t key) {
  return good_hash(key) << 8;
}
uint64_t hash_of_four_bits(uint64_t key) {
  return good_hash(key) & 15;
}
uint64_t same_hash(uint64_t) {
  return 42;
}

// Entries 0 to count - 1 that stay where they are, as in a real store.
class Entries {
 public:
  Entries(size_t count, HashFunction hash) : entries_(count), hash_(hash) {
    for (size_t i = 0; i < count; ++i) entries_[i].key = i;
  }
  Entry& operator[](size_t key) { return entries_[key]; }
  size_t size() const { return entries_.size(); }

  void insert_into(HashTable& table, uint64_t key) {
    table.insert(&entries_[key], hash_(key));
  }
  void insert_range(HashTable& table, uint64_t first, uint64_t end) {
    for (uint64_t key = first; key < end; ++key) insert_into(table, key);
  }
  Node* find_in(HashTable& table, uint64_t key) const {
    return table.find(hash_(key), has_key(key));
  }
  Node* remove_from(HashTable& table, uint64_t key) const {
    Node** const slot = table.find_slot(hash_(key), has_key(key));
    return slot == nullptr ? nullptr : table.remove(slot);
  }
  void expect_found(HashTable& table, uint64_t first, uint64_t end) {
    for (uint64_t key = first; key < end; ++key) {
      ASSERT_EQ(find_in(table, key), &entries_[key]) << "key " << key;
    }
  }

 private:
  std::vector<Entry> entries_;
  HashFunction hash_;
};

TEST(HashTable, OwnsNothingWhileItIsEmpty) {
  HashTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.bucket_count(), 0u);
  EXPECT_EQ(table.array_bytes(), 0u);
  EXPECT_EQ(table.find(7, has_key(7)), nullptr);
  EXPECT_EQ(table.find_slot(7, has_key(7)), nullptr);
  EXPECT_EQ(table.scan(0, [](Node&) { FAIL(); }), 0u);
  table.for_each([](const Node&) { FAIL(); });
  table.clear([](Node*) { FAIL(); });
}

TEST(HashTable, OwnsNothingAgainAfterTheLastRemoval) {
  for (size_t count : {1u, 2u, 5u, 17u, 100u, 40000u}) {
    Entries entries(count, good_hash);
    HashTable table;
    entries.insert_range(table, 0, count);
    EXPECT_GT(table.array_bytes(), 0u);
    for (uint64_t key = 0; key < count; ++key) entries.remove_from(table, key);
    EXPECT_EQ(table.array_bytes(), 0u) << count << " entries";
    EXPECT_FALSE(table.is_resizing());
  }
}

// Whatever it has been through before: growing, shrinking, amid a resize.
TEST(HashTable, DrainTakesEachNodeOnceInBoundedSteps) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    Entries entries(1 + random() % 5000, good_hash);
    HashTable table;
    entries.insert_range(table, 0, entries.size());
    const size_t kept = random() % 4 == 0 ? entries.size() : random() % 100;
    while (table.size() > kept) entries.remove_from(table, table.size() - 1);
    std::set<uint64_t> left;
    for (uint64_t key = 0; key < table.size(); ++key) left.insert(key);
    const size_t budget_each = 1 + random() % 50;
    for (bool is_done = false; !is_done;) {
      size_t budget = budget_each;
      size_t taken = 0;
      is_done = table.drain(budget, [&](Node* node) {
        EXPECT_EQ(left.erase(key_of(*node)), 1u);
        ++taken;
      });
      ASSERT_LE(taken, budget_each - budget);
      ASSERT_EQ(table.size(), left.size());
      ASSERT_TRUE(is_done || budget == 0);
    }
    ASSERT_TRUE(left.empty());
    ASSERT_EQ(table.array_bytes(), 0u);
    entries.insert_range(table, 0, entries.size());
    entries.expect_found(table, 0, entries.size());
  }
}

TEST(HashTable, ADrainGivesArraysBackPieceByPiece) {
  constexpr size_t kCount = 300'000;
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  size_t released = 0;
  size_t calls = 0;
  const size_t all = table.array_bytes();
  for (bool is_done = false; !is_done; ++calls) {
    size_t budget = 100;
    is_done = table.drain(budget, [](Node*) {});
    ASSERT_LE(table.last_work().released_bytes, HashTable::kPieceBytes);
    released += table.last_work().released_bytes;
    ASSERT_EQ(table.array_bytes(), all - released);
  }
  EXPECT_GE(calls, kCount / 100);
  EXPECT_LE(calls, 2 * kCount / 100);
}

TEST(HashTable, WhatIsHalfDrainedCanBeClearedOrEnd) {
  for (const bool is_cleared : {true, false}) {
    Entries entries(100'000, good_hash);
    HashTable table;
    entries.insert_range(table, 0, entries.size());
    size_t budget = 60'000;
    EXPECT_FALSE(table.drain(budget, [](Node*) {}));
    size_t cleared = 0;
    if (is_cleared) table.clear([&](Node*) { ++cleared; });
    EXPECT_GE(cleared, is_cleared ? 40'000u : 0u);
    EXPECT_EQ(table.array_bytes() == 0, is_cleared);
  }
}

TEST(HashTable, AsksOnlyAboutNodesWithTheSameHash) {
  Entries entries(1000, hash_with_equal_low_bits);
  HashTable table;
  entries.insert_range(table, 0, entries.size());
  size_t asked = 0;
  table.find(hash_with_equal_low_bits(500), [&](const Node& node) {
    ++asked;
    return key_of(node) == 500;
  });
  EXPECT_EQ(asked, 1u);
}

TEST(HashTable, ReplacesAndRemovesByTheSlotThatItFound) {
  constexpr size_t kCount = 50;
  Entries entries(kCount, same_hash);  // one chain: all places in it
  Entries others(kCount, same_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  for (uint64_t key = 0; key < kCount; ++key) {
    Node** slot = table.find_slot(same_hash(key), has_key(key));
    ASSERT_NE(slot, nullptr);
    table.replace(slot, &others[key]);
    EXPECT_EQ(*slot, &others[key]);
  }
  others.expect_found(table, 0, kCount);
  for (uint64_t key = 0; key < kCount; key += 3) {
    EXPECT_EQ(others.remove_from(table, key), &others[key]);
    EXPECT_EQ(others[key].next, nullptr);
    EXPECT_EQ(others.remove_from(table, key), nullptr);
  }
  EXPECT_EQ(table.size(), kCount - (kCount + 2) / 3);
}

// --- random operations against a model -------------------------------------

class ModelCheck {
 public:
  ModelCheck(uint64_t seed, HashFunction hash) : random_(seed), hash_(hash) {}
  ~ModelCheck() {
    table_.clear([](Node* node) { delete static_cast<Entry*>(node); });
  }

  // Phases of growth towards `keys` entries and of shrinking alternate; every
  // other shrinking goes down to nothing.
  void run(size_t operations, uint64_t keys) {
    keys_ = keys;
    for (size_t done = 0; done < operations && !failed();) {
      const size_t phase = random_() % (4 * keys) + 1;
      const uint64_t insert_percent = random_() % 2 == 0 ? 45 : 10;
      for (size_t i = 0; i < phase && !failed(); ++i) step(insert_percent);
      done += phase;
      check_all();
      if (random_() % 4 == 0) drain();
    }
    drain();
  }

 private:
  static bool failed() { return testing::Test::HasFatalFailure(); }

  void step(uint64_t insert_percent) {
    const uint64_t key = random_() % keys_;
    const uint64_t dice = random_() % 100;
    if (dice < insert_percent) {
      insert(key);
    } else if (dice < 55) {
      remove(key);
    } else if (dice < 70) {
      replace(key);
    } else {
      check(key);
    }
    ASSERT_EQ(table_.size(), model_.size());
  }

  Node** slot_of(uint64_t key) {
    return table_.find_slot(hash_(key), has_key(key));
  }

  void insert(uint64_t key) {
    if (model_.count(key) != 0) return check(key);
    auto* const entry = new Entry;
    entry->key = key;
    table_.insert(entry, hash_(key));
    model_[key] = entry;
  }

  void remove(uint64_t key) {
    Node** const slot = slot_of(key);
    ASSERT_EQ(slot != nullptr, model_.count(key) != 0) << "key " << key;
    if (slot == nullptr) return;
    Node* const node = table_.remove(slot);
    ASSERT_EQ(node, model_[key]);
    model_.erase(key);
    delete static_cast<Entry*>(node);
  }

  void replace(uint64_t key) {
    Node** const slot = slot_of(key);
    ASSERT_EQ(slot != nullptr, model_.count(key) != 0) << "key " << key;
    if (slot == nullptr) return;
    std::unique_ptr<Entry> old(static_cast<Entry*>(*slot));
    ASSERT_EQ(old.get(), model_[key]);
    auto* const entry = new Entry;
    entry->key = key;
    table_.replace(slot, entry);
    model_[key] = entry;
  }

  void check(uint64_t key) {
    const auto found = model_.find(key);
    Entry* const expected = found == model_.end() ? nullptr : found->second;
    ASSERT_EQ(table_.find(hash_(key), has_key(key)), expected) << "key " << key;
  }

  void check_all() {
    std::unordered_set<uint64_t> seen;
    table_.for_each([&](const Node& node) {
      EXPECT_TRUE(seen.insert(key_of(node)).second) << "seen twice";
      const auto found = model_.find(key_of(node));
      ASSERT_NE(found, model_.end());
      ASSERT_EQ(found->second, &node);
    });
    ASSERT_EQ(seen.size(), model_.size());
  }

  void drain() {
    std::vector<uint64_t> keys;
    for (const auto& [key, entry] : model_) keys.push_back(key);
    std::shuffle(keys.begin(), keys.end(), random_);
    for (size_t i = 0; i < keys.size() && !failed(); ++i) remove(keys[i]);
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_EQ(table_.array_bytes(), 0u);
  }

  Random random_;
  HashFunction hash_;
  uint64_t keys_ = 1;
  HashTable table_;
  std::unordered_map<uint64_t, Entry*> model_;
};

void agree_with_a_model(HashFunction hash, int seeds, size_t operations,
                        uint64_t largest) {
  for (int seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(static_cast<uint64_t>(seed));
    ModelCheck(random(), hash).run(operations, random() % largest + 1);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(HashTable, AgreesWithAModelWhileTiny) {
  agree_with_a_model(good_hash, 300, 1000, 40);
}
TEST(HashTable, AgreesWithAModelWhileSmall) {
  agree_with_a_model(good_hash, 30, 10000, 3000);
}
TEST(HashTable, AgreesWithAModelInMappedArrays) {
  agree_with_a_model(good_hash, 4, 200000, 100000);
}
TEST(HashTable, AgreesWithAModelOnIdenticalHashes) {
  agree_with_a_model(identical_hash, 30, 10000, 5000);
}
TEST(HashTable, AgreesWithAModelWhenHashesHaveEqualLowBits) {
  agree_with_a_model(hash_with_equal_low_bits, 20, 10000, 1000);
}
TEST(HashTable, AgreesWithAModelWhenThereAreSixteenHashes) {
  agree_with_a_model(hash_of_four_bits, 20, 10000, 1000);
}
TEST(HashTable, AgreesWithAModelWhenAllHashesAreTheSame) {
  agree_with_a_model(same_hash, 20, 2000, 300);
}

// --- bounds of work ---------------------------------------------------------

// The largest amounts that any one operation has done.
class Worst {
 public:
  void add(const Work& work) {
    moved_ = std::max<size_t>(moved_, work.moved);
    skipped_ = std::max<size_t>(skipped_, work.skipped);
    released_ = std::max<size_t>(released_, work.released_bytes);
  }
  void expect_within_bounds() const {
    EXPECT_LE(moved_, HashTable::kMovedPerStep);
    EXPECT_LE(skipped_, HashTable::kSkippedPerStep);
    EXPECT_LE(released_, HashTable::kPieceBytes);
  }
  void expect_reached() const {
    EXPECT_GT(moved_, 0u);
    EXPECT_GT(skipped_, 0u);
    EXPECT_GT(released_, 0u);
  }

 private:
  size_t moved_ = 0;
  size_t skipped_ = 0;
  size_t released_ = 0;
};

void grow_and_shrink_within_bounds(HashFunction hash, size_t count) {
  Entries entries(count, hash);
  HashTable table;
  Worst worst;
  for (uint64_t key = 0; key < count; ++key) {
    entries.insert_into(table, key);
    worst.add(table.last_work());
  }
  EXPECT_GE(table.bucket_count(), count);
  for (uint64_t key = 0; key < count; ++key) {
    Node** const slot = table.find_slot(hash(key), has_key(key));
    worst.add(table.last_work());
    ASSERT_NE(slot, nullptr);
    table.remove(slot);
    worst.add(table.last_work());
  }
  EXPECT_EQ(table.bucket_count(), 0u);
  worst.expect_reached();
  worst.expect_within_bounds();
}

TEST(HashTable, NoOperationDoesMoreThanItsShareOnTheWayToMillions) {
  grow_and_shrink_within_bounds(good_hash, 2'500'000);
}

// Keys that are their own hashes fill buckets in order. Removing them in order
// leaves all buckets but the last ones empty, in one long run.
TEST(HashTable, NoOperationPassesALongRunOfEmptyBuckets) {
  grow_and_shrink_within_bounds(identical_hash, 600'000);
}

// The table itself asserts that each resize is over when the next is due.
TEST(HashTable, AResizeIsOverBeforeTheNextWhateverMixOfOperations) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    Entries entries(20000, seed % 2 == 0 ? good_hash : identical_hash);
    HashTable table;
    uint64_t first = 0;
    uint64_t end = 0;
    while (end < entries.size()) {
      const uint64_t grow = std::min(entries.size(), end + random() % 4000);
      while (end < grow) entries.insert_into(table, end++);
      // Down to just where a shrinking starts, then up again
      while ((end - first) * 8 > table.bucket_count() && first < end &&
             random() % 4000 != 0) {
        entries.remove_from(table, first++);
      }
    }
    entries.expect_found(table, first, end);
    EXPECT_EQ(table.size(), end - first);
  }
}

// The worst for a shrinking: each insert fills a bucket that is still to be
// passed and was empty, and nothing else takes steps.
TEST(HashTable, AShrinkingIsOverBeforeTheNextGrowthWhereverInsertsGo) {
  for (size_t count = 16; count <= 16 * 1024; count *= 2) {
    Entries entries(2 * count, identical_hash);
    HashTable table;
    entries.insert_range(table, 0, count);
    uint64_t key = 0;
    while (table.bucket_count() >= count) entries.remove_from(table, key++);
    const uint64_t first_left = key;
    for (key = 2 * count; key > count && table.size() <= count / 4;) {
      entries.insert_into(table, --key);
    }
    EXPECT_GT(table.size(), count / 4);
    entries.expect_found(table, first_left, count);
    entries.expect_found(table, key, 2 * count);
  }
}

TEST(HashTable, FinishesAResizeByFindingAlone) {
  constexpr size_t kCount = 16 * 1024 + 1;  // one more than its buckets
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  ASSERT_TRUE(table.is_resizing());
  size_t finds = 0;
  while (table.is_resizing() && finds < kCount) {
    entries.find_in(table, finds++);
  }
  EXPECT_LE(finds, kCount / HashTable::kMovedPerStep);
  entries.expect_found(table, 0, kCount);
}

// --- memory -----------------------------------------------------------------

// All that the process has mapped, in bytes; 0 where there is no /proc. Read
// without the heap, which would change the answer.
size_t mapped_bytes() {
  char text[64] = {};
  const int fd = open("/proc/self/statm", O_RDONLY);
  if (fd < 0) return 0;
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  return std::strtoull(text, nullptr, 10) *
         static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

constexpr size_t kSlackBytes = 512 * 1024;  // what the C library may map

TEST(HashTable, GivesTheOldArrayBackPieceByPiece) {
  constexpr size_t kCount = (1 << 20) + 1;
  constexpr size_t kOldBytes = (1 << 20) * sizeof(Node*);
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  ASSERT_TRUE(table.is_resizing());
  ASSERT_EQ(table.array_bytes(), 3 * kOldBytes);
  const size_t mapped_before = mapped_bytes();
  size_t released = 0;
  size_t pieces = 0;
  for (uint64_t key = 0; table.is_resizing(); ++key) {
    ASSERT_EQ(entries.find_in(table, key), &entries[key]);
    const size_t bytes = table.last_work().released_bytes;
    ASSERT_LE(bytes, HashTable::kPieceBytes);
    released += bytes;
    pieces += bytes != 0 ? 1 : 0;
    ASSERT_EQ(table.array_bytes(), 3 * kOldBytes - released);
    if (bytes == 0 || mapped_before == 0) continue;
    ASSERT_LE(mapped_bytes(), mapped_before - released + kSlackBytes);
  }
  EXPECT_EQ(released, kOldBytes);
  EXPECT_EQ(pieces, kOldBytes / HashTable::kPieceBytes);
  entries.expect_found(table, 0, kCount);
}

// However a table ends, in the middle of a resize or not, its arrays go.
TEST(HashTable, LeavesNothingMapped) {
  constexpr size_t kCount = (1 << 19) + 1;
  Entries entries(kCount, good_hash);
  const size_t mapped_before = mapped_bytes();
  for (int i = 0; i < 3; ++i) {
    HashTable destroyed_while_resizing;
    entries.insert_range(destroyed_while_resizing, 0, kCount);
    for (uint64_t key = 0; key < 50000; ++key) {
      entries.find_in(destroyed_while_resizing, key);
    }
    EXPECT_TRUE(destroyed_while_resizing.is_resizing());
  }
  HashTable cleared;
  entries.insert_range(cleared, 0, kCount);
  cleared.clear([](Node*) {});
  HashTable emptied;
  entries.insert_range(emptied, 0, kCount);
  for (uint64_t key = 0; key < kCount; ++key) entries.remove_from(emptied, key);
  EXPECT_EQ(cleared.array_bytes() + emptied.array_bytes(), 0u);
  EXPECT_LE(mapped_bytes(), mapped_before + kSlackBytes);
}

// While it lives the kernel refuses to map anything more.
class NoMoreMemory {
 public:
  NoMoreMemory() {
    getrlimit(RLIMIT_AS, &before_);
    const rlimit none{1, before_.rlim_max};
    setrlimit(RLIMIT_AS, &none);
  }
  ~NoMoreMemory() { setrlimit(RLIMIT_AS, &before_); }
  NoMoreMemory(const NoMoreMemory&) = delete;

  // macOS accepts the limit and does not keep it.
  static bool is_enforced() {
    constexpr size_t kBytes = 1 << 20;
    void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANON, -1, 0);
    if (memory == MAP_FAILED) return true;
    munmap(memory, kBytes);
    return false;
  }

 private:
  rlimit before_;
};

// Memory comes back when the table has `late_count` nodes in 16384 buckets.
void grow_late(size_t late_count) {
  constexpr size_t kBuckets = 16 * 1024;
  constexpr size_t kCount = 12 * kBuckets;
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kBuckets);
  entries.expect_found(table, 0, kBuckets);
  ASSERT_EQ(table.bucket_count(), kBuckets);
  {
    NoMoreMemory limit;
    entries.insert_range(table, kBuckets, late_count);
    if (limit.is_enforced()) {
      EXPECT_EQ(table.bucket_count(), kBuckets);
    }
    entries.expect_found(table, 0, late_count);
  }
  Worst worst;
  for (uint64_t key = late_count; key < kCount; ++key) {
    entries.insert_into(table, key);
    worst.add(table.last_work());
  }
  worst.expect_within_bounds();
  EXPECT_GE(table.bucket_count(), kCount);
  entries.expect_found(table, 0, kCount);
}

TEST(HashTable, WorksOnWithoutMemoryToGrowAndCatchesUpLater) {
  grow_late(80'000);
}

// A growth that begins so late that the next is due before it is over.
TEST(HashTable, LetsALateGrowthMeetTheNext) {
  grow_late(2 * 16 * 1024 - 10);
}

TEST(HashTable, WorksOnWithoutMemoryToShrinkAndCatchesUpLater) {
  constexpr size_t kCount = 256 * 1024;
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  entries.expect_found(table, 0, kCount);
  ASSERT_EQ(table.bucket_count(), kCount);
  uint64_t first = 0;
  {
    NoMoreMemory limit;
    while (first < kCount - 5000) entries.remove_from(table, first++);
    if (limit.is_enforced()) {
      EXPECT_EQ(table.bucket_count(), kCount);
    }
    entries.expect_found(table, first, kCount);
  }
  while (first < kCount - 100) entries.remove_from(table, first++);
  EXPECT_LT(table.bucket_count(), kCount);
  entries.expect_found(table, first, kCount);
}

// --- scan -------------------------------------------------------------------

// Scans the table to the end without changing it, counting visits by key.
std::vector<int> visits_of_a_scan(HashTable& table, size_t keys) {
  std::vector<int> visits(keys);
  size_t steps = 0;
  uint64_t cursor = 0;
  do {
    cursor = table.scan(cursor, [&](Node& node) { ++visits[key_of(node)]; });
    EXPECT_LE(table.last_work().scanned, HashTable::kScannedPerStep);
  } while (cursor != 0 && ++steps < 8 * keys + 8);
  EXPECT_EQ(cursor, 0u) << "the scan does not end";
  return visits;
}

TEST(HashTable, AScanOfAStableTableVisitsEachNodeOnce) {
  size_t resizing = 0;
  for (size_t count = 1; count < 700; ++count) {
    Entries entries(count, good_hash);
    HashTable table;
    entries.insert_range(table, 0, count);
    resizing += table.is_resizing() ? 1 : 0;
    ASSERT_EQ(visits_of_a_scan(table, count), std::vector<int>(count, 1));
  }
  EXPECT_GT(resizing, 0u);
}

TEST(HashTable, AScanInTheMiddleOfAShrinkingVisitsEachNodeOnce) {
  constexpr size_t kCount = 4096;
  Entries entries(kCount, good_hash);
  HashTable table;
  entries.insert_range(table, 0, kCount);
  uint64_t key = 0;
  while (table.bucket_count() == kCount) entries.remove_from(table, key++);
  for (size_t stages = 0; table.is_resizing(); ++stages) {
    std::vector<int> expected(kCount, 1);
    std::fill_n(expected.begin(), key, 0);
    ASSERT_EQ(visits_of_a_scan(table, kCount), expected) << "stage " << stages;
    entries.find_in(table, 0);
  }
}

// Scans a table that is changed between the steps, with nodes that stay.
class ScanCheck {
 public:
  static constexpr size_t kMost = 4000;

  explicit ScanCheck(uint64_t seed)
      : random_(seed), entries_(kMost, good_hash) {
    staying_ = random_() % 200 + 1;
    end_ = staying_ + random_() % (kMost - staying_);
    entries_.insert_range(table_, 0, end_);
    wanted_ = end_;
  }

  void run() {
    std::vector<bool> seen(kMost);
    uint64_t cursor = 0;
    size_t steps = 0;
    do {
      steps_while_resizing += table_.is_resizing() ? 1 : 0;
      cursor =
          table_.scan(cursor, [&](Node& node) { seen[key_of(node)] = true; });
      change_table();
    } while (cursor != 0 && ++steps < 100 * kMost);
    EXPECT_EQ(cursor, 0u) << "the scan does not end";
    for (uint64_t key = 0; key < staying_; ++key) {
      EXPECT_TRUE(seen[key]) << "key " << key << " of " << staying_;
    }
  }

  size_t growths = 0;
  size_t shrinkings = 0;
  size_t steps_while_resizing = 0;

 private:
  // Some operations towards a number of nodes that is chosen anew whenever it
  // has been reached, so that resizes begin and end at any point of a scan.
  void change_table() {
    const size_t before = table_.bucket_count();
    const uint64_t most = table_.size() / 4 + 4;
    for (uint64_t i = random_() % most; i > 0; --i) {
      if (end_ == wanted_) {
        wanted_ = staying_ + random_() % (kMost - staying_);
        if (random_() % 2 == 0) wanted_ = staying_;
      } else if (end_ < wanted_) {
        entries_.insert_into(table_, end_++);
      } else {
        entries_.remove_from(table_, --end_);
      }
    }
    growths += table_.bucket_count() > before ? 1 : 0;
    shrinkings += table_.bucket_count() < before ? 1 : 0;
  }

  Random random_;
  Entries entries_;
  HashTable table_;
  uint64_t staying_ = 0;  // keys below it are never removed
  uint64_t end_ = 0;      // keys below it are in the table
  uint64_t wanted_ = 0;
};

TEST(HashTable, AScanMissesNoNodeThatStaysWhileTheTableGrowsAndShrinks) {
  size_t growths = 0;
  size_t shrinkings = 0;
  size_t steps_while_resizing = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ScanCheck check(seed);
    check.run();
    growths += check.growths;
    shrinkings += check.shrinkings;
    steps_while_resizing += check.steps_while_resizing;
    if (HasFailure()) return;
  }
  EXPECT_GT(growths, 300u);
  EXPECT_GT(shrinkings, 300u);
  EXPECT_GT(steps_while_resizing, 3000u);
}

// --- whole tables -----------------------------------------------------------

// A table in the middle of a resize from 1024 to 2048 buckets.
constexpr size_t kResizingCount = 1100;

void fill_until_resizing(HashTable& table, Entries& entries) {
  entries.insert_range(table, 0, kResizingCount);
  ASSERT_TRUE(table.is_resizing());
}

TEST(HashTable, IsMovedInTheMiddleOfAResize) {
  Entries entries(kResizingCount, good_hash);
  HashTable first;
  fill_until_resizing(first, entries);
  HashTable second(std::move(first));
  EXPECT_EQ(first.size(), 0u);  // NOLINT: empty, and as good as new
  EXPECT_EQ(first.array_bytes(), 0u);
  EXPECT_FALSE(first.is_resizing());
  EXPECT_TRUE(second.is_resizing());
  EXPECT_EQ(second.size(), kResizingCount);

  HashTable third;
  Entries others(20, good_hash);
  others.insert_range(third, 0, 20);
  third = std::move(second);
  EXPECT_EQ(second.size(), 0u);  // NOLINT
  others.insert_range(second, 0, 20);
  others.expect_found(second, 0, 20);
  EXPECT_EQ(third.size(), kResizingCount);
  entries.expect_found(third, 0, kResizingCount);
  EXPECT_FALSE(third.is_resizing());
}

TEST(HashTable, ClearHandsOverEachNodeOnceInTheMiddleOfAResize) {
  HashTable table;
  std::set<uint64_t> keys;
  for (uint64_t key = 0; key < kResizingCount; ++key) {
    auto* const entry = new Entry;
    entry->key = key;
    table.insert(entry, good_hash(key));
  }
  ASSERT_TRUE(table.is_resizing());
  table.clear([&](Node* node) {
    EXPECT_TRUE(keys.insert(key_of(*node)).second);
    delete static_cast<Entry*>(node);
  });
  EXPECT_EQ(keys.size(), kResizingCount);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.array_bytes(), 0u);
  Entries entries(100, good_hash);
  entries.insert_range(table, 0, 100);
  entries.expect_found(table, 0, 100);
}

TEST(HashTable, ForEachVisitsEachNodeOnceInTheMiddleOfAResize) {
  Entries entries(kResizingCount, good_hash);
  HashTable table;
  fill_until_resizing(table, entries);
  std::vector<int> visits(kResizingCount);
  table.for_each([&](const Node& node) { ++visits[key_of(node)]; });
  EXPECT_EQ(visits, std::vector<int>(kResizingCount, 1));
}

TEST(HashTableDeathTest, ACallbackMustNotChangeTheTable) {
  Entries entries(2, identical_hash);  // so the first step visits key 0
  HashTable table;
  entries.insert_into(table, 0);
  EXPECT_DEATH(table.scan(0, [&](Node&) { entries.insert_into(table, 1); }),
               "is_visiting_");
  EXPECT_DEATH(
      table.for_each([&](const Node&) { entries.remove_from(table, 0); }),
      "is_visiting_");
}

}  // namespace
}  // namespace klh
