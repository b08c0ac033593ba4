// What clients take: one sum, and who may take more.
#include "network/budget.h"

#include <gtest/gtest.h>

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

// Changes that are read from a file are nobody's.
TEST_F(BudgetTest, IsNotAskedWithoutOne) {
  Share nobody;
  nobody.set(1);
  EXPECT_TRUE(nobody.can_take(SIZE_MAX));
  EXPECT_EQ(budget_.taken(), 0u);
}

}  // namespace

}  // namespace klh::test
