// How many events a wait brings: few calls when many descriptors are ready.
#include "poller.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace klh {
namespace {

class PollerWait : public testing::Test {
 protected:
  // All of them ready.
  void watch(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      descriptors_.emplace_back(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      ASSERT_TRUE(descriptors_.back().is_open());
      ASSERT_TRUE(poller_.add(descriptors_.back().get(), nullptr));
    }
  }

  void make_all_ready_again() {
    constexpr uint64_t kOne = 1;
    for (const FileDescriptor& each : descriptors_) {
      ASSERT_EQ(::write(each.get(), &kOne, sizeof kOne), ssize_t{sizeof kOne});
    }
  }

  // How many events each wait brings, until there are none.
  std::vector<size_t> waits() {
    std::vector<size_t> counts;
    while (const size_t count = poller_.wait(0).size()) counts.push_back(count);
    return counts;
  }

  Poller poller_;
  std::vector<FileDescriptor> descriptors_;
};

using Counts = std::vector<size_t>;

TEST_F(PollerWait, TheRoomOfAWaitDoublesWhenItIsFilled) {
  watch(3000);
  EXPECT_EQ(waits(), (Counts{512, 1024, 1464}));
  make_all_ready_again();
  EXPECT_EQ(waits(), (Counts{2048, 952}));
  make_all_ready_again();
  EXPECT_EQ(waits(), Counts{3000});
}

TEST_F(PollerWait, NoWaitBringsMoreThanTheBound) {
  watch(9000);
  EXPECT_EQ(waits(), (Counts{512, 1024, 2048, 4096, 1320}));
  for (int round = 0; round < 3; ++round) {
    make_all_ready_again();
    EXPECT_EQ(waits(), (Counts{8192, 808}));
  }
}

}  // namespace
}  // namespace klh
