// Whose turn it is, and who is held back until there is room.
#include "network/turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace klh::test {

namespace {

constexpr size_t kSmall = 100;
constexpr size_t kLarge = Turns::kLargeBytes;

class TurnsTest : public testing::Test {
 protected:
  // The turns of a pass in which each reply has so many bytes.
  std::vector<Turn*> pass(size_t bytes = kSmall) {
    return turns_.take([=](Turn&) { return bytes; });
  }

  using Order = std::vector<Turn*>;

  Turns turns_;
  Turn a_, b_, c_;
};

TEST_F(TurnsTest, EachThatIsAddedHasOne) {
  turns_.add(a_);
  turns_.add(b_);
  turns_.add(a_);
  EXPECT_EQ(pass(), (Order{&a_, &b_}));
  EXPECT_TRUE(turns_.empty());
  turns_.add(a_);
  EXPECT_EQ(pass(), (Order{&a_}));
}

TEST_F(TurnsTest, WhoseReplyWasSmallGoesFirst) {
  turns_.add(a_);
  pass(kLarge);
  turns_.add(b_);
  pass(kSmall);
  turns_.add(a_);
  turns_.add(b_);
  EXPECT_EQ(pass(), (Order{&b_, &a_}));
}

TEST_F(TurnsTest, APassEndsWithFourMegabytesOfReplies) {
  std::vector<Turn> many(10);
  for (Turn& each : many) turns_.add(each);
  EXPECT_EQ(pass(kLarge).size(), 4u);
  EXPECT_EQ(pass(3 * kLarge).size(), 2u);
  EXPECT_EQ(pass().size(), 4u);
  EXPECT_TRUE(turns_.empty());
}

TEST_F(TurnsTest, WhoIsHeldBackIsAddedWhenThereIsRoom) {
  turns_.hold_back(a_, 3000);
  turns_.hold_back(b_, 2000);
  EXPECT_TRUE(turns_.empty()) << "nobody spins for them";
  turns_.make_room(1999);
  EXPECT_TRUE(turns_.empty());
  turns_.make_room(2000);
  EXPECT_EQ(pass(), (Order{&b_}));
  turns_.make_room(3000);
  EXPECT_EQ(pass(), (Order{&a_}));
  turns_.make_room(SIZE_MAX);
  EXPECT_TRUE(turns_.empty());
}

// Of ten thousand only as many as there is room for, and the rest later.
TEST_F(TurnsTest, NotAllAreWokenForTheRoomOfOne) {
  constexpr size_t kRead = 64 * 1024;
  std::vector<Turn> many(100);
  for (Turn& each : many) turns_.hold_back(each, 1000);
  turns_.make_room(1000 + 2 * kRead);
  const size_t woken = pass().size();
  EXPECT_EQ(woken, 3u);
  turns_.make_room(1000 + 200 * kRead);
  EXPECT_EQ(pass().size(), 100 - woken);
}

TEST_F(TurnsTest, WhoHasSomethingToDoIsHeldBackNoLonger) {
  turns_.hold_back(a_, 1000);
  turns_.hold_back(a_, 3000);
  turns_.make_room(2000);
  EXPECT_TRUE(turns_.empty()) << "the last word counts";
  turns_.add(a_);
  EXPECT_EQ(pass(), (Order{&a_}));
  turns_.make_room(SIZE_MAX);
  EXPECT_TRUE(turns_.empty());
}

TEST_F(TurnsTest, WhoIsForgottenIsNotAdded) {
  turns_.hold_back(a_, 1000);
  turns_.hold_back(c_, 1000);
  turns_.forget(a_);
  turns_.forget(b_);
  turns_.make_room(SIZE_MAX);
  EXPECT_EQ(pass(), (Order{&c_}));
}

}  // namespace

}  // namespace klh::test
