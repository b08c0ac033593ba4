#include "common/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

namespace klh {
namespace {

TEST(Status, ASuccessSaysNothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.kind(), Status::Kind::ok);
  EXPECT_EQ(status.error(), 0);
  EXPECT_EQ(status.text(), "");
  EXPECT_EQ(sizeof(Status), sizeof(void*));
}

TEST(Status, AFailedCallHasItsErrnoAndItsPlace) {
  errno = ENOSPC;
  const Status status = Status::from_errno("write j");
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(status.is(Status::Kind::system));
  EXPECT_EQ(status.error(), ENOSPC);
  EXPECT_EQ(status.text(), "write j: No space left on device");
}

TEST(Status, PlacesAreJoinedFromTheInsideOut) {
  const Status status =
      Status::damaged("no value").at("7").at("data/dump-1.klh");
  EXPECT_EQ(status.text(), "data/dump-1.klh:7: no value");
  EXPECT_EQ(status.place(), "data/dump-1.klh:7");
  EXPECT_EQ(status.message(), "no value");
}

TEST(Status, ASuccessAndAStopHaveNoPlace) {
  EXPECT_TRUE(Status().at("7").ok());
  EXPECT_EQ(Status::stopped().at("7").text(), "stopped");
}

TEST(Status, ACopyIsAsGoodAsTheOriginal) {
  Status status = Status::missing("gone");
  const Status copy = status;
  EXPECT_EQ(copy, status);
  status = Status();
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(copy.text(), "gone");
  Status& itself = status;
  status = copy;
  status = itself;
  EXPECT_EQ(status.text(), "gone");
  EXPECT_FALSE(status == Status::refused("gone"));
}

TEST(Status, WhatWasMovedFromIsGone) {
  Status status = Status::invalid("x");
  const Status moved = std::move(status);
  EXPECT_EQ(moved.text(), "x");
}

}  // namespace
}  // namespace klh
