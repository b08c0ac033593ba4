// List against a deque of strings, and against the bounds that its header
// states: how many blocks it may have, and how much memory.
#include "store/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>

#include "unit/random_bytes.h"

namespace klh {
namespace {

const size_t kEdgeLengths[] = {0,   1,   63,    64,    65,    127,   128,
                               129, 255, 16383, 16384, 16385, 70'000};

// A list, and what it should be. Each change looks at the place that it has
// changed; expect_equal looks at everything.
class Checked {
 public:
  size_t size() const { return model_.size(); }
  List& list() { return list_; }

  void push_head(const std::string& element) {
    list_.push_head(element);
    model_.push_front(element);
    expect_around(list_.seek(0), 0);
  }
  void push_tail(const std::string& element) {
    list_.push_tail(element);
    model_.push_back(element);
    expect_around(list_.seek(size() - 1), size() - 1);
  }
  void pop_head() {
    EXPECT_EQ(list_.pop_head().view(), model_.front());
    model_.pop_front();
    expect_around(list_.seek(0), 0);
  }
  void pop_tail() {
    EXPECT_EQ(list_.pop_tail().view(), model_.back());
    model_.pop_back();
    expect_around(list_.seek(size()), size());
  }
  void insert(size_t index, const std::string& element) {
    const List::Iterator at = list_.insert(list_.seek(index), element);
    model_.insert(place(index), element);
    expect_around(at, index);
  }
  void erase(size_t index) {
    const List::Iterator at = list_.erase(list_.seek(index));
    model_.erase(place(index));
    expect_around(at, index);
  }
  void set(size_t index, const std::string& element) {
    const List::Iterator at = list_.set(list_.seek(index), element);
    model_[index] = element;
    expect_around(at, index);
  }
  void trim(size_t first, size_t last) {
    list_.trim(first, last);
    const size_t end = std::min(last, size() - 1) + 1;
    if (first >= end) return model_.clear();
    model_.erase(place(end), model_.end());
    model_.erase(model_.begin(), place(first));
  }

  void expect_equal() const {
    ASSERT_EQ(list_.size(), model_.size());
    List::Iterator at = list_.seek(0);
    for (const std::string& expected : model_) {
      ASSERT_FALSE(at.at_end());
      ASSERT_EQ(at.element(), expected);
      at.next();
    }
    ASSERT_TRUE(at.at_end());
    for (size_t i = model_.size(); i-- > 0;) {
      at.previous();
      ASSERT_FALSE(at.at_end());
      ASSERT_EQ(at.element(), model_[i]);
    }
    at.previous();
    ASSERT_TRUE(at.at_end());
    expect_bounded();
  }

  // The bounds of the header: two neighbours have more than half a block, and
  // a block has no more unused bytes than used ones, or 64.
  void expect_bounded() const {
    size_t used = 0;
    for (const std::string& element : model_) {
      used += Packed::entry_bytes(element.size());
    }
    const size_t blocks = list_.block_count();
    ASSERT_LE(blocks / 2 * (Packed::kBlockBytes / 2), used);
    ASSERT_LE(list_.allocated_bytes(), 2 * used + blocks * (24 + 12 + 64));
    ASSERT_EQ(list_.allocated_bytes() == 0, model_.empty());
  }

 private:
  std::deque<std::string>::iterator place(size_t index) {
    return model_.begin() + static_cast<ptrdiff_t>(index);
  }

  // `at` is where element `index` should be, or the end.
  void expect_around(List::Iterator at, size_t index) const {
    EXPECT_EQ(list_.size(), size());
    ASSERT_EQ(at.at_end(), index == size());
    if (index < size()) {
      ASSERT_EQ(at.element(), model_[index]);
      ASSERT_EQ(list_.at(index), model_[index]);
    }
    List::Iterator before = at;
    before.previous();
    ASSERT_EQ(before.at_end(), index == 0);
    if (index > 0) {
      ASSERT_EQ(before.element(), model_[index - 1]);
    }
    if (index == size()) return;
    at.next();
    ASSERT_EQ(at.at_end(), index + 1 == size());
    if (index + 1 < size()) {
      ASSERT_EQ(at.element(), model_[index + 1]);
    }
  }

  List list_;
  std::deque<std::string> model_;
};

TEST(List, IsSmallWhileItIsEmptyOrShort) {
  List list;
  EXPECT_EQ(sizeof list, 16u);
  EXPECT_EQ(list.allocated_bytes(), 0u);
  EXPECT_TRUE(list.seek(0).at_end());
  list.push_tail("0123456789");
  EXPECT_LE(list.allocated_bytes(), 24u + 24u);
  EXPECT_EQ(list.pop_head().view(), "0123456789");
  EXPECT_EQ(list.allocated_bytes(), 0u);
}

TEST(List, TakesTwelveBytesAndABitForAnElementOfTen) {
  for (const bool at_head : {false, true}) {
    List list;
    for (int i = 0; i < 100'000; ++i) {
      at_head ? list.push_head("0123456789") : list.push_tail("0123456789");
    }
    EXPECT_LT(list.allocated_bytes(), 12.1 * 100'000);
  }
}

TEST(List, AnIteratorGoesInARingWithTheEndInIt) {
  List list;
  List::Iterator at = list.seek(0);
  at.next();
  EXPECT_TRUE(at.at_end());
  at.previous();
  EXPECT_TRUE(at.at_end());
  list.push_tail("a");
  list.push_tail("b");
  at = list.seek(2);
  EXPECT_TRUE(at.at_end());
  at.previous();
  EXPECT_EQ(at.element(), "b");
  at.next();
  EXPECT_TRUE(at.at_end());
  at.next();
  EXPECT_EQ(at.element(), "a");
  at.previous();
  EXPECT_TRUE(at.at_end());
}

TEST(List, TakesElementsOfEveryLengthEverywhere) {
  Random random(1);
  for (const size_t filler : {10u, 1000u, 5000u}) {
    Checked checked;
    for (int i = 0; i < 40; ++i) {
      checked.push_tail(random_bytes(random, filler));
    }
    for (const size_t length : kEdgeLengths) {
      const std::string element = random_bytes(random, length);
      for (const size_t index : {0u, 1u, 17u, 39u, 40u}) {
        checked.insert(index, element);
        checked.set(index, random_bytes(random, length + 1));
        checked.set(index, element);
        checked.expect_equal();
        checked.erase(index);
      }
      checked.push_head(element);
      checked.push_tail(element);
      checked.expect_equal();
      checked.pop_head();
      checked.pop_tail();
    }
  }
}

TEST(List, TakesElementsOfMegabytes) {
  Random random(2);
  const std::string large = random_bytes(random, 5'000'000);
  Checked checked;
  for (int i = 0; i < 20; ++i) checked.push_tail("small");
  checked.insert(10, large);
  checked.push_head(large);
  checked.push_tail(large);
  checked.set(5, large);
  checked.expect_equal();
  EXPECT_LT(checked.list().allocated_bytes(), 4 * large.size() + 2000);
  checked.set(5, "small");
  checked.erase(11);
  checked.pop_head();
  checked.pop_tail();
  checked.expect_equal();
  EXPECT_EQ(checked.list().block_count(), 1u);
}

TEST(List, TrimsToEveryRange) {
  for (const size_t filler : {1000u, 5000u}) {
    for (size_t first = 0; first <= 31; ++first) {
      for (size_t last = 0; last <= 31; ++last) {
        Checked checked;
        for (char c = 'A'; c < 'A' + 30; ++c) {
          checked.push_tail(std::string(filler, c));
        }
        checked.trim(first, last);
        checked.expect_equal();
      }
    }
  }
  Checked checked;
  checked.list().trim(0, 5);
  checked.expect_equal();
  checked.push_tail("a");
  checked.trim(0, SIZE_MAX);
  checked.expect_equal();
}

TEST(List, JoinsBlocksThatHaveBecomeSmall) {
  Checked checked;
  for (int i = 0; i < 20'000; ++i) checked.push_tail(std::to_string(i));
  const size_t before = checked.list().block_count();
  EXPECT_GT(before, 15u);
  // Every element but each hundredth, from the middle of each block.
  for (size_t kept = 0; kept < checked.size(); ++kept) {
    for (int i = 0; i < 99 && kept + 1 < checked.size(); ++i) {
      checked.erase(kept + 1);
    }
  }
  checked.expect_equal();
  EXPECT_EQ(checked.size(), 200u);
  EXPECT_LE(checked.list().block_count(), 1u);
}

// Three blocks: the middle one full, with 8 elements, 2 in each other.
void fill_three_blocks(Checked& checked) {
  for (int i = 0; i < 24; ++i) checked.push_tail(std::string(1000, 'x'));
  for (int i = 0; i < 6; ++i) checked.pop_head();
  for (int i = 0; i < 6; ++i) checked.pop_tail();
  ASSERT_EQ(checked.list().block_count(), 3u);
}

TEST(List, JoinsWhatASplitLeavesToTheNeighbours) {
  for (const size_t index : {2 + 1u, 2 + 7u}) {
    Checked checked;
    fill_three_blocks(checked);
    checked.insert(index, std::string(8000, 'y'));
    checked.expect_equal();
    EXPECT_EQ(checked.list().block_count(), 4u);
  }
}

TEST(List, JoinsWhatATrimLeaves) {
  for (const size_t first : {0u, 9u}) {
    Checked checked;
    fill_three_blocks(checked);
    checked.trim(first, first + 2);
    checked.expect_equal();
    EXPECT_EQ(checked.list().block_count(), 1u);
  }
}

TEST(List, ErasesWhileItIsWalkedInBothDirections) {
  for (const bool forward : {true, false}) {
    List list;
    for (int i = 0; i < 5000; ++i) list.push_tail(std::to_string(i));
    List::Iterator at = list.seek(forward ? 0 : list.size() - 1);
    while (!at.at_end()) {
      const bool odd = (at.element().back() - '0') % 2 == 1;
      if (odd) at = list.erase(at);
      if (!forward) at.previous();
      if (forward && !odd) at.next();
    }
    ASSERT_EQ(list.size(), 2500u);
    for (size_t i = 0; i < list.size(); ++i) {
      ASSERT_EQ(list.at(i), std::to_string(2 * i));
    }
  }
}

// What a random list is made of.
struct Mixture {
  const char* name;
  size_t usual_length;  // up to it
  int one_in;           // so many has an edge length or one near a block
  size_t most;          // elements
  int changes;
};

std::string random_element(Random& random, const Mixture& mixture) {
  if (random() % static_cast<unsigned>(mixture.one_in) != 0) {
    return random_bytes(random, random() % (mixture.usual_length + 1));
  }
  if (random() % 2 == 0) return random_bytes(random, 8100 + random() % 100);
  return random_bytes(random, kEdgeLengths[random() % std::size(kEdgeLengths)]);
}

void random_change(Checked& checked, Random& random, const Mixture& mixture,
                   bool grow) {
  const size_t size = checked.size();
  const size_t index = random() % (size + 1);
  const auto element = [&] { return random_element(random, mixture); };
  if (size > 0 && random() % 4 == 0) {
    return checked.set(index % size, element());
  }
  const bool insert = size == 0 || random() % 8 < (grow ? 5 : 3);
  switch (random() % 4) {
    case 0: return insert ? checked.push_head(element()) : checked.pop_head();
    case 1: return insert ? checked.push_tail(element()) : checked.pop_tail();
    default:
      insert ? checked.insert(index, element()) : checked.erase(index % size);
  }
}

class RandomList : public testing::TestWithParam<Mixture> {};

TEST_P(RandomList, IsWhatADequeOfStringsIs) {
  const Mixture mixture = GetParam();
  Random random(mixture.most);
  Checked checked;
  bool grow = true;
  for (int i = 0; i < mixture.changes; ++i) {
    random_change(checked, random, mixture, grow);
    if (checked.size() > mixture.most) grow = false;
    if (checked.size() < mixture.most / 8) grow = true;
    if (i % 1024 == 0) checked.expect_equal();
    if (i % 10'000 == 9'999) {
      const size_t first = random() % checked.size();
      checked.trim(first, first + random() % checked.size());
      checked.expect_equal();
    }
    if (HasFailure()) FAIL() << "after change " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Of, RandomList,
    testing::Values(Mixture{"ShortElements", 20, 1'000'000, 3000, 300'000},
                    Mixture{"LongElements", 900, 1000, 300, 50'000},
                    Mixture{"ElementsNearABlock", 4500, 20, 60, 20'000},
                    Mixture{"AllLengths", 300, 100, 400, 50'000}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace klh
