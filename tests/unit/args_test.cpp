// Numbers and words as Redis takes them, and the reader of arguments.
#include "commands/args.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace klh {
namespace {

TEST(ParseInteger, TakesTheOneFormThatPrintsBack) {
  const std::vector<int64_t> numbers = {0,
                                        1,
                                        -1,
                                        9,
                                        10,
                                        -10,
                                        42,
                                        1 << 30,
                                        INT32_MAX,
                                        INT32_MIN,
                                        INT64_MAX,
                                        INT64_MIN,
                                        99,
                                        100,
                                        -99,
                                        -100,
                                        INT64_MAX - 1,
                                        INT64_MIN + 1};
  for (const int64_t number : numbers) {
    EXPECT_EQ(parse_integer(std::to_string(number)), number);
  }
  std::mt19937_64 generator(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = static_cast<int64_t>(generator() >> generator() % 64);
    ASSERT_EQ(parse_integer(std::to_string(number)), number);
    ASSERT_EQ(parse_integer(std::to_string(-number)), -number);
  }
}

TEST(ParseInteger, RefusesEveryOtherForm) {
  for (const std::string text : {"",
                                 " ",
                                 "-",
                                 "+",
                                 "+1",
                                 "--1",
                                 "-+1",
                                 " 1",
                                 "1 ",
                                 "1\n",
                                 "1\r\n",
                                 "01",
                                 "-01",
                                 "00",
                                 "-0",
                                 "1.0",
                                 "1e3",
                                 "0x10",
                                 "1,000",
                                 "a",
                                 "1a",
                                 "9223372036854775808",
                                 "-9223372036854775809",
                                 "18446744073709551616",
                                 "99999999999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text)) << "'" << text << "'";
  }
  EXPECT_FALSE(parse_integer(std::string_view("1\0", 2)));
  EXPECT_FALSE(parse_integer(std::string_view("\0", 1)));
  EXPECT_FALSE(parse_integer(std::string_view()));
}

// Not every string is a number: what is taken must print back as it came.
TEST(ParseInteger, PrintsBackWhatItTakes) {
  std::mt19937 generator(2);
  constexpr std::string_view kBytes = "0123456789-+ .9";
  int taken = 0;
  for (int i = 0; i < 500'000; ++i) {
    std::string text(generator() % 21, '\0');
    for (char& byte : text) byte = kBytes[generator() % kBytes.size()];
    const std::optional<int64_t> number = parse_integer(text);
    if (!number) continue;
    ASSERT_EQ(std::to_string(*number), text);
    ++taken;
  }
  EXPECT_GT(taken, 1000);
}

TEST(SameWord, KnowsOnlyTheCaseOfAsciiLetters) {
  EXPECT_TRUE(same_word("", ""));
  EXPECT_TRUE(same_word("GeT", "gEt"));
  EXPECT_FALSE(same_word("get", "gets"));
  EXPECT_FALSE(same_word("get", "ge"));
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const bool letters = (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
      const bool same = a == b || (letters && (a ^ b) == 0x20);
      const char first[] = {static_cast<char>(a)};
      const char second[] = {static_cast<char>(b)};
      ASSERT_EQ(same_word({first, 1}, {second, 1}), same) << a << " " << b;
    }
  }
}

class ArgReaderTest : public testing::Test {
 protected:
  Context context(const std::vector<std::string_view>& args) {
    return Context(host_, session_, args, output_);
  }
  std::string replied() {
    const std::string text(output_.view());
    output_.release();
    return text;
  }

 private:
  Store store_;
  Options options_;
  Host host_{.store = store_, .options = options_};
  Session session_;
  Buffer output_;
};

TEST_F(ArgReaderTest, ReadsOneAfterAnother) {
  const std::vector<std::string_view> args = {"x", "word", "-7", "COUNT", "3"};
  Context call = context(args);
  ArgReader in(call, 1);
  EXPECT_FALSE(in.at_end());
  EXPECT_EQ(in.word(), "word");
  EXPECT_EQ(in.integer(), -7);
  EXPECT_FALSE(in.accept("match"));
  EXPECT_TRUE(in.accept("count"));
  EXPECT_EQ(in.integer(), 3);
  EXPECT_TRUE(in.at_end());
  EXPECT_FALSE(in.accept("count"));
  EXPECT_TRUE(in.finish());
  EXPECT_EQ(replied(), "");
}

TEST_F(ArgReaderTest, RepliesTheFirstMistakeOnce) {
  const std::vector<std::string_view> args = {"x", "abc", "def"};
  Context call = context(args);
  ArgReader in(call, 1);
  EXPECT_EQ(in.integer(), 0);
  in.fail("ERR another");
  EXPECT_EQ(in.integer(), 0);
  EXPECT_EQ(in.word(), "");
  EXPECT_EQ(in.integer(), 0);
  EXPECT_FALSE(in.finish());
  EXPECT_EQ(replied(), "-ERR value is not an integer or out of range\r\n");
}

TEST_F(ArgReaderTest, TooManyAndTooFewAreSyntaxErrors) {
  const std::vector<std::string_view> args = {"x", "1"};
  Context call = context(args);
  ArgReader unread(call, 1);
  EXPECT_FALSE(unread.finish());
  EXPECT_EQ(replied(), "-ERR syntax error\r\n");

  ArgReader missing(call, 2);
  EXPECT_EQ(missing.integer(), 0);
  EXPECT_FALSE(missing.finish());
  EXPECT_EQ(replied(), "-ERR syntax error\r\n");
}

}  // namespace
}  // namespace klh
