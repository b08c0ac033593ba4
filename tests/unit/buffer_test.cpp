// The sliding buffer against a std::string that is told the same.
#include "common/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace klh {
namespace {

class RandomBytes {
 public:
  explicit RandomBytes(uint32_t seed) : generator_(seed) {}

  size_t below(size_t end) { return generator_() % end; }

  std::string bytes(size_t size) {
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(generator_());
    return text;
  }

 private:
  std::mt19937 generator_;
};

// Counts what the buffer does to win room: bytes that it moved to its front,
// and how often it took larger storage.
class Observed {
 public:
  char* prepare(Buffer& buffer, size_t size) {
    const char* const data = buffer.data();
    const size_t capacity = buffer.capacity();
    char* const room = buffer.prepare(size);
    if (buffer.capacity() != capacity) {
      ++growths;
    } else if (buffer.data() != data) {
      moved += buffer.size();
    }
    return room;
  }

  size_t moved = 0;
  size_t growths = 0;
};

void put(Buffer& buffer, Observed& observed, const std::string& bytes) {
  char* const room = observed.prepare(buffer, bytes.size());
  std::copy(bytes.begin(), bytes.end(), room);
  buffer.commit(bytes.size());
}

TEST(Buffer, OwnsNothingAtFirst) {
  Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.room(), 0u);
  EXPECT_TRUE(buffer.view().empty());
  buffer.append("");
  buffer.consume(0);
  buffer.release();
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(Buffer, IsAStringThatSlides) {
  RandomBytes random(1);
  for (int round = 0; round < 20; ++round) {
    Buffer buffer;
    std::string model;
    const size_t largest = size_t{1} << random.below(15);
    for (int step = 0; step < 5000; ++step) {
      const std::string bytes = random.bytes(random.below(largest + 1));
      switch (random.below(4)) {
        case 0:
          buffer.append(bytes);
          model += bytes;
          break;
        case 1: {
          char* const room = buffer.prepare(bytes.size());
          ASSERT_GE(buffer.room(), bytes.size());
          const size_t used = random.below(bytes.size() + 1);
          std::copy_n(bytes.begin(), used, room);
          buffer.commit(used);
          model.append(bytes, 0, used);
          break;
        }
        default: {
          const size_t size = random.below(model.size() + 1);
          buffer.consume(size);
          model.erase(0, size);
        }
      }
      ASSERT_EQ(buffer.view(), model);
      ASSERT_EQ(buffer.size(), model.size());
      ASSERT_EQ(buffer.empty(), model.empty());
      ASSERT_LE(buffer.size() + buffer.room(), buffer.capacity());
    }
  }
}

TEST(Buffer, ConsumeLeavesTheRestWhereItIs) {
  Buffer buffer;
  buffer.append("one two");
  const char* const two = buffer.data() + 4;
  buffer.consume(4);
  EXPECT_EQ(buffer.data(), two);
  EXPECT_EQ(buffer.view(), "two");
}

TEST(Buffer, AllOfItIsRoomAgainWhenItRunsEmpty) {
  Buffer buffer;
  buffer.append(std::string(1000, 'x'));
  buffer.consume(1000);
  EXPECT_EQ(buffer.room(), buffer.capacity());
}

// As much in as out, with never more than `kHeld` bytes inside.
TEST(Buffer, DoesNotGrowUnderASteadyFlow) {
  constexpr size_t kHeld = 10'000;
  RandomBytes random(2);
  Buffer buffer;
  Observed observed;
  size_t added = 0;
  size_t consumed = 0;
  while (added < 20'000'000) {
    const std::string bytes(1 + random.below(kHeld - buffer.size()), 'x');
    put(buffer, observed, bytes);
    added += bytes.size();
    // Mostly leaves something, so that it seldom runs empty.
    const size_t size = buffer.size() - random.below(buffer.size() / 2 + 1);
    buffer.consume(size);
    consumed += size;
    ASSERT_LE(buffer.capacity(), 4 * kHeld);
  }
  EXPECT_LE(observed.growths, 6u);
  EXPECT_LE(observed.moved, consumed);
}

// The header's bound, at every moment: a byte is moved only for one consumed.
TEST(Buffer, MovesAtMostOneByteForEachByteConsumed) {
  RandomBytes random(3);
  for (int round = 0; round < 50; ++round) {
    Buffer buffer;
    Observed observed;
    size_t consumed = 0;
    size_t added = 0;
    for (int step = 0; step < 2000; ++step) {
      const std::string bytes(1 + random.below(5000), 'x');
      put(buffer, observed, bytes);
      added += bytes.size();
      const size_t size = random.below(std::min<size_t>(buffer.size(), 5000));
      buffer.consume(size);
      consumed += size;
      ASSERT_LE(observed.moved, consumed);
    }
    // Doubling: as many growths as the capacity has binary digits, at most.
    ASSERT_LE(observed.growths, 30u) << "for " << added << " bytes";
  }
}

TEST(Buffer, TakesOneByteAtATimeWithFewGrowths) {
  Buffer buffer;
  Observed observed;
  for (int i = 0; i < 1'000'000; ++i) put(buffer, observed, "x");
  EXPECT_LE(observed.growths, 12u);
  EXPECT_EQ(observed.moved, 0u);
  EXPECT_LE(buffer.capacity(), 2'100'000u);
}

TEST(Buffer, MovesItsStorage) {
  Buffer first;
  first.append("bytes");
  const char* const data = first.data();
  Buffer second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(second.view(), "bytes");

  Buffer third;
  third.append("others");
  third = std::move(second);
  EXPECT_EQ(third.data(), data);
  EXPECT_EQ(third.view(), "bytes");
}

TEST(Buffer, ReleaseGivesAllBack) {
  Buffer buffer;
  buffer.append(std::string(100'000, 'x'));
  buffer.release();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append("again");
  EXPECT_EQ(buffer.view(), "again");
}

TEST(Buffer, TakesWhatIsLarge) {
  Buffer buffer;
  const std::string bytes(64 * 1024 * 1024, 'x');
  buffer.append("y");
  buffer.append(bytes);
  buffer.consume(1);
  EXPECT_TRUE(buffer.view() == bytes);
}

// What is large does not double: its owner may have no more than twice as much.
TEST(Buffer, GrowsByLessWhenItIsLarge) {
  constexpr size_t kMiB = 1024 * 1024;
  Buffer buffer;
  for (const size_t capacity : {64 * kMiB, 128 * kMiB, 192 * kMiB}) {
    buffer.prepare(64 * kMiB - (buffer.empty() ? 0 : 1));
    EXPECT_EQ(buffer.capacity(), capacity);
    buffer.commit(buffer.room());  // only room, which costs no memory
  }
}

TEST(Buffer, GrowsByLessWhenThatIsEnough) {
  Buffer buffer;
  buffer.prepare(100'000, 50'000);
  EXPECT_EQ(buffer.capacity(), 100'000u) << "no less than is asked for";
  buffer.commit(100'000);
  buffer.prepare(10'000, 150'000);
  EXPECT_EQ(buffer.capacity(), 150'000u);
  buffer.commit(50'000);
  buffer.prepare(1, 151'000);
  EXPECT_EQ(buffer.capacity(), 187'500u) << "a quarter, so as to grow seldom";
  buffer.commit(37'500);
  buffer.prepare(1, 1'000'000);
  EXPECT_EQ(buffer.capacity(), 375'000u) << "no more than it doubles";
}

}  // namespace
}  // namespace klh
