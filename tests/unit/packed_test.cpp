// Packed against a deque of strings, and against what it promises about memory
// and about bytes moved. Those are counted, never timed.
#include "store/packed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "unit/random_bytes.h"

namespace klh {
namespace {

// On both sides of every length at which the format changes.
const size_t kEdgeLengths[] = {0,   1,     2,     62,    63,    64,
                               65,  126,   127,   128,   129,   255,
                               256, 16382, 16383, 16384, 16385, 70'000};

// A run, and what it should be.
class Checked {
 public:
  size_t count() const { return model_.size(); }
  Packed& run() { return run_; }

  void insert(size_t index, const std::string& bytes) {
    const size_t position = run_.position_of(index);
    run_.insert(position, bytes);
    EXPECT_EQ(run_.at(position), bytes);
    model_.insert(model_.begin() + static_cast<ptrdiff_t>(index), bytes);
  }
  void append(const std::string& bytes) {
    run_.append(bytes);
    model_.push_back(bytes);
  }
  void prepend(const std::string& bytes) {
    run_.prepend(bytes);
    model_.push_front(bytes);
  }
  void replace(size_t index, const std::string& bytes) {
    run_.replace(run_.position_of(index), bytes);
    model_[index] = bytes;
  }
  void erase(size_t index, size_t count) {
    const size_t first = run_.position_of(index);
    run_.erase(first, run_.position_of(index + count), count);
    const auto begin = model_.begin() + static_cast<ptrdiff_t>(index);
    model_.erase(begin, begin + static_cast<ptrdiff_t>(count));
    expect_little_waste();
  }
  void split_and_join(size_t index) {
    Packed tail = run_.split_off(run_.position_of(index));
    EXPECT_EQ(run_.count(), index);
    EXPECT_EQ(tail.count(), count() - index);
    run_.append_all(tail);
  }

  void expect_equal() const {
    ASSERT_EQ(run_.count(), model_.size());
    size_t position = 0;
    size_t bytes = 0;
    for (const std::string& expected : model_) {
      ASSERT_LT(position, run_.used_bytes());
      ASSERT_EQ(run_.at(position), expected);
      position = run_.next(position);
      bytes += Packed::entry_bytes(expected.size());
    }
    ASSERT_EQ(position, run_.used_bytes());
    ASSERT_EQ(bytes, run_.used_bytes());
    for (size_t i = model_.size(); i-- > 0;) {
      position = run_.previous(position);
      ASSERT_EQ(run_.at(position), model_[i]);
    }
    ASSERT_EQ(position, 0u);
  }

  void expect_little_waste() const {
    const size_t used = run_.used_bytes();
    ASSERT_EQ(run_.allocated_bytes() == 0, used == 0);
    if (used == 0) return;
    ASSERT_LE(run_.allocated_bytes(),
              used + std::max<size_t>(used, 64) + Packed::kHeaderBytes);
  }

 private:
  Packed run_;
  std::deque<std::string> model_;
};

TEST(Packed, VarintsHaveTheLengthsThatTheyClaim) {
  char bytes[10];
  for (size_t bit = 0; bit < 32; ++bit) {
    for (const size_t value : {(size_t{1} << bit) - 1, size_t{1} << bit}) {
      char* const end = write_varint(bytes, value);
      EXPECT_EQ(static_cast<size_t>(end - bytes), varint_bytes(value));
      size_t read = 0;
      EXPECT_EQ(read_varint(bytes, read), end);
      EXPECT_EQ(read, value);
    }
  }
  EXPECT_EQ(varint_bytes(127), 1u);
  EXPECT_EQ(varint_bytes(128), 2u);
  EXPECT_EQ(varint_bytes(16383), 2u);
  EXPECT_EQ(varint_bytes(16384), 3u);
}

TEST(Packed, OwnsNothingWhileItIsEmpty) {
  Packed run;
  EXPECT_EQ(sizeof run, sizeof(void*));
  EXPECT_TRUE(run.empty());
  EXPECT_EQ(run.count(), 0u);
  EXPECT_EQ(run.position_of(0), 0u);
  run.append("");
  EXPECT_FALSE(run.empty());
  EXPECT_EQ(run.at(0), "");
  run.erase(0);
  EXPECT_EQ(run.allocated_bytes(), 0u);
}

TEST(Packed, TakesTwoBytesMoreThanAShortElement) {
  Packed run;
  for (int i = 0; i < 600; ++i) run.append("0123456789");
  EXPECT_EQ(run.used_bytes(), 600u * 12);
  EXPECT_EQ(Packed::entry_bytes(127), 129u);
  EXPECT_EQ(Packed::entry_bytes(128), 132u);
}

TEST(Packed, KeepsEveryPairOfEdgeLengthsApart) {
  Random random(1);
  for (const size_t first : kEdgeLengths) {
    for (const size_t second : kEdgeLengths) {
      Checked checked;
      checked.append(random_bytes(random, first));
      checked.append(random_bytes(random, second));
      checked.prepend(random_bytes(random, second));
      checked.insert(1, random_bytes(random, first));
      checked.expect_equal();
      checked.replace(1, random_bytes(random, second));
      checked.replace(2, random_bytes(random, first));
      checked.expect_equal();
      checked.erase(1, 2);
      checked.expect_equal();
    }
  }
}

TEST(Packed, FindsOnlyAmongTheEntriesThatItIsAskedFor) {
  Packed run;
  EXPECT_EQ(run.find("a", 2), Packed::kNotFound);
  const std::string large(200, 'x');
  for (const char* bytes : {"a", "b", "", "c", "ab", "", "a", "d"}) {
    run.append(bytes);
  }
  run.append(large);
  run.append("z");
  EXPECT_EQ(run.find("a", 2), 0u);
  EXPECT_EQ(run.find("b", 2), Packed::kNotFound);
  EXPECT_EQ(run.find("b", 1), run.position_of(1));
  EXPECT_EQ(run.find("", 2), run.position_of(2));
  EXPECT_EQ(run.find("ab", 2), run.position_of(4));
  EXPECT_EQ(run.find("bb", 1), Packed::kNotFound);
  EXPECT_EQ(run.find(large, 2), run.position_of(8));
  EXPECT_EQ(run.find("z", 5), Packed::kNotFound);
}

TEST(Packed, HoldsALargeElementWithoutSlack) {
  Random random(2);
  const std::string large = random_bytes(random, 5'000'000);
  Packed run;
  run.append(large);
  EXPECT_EQ(run.at(0), large);
  EXPECT_LT(run.allocated_bytes(), large.size() + 64);
  run.replace(0, "short");
  EXPECT_EQ(run.at(0), "short");
  EXPECT_LT(run.allocated_bytes(), 64u);
  run.replace(0, large);
  EXPECT_EQ(run.at(0), large);
  EXPECT_LT(run.allocated_bytes(), large.size() + 64);
  run.prepend("before");
  run.append("behind");
  EXPECT_EQ(run.at(run.next(0)), large);
  EXPECT_EQ(run.previous(run.previous(run.used_bytes())), run.next(0));
}

void random_change(Checked& checked, Random& random, size_t most) {
  const bool edge = random() % 64 == 0;
  const size_t length =
      edge ? kEdgeLengths[random() % std::size(kEdgeLengths)] : random() % 40;
  const std::string bytes = random_bytes(random, length);
  const size_t count = checked.count();
  const size_t index = random() % (count + 1);
  const bool grow = count < 2 || (count < most && random() % 16 < 9);
  switch (random() % 4) {
    case 0:
      if (grow) return checked.append(bytes);
      return checked.erase(count - 1, 1);
    case 1:
      if (grow) return checked.prepend(bytes);
      return checked.erase(0, 1);
    case 2:
      if (grow) return checked.insert(index, bytes);
      return checked.erase(index % count,
                           1 + random() % (count - index % count) / 8);
    default:
      if (count > 0) checked.replace(index % count, bytes);
  }
}

TEST(Packed, IsWhatADequeOfStringsIs) {
  for (const size_t most : {3u, 20u, 400u}) {
    Random random(most);
    Checked checked;
    for (int i = 0; i < 120'000; ++i) {
      random_change(checked, random, most);
      if (i % 256 == 0) {
        checked.expect_equal();
        checked.split_and_join(random() % (checked.count() + 1));
      }
      if (i % 256 == 1) checked.expect_equal();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Packed, IsNeverMuchLargerThanItsEntriesWhenItOnlyGrows) {
  for (const bool at_front : {false, true}) {
    Packed run;
    while (run.used_bytes() + 12 <= Packed::kBlockBytes) {
      at_front ? run.prepend("0123456789") : run.append("0123456789");
      ASSERT_LE(run.allocated_bytes(),
                run.used_bytes() + run.used_bytes() / 16 + 32);
    }
    EXPECT_LE(run.allocated_bytes() + Packed::kMallocOverhead, 8192u);
  }
}

// How often the entries moved: whether the last one has another address.
class MoveCounter {
 public:
  explicit MoveCounter(const Packed& run) : run_(run) {}

  void look() {
    const size_t last = run_.previous(run_.used_bytes());
    const char* const now = run_.at(last).data() - last;  // of the first entry
    const char* const end = now + run_.used_bytes();
    if (now != first_ && end != end_) ++moves_;
    first_ = now;
    end_ = end;
  }
  int moves() const { return moves_; }

 private:
  const Packed& run_;
  const char* first_ = nullptr;
  const char* end_ = nullptr;
  int moves_ = 0;
};

TEST(Packed, MovesItsEntriesSeldomWhenPushedAtEitherEnd) {
  for (const unsigned pattern : {0b0000u, 0b1111u, 0b0101u, 0b0001u}) {
    Packed run;
    MoveCounter counter(run);
    for (unsigned i = 0; run.used_bytes() < 8000; ++i) {
      (pattern >> i % 4 & 1) ? run.prepend("0123456789")
                             : run.append("0123456789");
      counter.look();
    }
    EXPECT_LE(counter.moves(), 120) << pattern;  // of 667
  }
}

TEST(Packed, SharesFreeRoomBetweenItsEnds) {
  Packed run;
  for (int i = 0; i < 300; ++i) run.append(i == 200 ? "mark" : "0123456789");
  run.erase(0, run.position_of(100), 100);
  int moves = 0;
  const char* address = nullptr;
  for (int i = 0; i < 80; ++i) {
    i % 2 == 0 ? run.append("0123456789") : run.prepend("0123456789");
    const char* const now = run.at(run.find("mark", 1)).data();
    moves += now != address;
    address = now;
  }
  EXPECT_LE(moves, 4);
}

TEST(Packed, MovesItsEntriesSeldomAsAQueue) {
  for (const bool to_the_right : {true, false}) {
    Packed run;
    for (int i = 0; i < 300; ++i) run.append("0123456789");
    MoveCounter counter(run);
    for (int i = 0; i < 20'000; ++i) {
      to_the_right ? run.append("0123456789") : run.prepend("0123456789");
      counter.look();
      run.erase(to_the_right ? 0 : run.previous(run.used_bytes()));
      counter.look();
    }
    EXPECT_LE(counter.moves(), 20'000 * 12 / (3600 / 8));
  }
}

}  // namespace
}  // namespace klh
