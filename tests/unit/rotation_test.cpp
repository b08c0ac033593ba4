// How much a rotation of the journal makes the loop itself wait for. Not by
// time: the calls that sync are recorded, with the bytes that they have to
// bring to the disk.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "harness/process.h"
#include "unit/node.h"
#include "unit/syncs.h"

namespace klh::test {
namespace {

class Rotation : public testing::Test {
 protected:
  Rotation() {
    EXPECT_EQ(node_->start(), "");
    forget_syncs();
  }

  void write(size_t bytes) {
    for (size_t put = 0; put < bytes; put += 1'000'000) {
      node_->run({"SET", "a", std::string(1'000'000, 'x')});
    }
  }

  // Until it has ended; `meanwhile` runs after each look.
  template <class Meanwhile>
  void rotate(Meanwhile meanwhile) {
    ASSERT_EQ(node_->journal().begin_rotation().text(), "");
    for (;;) {
      if (const auto outcome = node_->journal().poll_rotation()) {
        EXPECT_EQ(outcome->text(), "");
        return;
      }
      meanwhile();
    }
  }

  TemporaryDirectory directory_;
  std::optional<Node> node_{std::in_place, directory_.path()};
};

TEST_F(Rotation, LeavesTheLoopLittleToSync) {
  constexpr size_t kMuch = 20'000'000;
  write(kMuch);
  // And more while the thread syncs that.
  int writes = 0;
  rotate([&] {
    if (writes++ < 5) write(1'000'000);
  });
  EXPECT_EQ(node_->journal().number(), 2u);
  EXPECT_GE(syncs().most_beside, static_cast<off_t>(kMuch));
  EXPECT_LE(syncs().most_here,
            static_cast<off_t>(Journal::kMostHeldBytes) + 100);  // the end
}

// The loop writes more than it may sync itself, again and again.
TEST_F(Rotation, EndsHoweverMuchComesIn) {
  int writes = 0;
  rotate([&] {
    if (writes++ < 300) node_->run({"APPEND", "a", std::string(200'000, 'x')});
  });
  EXPECT_EQ(node_->journal().number(), 2u);
}

TEST_F(Rotation, IsGivenUpWithoutATrace) {
  write(1'000'000);
  ASSERT_EQ(node_->journal().begin_rotation().text(), "");
  EXPECT_FALSE(node_->journal().poll_rotation());  // the thread has begun
  node_->run({"SET", "b", "1"});
  node_->journal().cancel_rotation();
  EXPECT_FALSE(node_->journal().is_rotating());
  node_->run({"SET", "b", "2"});
  EXPECT_EQ(node_->journal().number(), 1u);
  rotate([] {});
  node_->run({"APPEND", "b", "3"});
  const Contents contents = node_->contents();
  node_.reset();
  const LoadOutcome found = load(directory_.path());
  EXPECT_EQ(found.complaint, "");
  EXPECT_EQ(found.contents, contents);
}

}  // namespace
}  // namespace klh::test
