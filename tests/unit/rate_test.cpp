// The rates that INFO shows, by a clock that the tests set.
#include "commands/rate.h"

#include <gtest/gtest.h>

namespace klh {
namespace {

TEST(Rate, IsTheMeanOfSixteenTenthsOfASecond) {
  Rate rate;
  uint64_t total = 1'000'000;  // what was before does not count
  rate.sample(5'000, total);
  EXPECT_EQ(rate.per_second(), 0);
  for (int64_t ms = 5'001; ms <= 5'800; ++ms) rate.sample(ms, total += 2);
  EXPECT_EQ(rate.per_second(), 1000) << "half of the samples are still 0";
  for (int64_t ms = 5'801; ms <= 9'000; ++ms) rate.sample(ms, total += 2);
  EXPECT_EQ(rate.per_second(), 2000);
}

TEST(Rate, APauseCountsAsItIs) {
  Rate rate;
  uint64_t total = 0;
  for (int64_t ms = 0; ms <= 1'600; ++ms) rate.sample(ms, total += 5);
  EXPECT_EQ(rate.per_second(), 5000);
  rate.sample(2'400, total);
  EXPECT_EQ(rate.per_second(), 2500);
  rate.sample(100'000, total);
  EXPECT_EQ(rate.per_second(), 0);
  rate.sample(100'099, total += 50);
  EXPECT_EQ(rate.per_second(), 0) << "not a tenth of a second yet";
  rate.sample(100'100, total);
  EXPECT_EQ(rate.per_second(), 500.0 / 16);
}

}  // namespace
}  // namespace klh
