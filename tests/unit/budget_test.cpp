// What clients take: one sum, and who may take more.
#include "network/budget.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace klh::test {

namespace {

class BudgetTest : public testing::Test {
 protected:
  Options options_;
  Budget budget_{options_};
};

TEST_F(BudgetTest, IsTheSumOfTheShares) {
  options_.maxmemory_clients = 1000;
  Share a(budget_);
  a.set(300);
  {
    Share b(budget_);
    b.set(500);
    EXPECT_EQ(budget_.taken(), 800u);
    EXPECT_EQ(budget_.left(), 200u);
    Share c = std::move(b);
    EXPECT_EQ(budget_.taken(), 800u);
    EXPECT_EQ(c.get(), 500u);
  }
  EXPECT_EQ(budget_.taken(), 300u);
  a.set(0);
  EXPECT_EQ(budget_.taken(), 0u);
}

TEST_F(BudgetTest, SaysWhatIsLeft) {
  options_.maxmemory_clients = 1000;
  Share a(budget_);
  Share b(budget_);
  a.set(600);
  EXPECT_TRUE(b.can_take(400));
  EXPECT_FALSE(b.can_take(401));
  EXPECT_FALSE(b.can_take(SIZE_MAX));
  b.set(400);
  EXPECT_FALSE(budget_.is_exceeded());
  b.set(401);
  EXPECT_TRUE(budget_.is_exceeded());
  EXPECT_EQ(budget_.left(), 0u);
  EXPECT_TRUE(b.can_take(0));
  EXPECT_FALSE(b.can_take(1));
}

// To close others would free nothing of what an exempt one takes.
TEST_F(BudgetTest, IsNotExceededByWhoIsExempt) {
  options_.maxmemory_clients = 1000;
  Share a(budget_);
  Share b(budget_);
  a.set(5000);
  EXPECT_TRUE(budget_.is_exceeded());
  a.set_exempt(true);
  EXPECT_TRUE(a.is_exempt());
  EXPECT_EQ(budget_.taken(), 5000u);
  EXPECT_EQ(budget_.left(), 0u);
  b.set(1000);
  EXPECT_FALSE(budget_.is_exceeded());
  b.set(1001);
  EXPECT_TRUE(budget_.is_exceeded());
  b.set(0);
  {
    const Share moved = std::move(a);
    EXPECT_FALSE(budget_.is_exceeded());
  }
  EXPECT_EQ(budget_.taken(), 0u);
  b.set(1001);
  EXPECT_TRUE(budget_.is_exceeded());
}

TEST_F(BudgetTest, HasTheLimitOfTheMoment) {
  Share a(budget_);
  a.set(1000);
  options_.maxmemory_clients = 999;
  EXPECT_TRUE(budget_.is_exceeded());
  options_.maxmemory_clients = 0;
  EXPECT_FALSE(budget_.is_exceeded());
  EXPECT_TRUE(a.can_take(SIZE_MAX));
  options_.maxmemory_clients = -10;  // percent of maxmemory
  options_.maxmemory = 20'000;
  EXPECT_EQ(budget_.left(), 1000u);
}

// --- what may wait for a client ---

constexpr size_t kMiB = 1024 * 1024;

class WaitingTest : public BudgetTest {
 protected:
  WaitingTest() { options_.maxmemory_clients = 64 * kMiB; }

  // Takes as much as it may, a little at a time.
  void fill(Share& share) {
    while (share.get() < budget_.fair_share()) share.set(share.get() + 1024);
  }
};

TEST_F(WaitingTest, OneAloneGetsAQuarterAndManyShareAHalf) {
  Share first(budget_);
  fill(first);
  EXPECT_NEAR(static_cast<double>(first.get()), 16.0 * kMiB, 2048);
  std::vector<Share> others;
  for (int i = 0; i < 50; ++i) fill(others.emplace_back(budget_));
  EXPECT_LT(budget_.taken(), 32 * kMiB + 51 * Budget::kLeastShare);
  EXPECT_GE(others.back().get(), Budget::kLeastShare);
  EXPECT_TRUE(first.waits_for_room()) << "the others have taken its room";
  others.clear();
  EXPECT_LE(first.get(), budget_.fair_share());
}

TEST_F(WaitingTest, WhoIsWithinItsShareIsAnsweredWhileRepliesAreTheLess) {
  Share share(budget_);
  EXPECT_TRUE(share.may_answer(0, 0));
  EXPECT_TRUE(share.may_answer(0, kMiB - 1));
  EXPECT_FALSE(share.may_answer(0, kMiB));
  EXPECT_FALSE(share.may_answer(2 * kMiB, 2 * kMiB));
  EXPECT_TRUE(share.may_answer(2 * kMiB, 2 * kMiB - 1));
  share.set(16 * kMiB + 1);
  Share other(budget_);
  other.set(16 * kMiB);
  EXPECT_FALSE(share.may_answer(12 * kMiB, 4 * kMiB)) << "held back";
  EXPECT_TRUE(share.may_answer(12 * kMiB, 1000)) << "it does read";
}

TEST_F(WaitingTest, WhoIsHeldBackIsReadFromWithinItsShareOnly) {
  Share share(budget_);
  Share other(budget_);
  EXPECT_GT(share.most_to_read(0, true), 0u);
  share.set(20 * kMiB);
  EXPECT_TRUE(share.waits_for_room());
  EXPECT_EQ(share.most_to_read(0, true), 0u);
  EXPECT_GT(share.most_to_read(20 * kMiB, false), 0u)
      << "a request that is not complete";
}

TEST_F(WaitingTest, NobodyIsHeldBackWithoutALimit) {
  options_.maxmemory_clients = 0;
  Share share(budget_);
  share.set(size_t{1} << 40);
  EXPECT_FALSE(share.waits_for_room());
  EXPECT_GT(share.most_to_read(1, true), 0u);
}

TEST_F(WaitingTest, AStrangerHasHalfForRequestsAndHalfForReplies) {
  Share share(budget_);
  share.set_strangers(true);
  constexpr size_t kHalf = Share::kStrangersBytes / 2;
  EXPECT_EQ(share.most_to_read(0, true), kHalf);
  EXPECT_EQ(share.most_to_read(kHalf - 1, true), 1u);
  EXPECT_EQ(share.most_to_read(kHalf, true), 0u);
  EXPECT_EQ(share.most_to_read(2 * kHalf, false), 0u);
  EXPECT_TRUE(share.may_answer(kHalf, kHalf - 1));
  EXPECT_FALSE(share.may_answer(kHalf, kHalf));
  EXPECT_FALSE(share.waits_for_room()) << "whatever others give back";
}

// Changes that are read from a file are nobody's.
TEST_F(BudgetTest, IsNotAskedWithoutOne) {
  Share nobody;
  nobody.set(1);
  EXPECT_TRUE(nobody.can_take(SIZE_MAX));
  EXPECT_EQ(budget_.taken(), 0u);
}

}  // namespace

}  // namespace klh::test
