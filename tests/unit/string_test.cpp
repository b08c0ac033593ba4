// The 16-byte string against std::string. What AddressSanitizer would say of
// it counts as much as what is asserted here.
#include "store/string.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace klh {
namespace {

const std::vector<size_t> kSizes = {0,  1,  14, 15,   16,   17,    31,
                                    32, 33, 63, 1024, 5000, 70'000};

std::string bytes_of(size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

TEST(String, TakesSixteenBytes) {
  EXPECT_EQ(sizeof(String), 16u);
}

TEST(String, IsEmptyAtFirst) {
  const String string;
  EXPECT_EQ(string.size(), 0u);
  EXPECT_EQ(string.view(), "");
}

TEST(String, HoldsBytesOfAnySize) {
  for (const size_t size : kSizes) {
    const std::string bytes = bytes_of(size, 1);
    EXPECT_TRUE(String(bytes).view() == bytes) << size << " bytes";
  }
}

// A byte that looks like the mark of a heap string must not be taken for it.
TEST(String, HoldsBytesThatLookLikeItsOwnMarks) {
  for (size_t size = 0; size < 40; ++size) {
    for (const char byte : {'\0', '\x0F', '\x10', '\xFF'}) {
      const std::string bytes(size, byte);
      EXPECT_EQ(String(bytes).view(), bytes);
    }
  }
}

TEST(String, IsAssignedFromAnySizeToAny) {
  for (const size_t from : kSizes) {
    for (const size_t to : kSizes) {
      String string(bytes_of(from, 1));
      const std::string bytes = bytes_of(to, 2);
      string.assign(bytes);
      EXPECT_TRUE(string.view() == bytes) << from << " to " << to;
    }
  }
}

TEST(String, IsAppendedToFromAnySizeToAny) {
  for (const size_t first : kSizes) {
    for (const size_t second : kSizes) {
      const std::string begin = bytes_of(first, 1);
      const std::string end = bytes_of(second, 2);
      String string(begin);
      string.append(end);
      EXPECT_TRUE(string.view() == begin + end) << first << " + " << second;
    }
  }
}

TEST(String, IsAssignedAPartOfItself) {
  for (const size_t size : kSizes) {
    const std::string bytes = bytes_of(size, 1);
    for (const size_t begin : {size_t{0}, size_t{1}, size / 2}) {
      for (const size_t length : {size_t{0}, size_t{1}, size_t{15}, size}) {
        if (begin > size) continue;
        String string(bytes);
        string.assign(string.view().substr(begin, length));
        EXPECT_TRUE(string.view() == bytes.substr(begin, length));
      }
    }
  }
}

TEST(String, IsAppendedAPartOfItself) {
  for (const size_t size : kSizes) {
    for (int appends = 1; appends < 4; ++appends) {
      std::string model = bytes_of(size, 1);
      String string(model);
      for (int i = 0; i < appends; ++i) {
        string.append(string.view().substr(size / 3));
        model += std::string(model, size / 3);
        ASSERT_TRUE(string.view() == model) << size << " bytes";
      }
    }
  }
}

TEST(String, EqualsAStringThatIsToldTheSame) {
  std::mt19937 generator(3);
  String string;
  std::string model;
  for (int step = 0; step < 200'000; ++step) {
    const size_t size = generator() % 4 == 0
                            ? kSizes[generator() % kSizes.size()] % 6000
                            : generator() % 20;
    const std::string bytes(size, static_cast<char>(generator()));
    if (generator() % 3 == 0 || model.size() > 100'000) {
      string.assign(bytes);
      model = bytes;
    } else {
      string.append(bytes);
      model += bytes;
    }
    ASSERT_TRUE(string.view() == model) << "step " << step;
  }
}

TEST(String, MovesItsBytes) {
  for (const size_t size : kSizes) {
    const std::string bytes = bytes_of(size, 1);
    String first(bytes);
    String second(std::move(first));
    EXPECT_TRUE(second.view() == bytes);
    String third(bytes_of(100, 2));
    third = std::move(second);
    EXPECT_TRUE(third.view() == bytes);
  }
}

// 10 MB by a byte at a time would take for ever if each copied all.
TEST(String, IsAppendedToInAmortizedConstantTime) {
  constexpr size_t kBytes = 10 * 1024 * 1024;
  String string;
  const char* storage = string.view().data();
  size_t copies = 0;
  for (size_t i = 0; i < kBytes; ++i) {
    string.append("x");
    if (string.view().data() != storage) ++copies;
    storage = string.view().data();
  }
  EXPECT_EQ(string.size(), kBytes);
  EXPECT_LE(copies, 25u);
}

TEST(String, GivesBackTheRoomOfAnAppendWhenAssigned) {
  String string;
  for (int i = 0; i < 1000; ++i) string.append("0123456789");
  string.assign("short");
  EXPECT_EQ(string.view(), "short");
  string.append(" and longer than fifteen");
  EXPECT_EQ(string.view(), "short and longer than fifteen");
}

}  // namespace
}  // namespace klh
