// The request parser: the same requests whole, cut anywhere and byte by byte;
// everything that can be wrong with one; what it must not do for a promise.
#include "protocol/request.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

// AddressSanitizer's own count, where there is one: mallinfo2() knows nothing.
extern "C" size_t __sanitizer_get_current_allocated_bytes()
    __attribute__((weak));

namespace klh {
namespace {

using Words = std::vector<std::string>;

// What came out of a stream of bytes.
struct Parsed {
  std::vector<Words> requests;
  std::string error;  // the parser has stopped there
  size_t rest = 0;    // bytes of a request that is not complete

  bool operator==(const Parsed&) const = default;
};

void PrintTo(const Parsed& parsed, std::ostream* out) {
  for (const Words& words : parsed.requests) {
    *out << "\n  request:";
    for (const std::string& word : words) {
      *out << ' ' << testing::PrintToString(word);
    }
  }
  *out << "\n  error: " << parsed.error << "\n  rest: " << parsed.rest;
}

// Parses a stream that comes in pieces, as a connection does.
class Stream {
 public:
  void feed(std::string_view piece) {
    input_.append(piece);
    while (parsed_.error.empty()) {
      const Parse result = request_.parse(input_);
      if (result == Parse::need_more) break;
      if (result == Parse::malformed) {
        parsed_.error = request_.error();
        break;
      }
      const Args args = request_.args();
      parsed_.requests.emplace_back(args.begin(), args.end());
      input_.consume(request_.size());
      request_.reset();
    }
    parsed_.rest = parsed_.error.empty() ? input_.size() : 0;
  }

  const Parsed& parsed() const { return parsed_; }
  size_t capacity() const { return input_.capacity(); }

 private:
  Buffer input_;
  Request request_;
  Parsed parsed_;
};

Parsed parse_whole(std::string_view bytes) {
  Stream stream;
  stream.feed(bytes);
  return stream.parsed();
}

Parsed parse_bytewise(std::string_view bytes) {
  Stream stream;
  for (const char& byte : bytes) stream.feed({&byte, 1});
  return stream.parsed();
}

std::string encoded(const Words& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

struct Example {
  std::string bytes;
  Words words;
};

const std::vector<Example>& examples() {
  static const std::vector<Example> all = {
      {encoded({"GET", "name"}), {"GET", "name"}},
      {encoded({"SET", "a", ""}), {"SET", "a", ""}},
      {encoded({""}), {""}},
      {encoded({"ECHO", "\r\n$1\r\na\r\n*1\r\n"}),
       {"ECHO", "\r\n$1\r\na\r\n*1\r\n"}},
      {encoded({"ECHO", every_byte()}), {"ECHO", every_byte()}},
      {"*0\r\n", {}},
      {"*-1\r\n", {}},
      {"*-9\r\n", {}},
      {"PING\r\n", {"PING"}},
      {"PING\n", {"PING"}},
      {"\r\n", {}},
      {"  \t \r\n", {}},
      {"  GET\t name  \r\n", {"GET", "name"}},
      {"SET a \"two words\"\r\n", {"SET", "a", "two words"}},
      {"SET a 'two words'\r\n", {"SET", "a", "two words"}},
      {"SET a \"\" ''\r\n", {"SET", "a", "", ""}},
      {R"(ECHO "\x41\x0a\n\r\t\a\b\"\\\q'")"
       "\r\n",
       {"ECHO", "A\n\n\r\t\a\b\"\\q'"}},
      {R"(ECHO 'a\'b\n"c\\d')"
       "\r\n",
       {"ECHO", "a'b\\n\"c\\\\d"}},
      {R"(ECHO "\xZZ" "\x4" "\xfF")"
       "\r\n",
       {"ECHO", "xZZ", "x4", "\xff"}},
      {R"(ECHO a\ b)"
       "\r\n",
       {"ECHO", "a\\", "b"}},
      {"ECHO a\"b c\"\r\n", {"ECHO", "ab c"}},
      {"ECHO \xc3\xa4\xff\r\n", {"ECHO", "\xc3\xa4\xff"}},
  };
  return all;
}

TEST(Request, TakesEachExample) {
  for (const Example& each : examples()) {
    const Parsed expected = {{each.words}, "", 0};
    EXPECT_EQ(parse_whole(each.bytes), expected) << each.bytes;
  }
}

TEST(Request, CutAnywhereIsTheSame) {
  for (const Example& each : examples()) {
    const Parsed expected = {{each.words}, "", 0};
    for (size_t cut = 0; cut <= each.bytes.size(); ++cut) {
      Stream stream;
      stream.feed(each.bytes.substr(0, cut));
      if (cut < each.bytes.size()) {
        ASSERT_TRUE(stream.parsed().requests.empty()) << each.bytes;
        ASSERT_EQ(stream.parsed().rest, cut) << each.bytes;
      }
      stream.feed(each.bytes.substr(cut));
      ASSERT_EQ(stream.parsed(), expected) << each.bytes << " cut at " << cut;
    }
    ASSERT_EQ(parse_bytewise(each.bytes), expected) << each.bytes;
  }
}

TEST(Request, ManyInOneBufferAreTheSameInAnyPieces) {
  std::mt19937 generator(1);
  std::string bytes;
  Parsed expected;
  for (int i = 0; i < 500; ++i) {
    const Example& each = examples()[generator() % examples().size()];
    bytes += each.bytes;
    expected.requests.push_back(each.words);
  }
  EXPECT_EQ(parse_whole(bytes), expected);
  EXPECT_EQ(parse_bytewise(bytes), expected);
  for (size_t round = 0; round < 200; ++round) {
    Stream stream;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const size_t size = 1 + generator() % (round + 1);
      stream.feed(rest.substr(0, size));
      rest.remove_prefix(std::min(size, rest.size()));
    }
    ASSERT_EQ(stream.parsed(), expected) << "round " << round;
  }
}

TEST(Request, TakesAMillionArguments) {
  Words words(1024 * 1024, "x");
  EXPECT_EQ(parse_whole(encoded(words)).requests.at(0).size(), words.size());
}

TEST(Request, TakesLargeArguments) {
  const Words words = {"SET", "a", std::string(64 * 1024 * 1024, '\n')};
  EXPECT_TRUE(parse_whole(encoded(words)).requests.at(0) == words);
}

// Whatever the parser has read is overwritten before it gets the next byte. If
// it looked at a byte twice, it would not find what it had found before.
TEST(Request, NeverLooksAtAByteTwice) {
  const std::vector<size_t> sizes = {3, 0, 1, 100'000, 12};
  Words words;
  for (const size_t size : sizes) words.emplace_back(size, 'x');
  Buffer input;
  Request request;
  const std::string bytes = encoded(words);
  for (size_t i = 0; i < bytes.size(); ++i) {
    input.append({&bytes[i], 1});
    const Parse result = request.parse(input);
    if (i + 1 == bytes.size()) {
      ASSERT_EQ(result, Parse::complete);
      break;
    }
    ASSERT_EQ(result, Parse::need_more)
        << "byte " << i << ": " << request.error();
    // CR and LF are read together: so the last byte may be unread.
    if (i > 0) input.data()[i - 1] = '#';
  }
  ASSERT_EQ(request.args().size(), sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(request.args()[i].size(), sizes[i]);
  }
  EXPECT_EQ(request.size(), bytes.size());
}

// The same for the end of an inline request: what was searched for it once is
// not searched again.
TEST(Request, NeverSearchesForTheEndOfALineTwice) {
  Buffer input;
  Request request;
  for (int i = 0; i < 60'000; ++i) {
    input.append("x");
    ASSERT_EQ(request.parse(input), Parse::need_more);
    input.data()[i] = '\n';  // would end the line, if it were seen
  }
  input.append("\n");
  ASSERT_EQ(request.parse(input), Parse::complete);
  EXPECT_EQ(request.size(), 60'001u);
}

TEST(Request, StaysCompleteUntilItIsReset) {
  Buffer input;
  input.append("PING\r\nGET a\r\n");
  Request request;
  ASSERT_EQ(request.parse(input), Parse::complete);
  ASSERT_EQ(request.parse(input), Parse::complete);
  EXPECT_EQ(request.args()[0], "PING");
  EXPECT_EQ(request.size(), 6u);
}

struct Bad {
  std::string bytes;
  std::string error;
};

// The texts are those of Redis 7.0.15, but for "expected CRLF" and "request too
// large": Redis does not look at what ends an argument, and closes without a
// word when its query buffer is full.
std::vector<Bad> bad_requests() {
  const std::string array = "Protocol error: invalid multibulk length";
  const std::string bulk = "Protocol error: invalid bulk length";
  const std::string quotes = "Protocol error: unbalanced quotes in request";
  const std::string crlf = "Protocol error: expected CRLF after an argument";
  const std::string line = "Protocol error: too big inline request";
  std::vector<Bad> all = {
      {"*\r\n", array},
      {"*a\r\n", array},
      {"*1a\r\n", array},
      {"*1 \r\n", array},
      {"* 1\r\n", array},
      {"*+1\r\n", array},
      {"*--1\r\n", array},
      {"*-\r\n", array},
      {"*2147483648\r\n", array},
      {"*99999999999999999999\r\n", array},
      {"*" + std::string(1000, '1'), array},
      {"*1\n$1\r\na\r\n", array},
      {"*1\ra", array},
      {"*1\r\n$\r\n", bulk},
      {"*1\r\n$-1\r\n", bulk},
      {"*1\r\n$a\r\n", bulk},
      {"*1\r\n$1a\r\n", bulk},
      {"*1\r\n$536870913\r\n", bulk},
      {"*1\r\n$99999999999999999999\r\n", bulk},
      {"*1\r\n$18446744073709551617\r\n", bulk},
      {"*2\r\n$1\r\na\r\n$-1\r\n", bulk},
      {"*1\r\n$1\rx", bulk},
      {"*1\r\n:1\r\n", "Protocol error: expected '$', got ':'"},
      {"*1\r\nPING\r\n", "Protocol error: expected '$', got 'P'"},
      {"*1\r\n*1\r\n", "Protocol error: expected '$', got '*'"},
      {"*1\r\n\r\n", "Protocol error: expected '$', got '\r'"},
      {"*1\r\n$4\r\nPINGxx", crlf},
      {"*1\r\n$4\r\nPING\rx", crlf},
      {"*1\r\n$4\r\nPING\n\r", crlf},
      {"*1\r\n$4\r\nPINGS\r\n", crlf},
      {"*1\r\n$0\r\nab", crlf},
      {"SET a \"b\r\n", quotes},
      {"SET a 'b\r\n", quotes},
      {"SET a \"b\"c\r\n", quotes},
      {"SET a 'b'c\r\n", quotes},
      {"SET a \"b\\\"\r\n", quotes},
      {"\"\n", quotes},
      {std::string(64 * 1024 + 1, 'x'), line},
      {"GET " + std::string(64 * 1024, 'x') + "\r\n", line},
  };
  return all;
}

TEST(Request, RefusesWhatIsMalformed) {
  for (const Bad& each : bad_requests()) {
    EXPECT_EQ(parse_whole(each.bytes).error, each.error)
        << each.bytes.substr(0, 60);
  }
}

TEST(Request, RefusesItInPiecesToo) {
  for (const Bad& each : bad_requests()) {
    EXPECT_EQ(parse_bytewise(each.bytes).error, each.error)
        << each.bytes.substr(0, 60);
  }
}

TEST(Request, AnswersWhatComesBeforeAMalformedOne) {
  for (const Bad& each : bad_requests()) {
    const Parsed parsed =
        parse_whole("PING\r\n" + encoded({"GET", "a"}) + each.bytes);
    EXPECT_EQ(parsed.requests, (std::vector<Words>{{"PING"}, {"GET", "a"}}));
    EXPECT_EQ(parsed.error, each.error);
  }
}

// Redis takes numbers in one form only.
TEST(Request, RefusesNumbersWithLeadingZeros) {
  for (const char* bytes : {"*01\r\n$4\r\nPING\r\n", "*-0\r\n", "*00\r\n"}) {
    EXPECT_EQ(parse_whole(bytes).error,
              "Protocol error: invalid multibulk length")
        << bytes;
  }
  for (const char* bytes : {"*1\r\n$04\r\nPING\r\n", "*1\r\n$-0\r\n\r\n"}) {
    EXPECT_EQ(parse_whole(bytes).error, "Protocol error: invalid bulk length")
        << bytes;
  }
}

// An array of a negative size is no request, however negative.
TEST(Request, TakesAnyNegativeArraySize) {
  const Parsed expected = {{{}, {"PING"}}, "", 0};
  EXPECT_EQ(parse_whole("*-2000000\r\nPING\r\n"), expected);
  EXPECT_EQ(parse_whole("*-2147483649\r\nPING\r\n"), expected);
  EXPECT_EQ(parse_bytewise("*-2000000\r\nPING\r\n"), expected);
}

TEST(Request, TakesTheLargestSizesAllowed) {
  for (const char* bytes :
       {"*2147483647\r\n", "*1\r\n$536870912\r\n", "*2\r\n$0\r\n\r\n$1\r\n"}) {
    const Parsed parsed = parse_whole(bytes);
    EXPECT_EQ(parsed.error, "");
    EXPECT_EQ(parsed.rest, std::string_view(bytes).size());
  }
  const std::string line = "ECHO " + std::string(64 * 1024 - 6, 'x');
  EXPECT_EQ(parse_whole(line + "\r\n").requests.size(), 1u);
  EXPECT_EQ(parse_whole(line + "\n").requests.size(), 1u);
}

// Several arguments that are allowed one by one, and too much together: the
// bytes need not come to know it.
TEST(Request, RefusesARequestThatIsTooLargeAsAWhole) {
  Buffer input;
  Request request;
  input.append("*3\r\n$536870912\r\n");
  ASSERT_EQ(request.parse(input), Parse::need_more);
  // Not the bytes themselves, only room that is as large.
  constexpr size_t kSize = 536870912;
  input.prepare(kSize + 1024);
  input.commit(kSize);
  input.append("\r\n$536870912\r\n");
  ASSERT_EQ(request.parse(input), Parse::malformed);
  EXPECT_EQ(request.error(), "Protocol error: request too large");
}

size_t allocated_bytes() {
  if (__sanitizer_get_current_allocated_bytes) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(Request, AllocatesNothingForAPromise) {
  for (const std::string_view promise :
       {"*2147483647\r\n", "*2147483647\r\n$536870912\r\n",
        "*1\r\n$536870912\r\n",
        "*2147483647\r\n$1\r\na\r\n$536870912\r\nabc"}) {
    Buffer input;
    input.append(promise);
    const size_t before = allocated_bytes();
    Request request;
    ASSERT_EQ(request.parse(input), Parse::need_more);
    const size_t after = allocated_bytes();
    EXPECT_LT(after - before, 4096u) << promise;
    EXPECT_LT(input.capacity(), 4096u) << promise;
  }
}

TEST(Request, KeepsLittleAfterALargeOne) {
  Buffer input;
  input.append(encoded(Words(1024 * 1024, "x")));
  const size_t before = allocated_bytes();
  Request request;
  ASSERT_EQ(request.parse(input), Parse::complete);
  request.reset();
  EXPECT_LT(allocated_bytes() - before, 256u * 1024);
}

}  // namespace
}  // namespace klh
