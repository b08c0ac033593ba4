// Replies, byte for byte.
#include "protocol/reply.h"

#include <gtest/gtest.h>

#include <string>

namespace klh {
namespace {

template <class Write>
std::string written(Write write) {
  Buffer output;
  Reply reply(output);
  write(reply);
  return std::string(output.view());
}

std::string integer(int64_t value) {
  return written([&](Reply& reply) { reply.integer(value); });
}

std::string bulk(std::string_view bytes) {
  return written([&](Reply& reply) { reply.bulk(bytes); });
}

std::string error(std::string_view text) {
  return written([&](Reply& reply) { reply.error(text); });
}

TEST(Reply, Statuses) {
  EXPECT_EQ(written([](Reply& reply) { reply.ok(); }), "+OK\r\n");
  EXPECT_EQ(written([](Reply& reply) { reply.status("PONG"); }), "+PONG\r\n");
}

TEST(Reply, Errors) {
  EXPECT_EQ(error("ERR syntax error"), "-ERR syntax error\r\n");
  EXPECT_EQ(error(""), "-\r\n");
}

// What a client sent must not end the line, and so forge a reply of its own.
TEST(Reply, ErrorsAreOneLine) {
  EXPECT_EQ(error("ERR a\r\n+OK\r\nb\n\rc"), "-ERR a  +OK  b  c\r\n");
  EXPECT_EQ(error(std::string_view("ERR \0\xFF", 6)),
            std::string("-ERR \0\xFF\r\n", 9));
}

TEST(Reply, Integers) {
  EXPECT_EQ(integer(0), ":0\r\n");
  EXPECT_EQ(integer(-1), ":-1\r\n");
  EXPECT_EQ(integer(INT64_MAX), ":9223372036854775807\r\n");
  EXPECT_EQ(integer(INT64_MIN), ":-9223372036854775808\r\n");
}

TEST(Reply, Bulks) {
  EXPECT_EQ(bulk(""), "$0\r\n\r\n");
  EXPECT_EQ(bulk(std::string_view()), "$0\r\n\r\n");
  EXPECT_EQ(bulk("a"), "$1\r\na\r\n");
  EXPECT_EQ(bulk("\r\n"), "$2\r\n\r\n\r\n");
  EXPECT_EQ(bulk(std::string(10, '\0')),
            "$10\r\n" + std::string(10, '\0') + "\r\n");
  const std::string large(1'234'567, 'x');
  EXPECT_EQ(bulk(large), "$1234567\r\n" + large + "\r\n");
}

TEST(Reply, Nothings) {
  EXPECT_EQ(written([](Reply& reply) { reply.null(); }), "$-1\r\n");
  EXPECT_EQ(written([](Reply& reply) { reply.null_array(); }), "*-1\r\n");
}

TEST(Reply, ArraysAndMapsAnnounceTheirSize) {
  EXPECT_EQ(written([](Reply& reply) { reply.array(0); }), "*0\r\n");
  EXPECT_EQ(written([](Reply& reply) { reply.array(1'000'000); }),
            "*1000000\r\n");
  EXPECT_EQ(written([](Reply& reply) { reply.map(3); }), "*6\r\n");
}

TEST(Reply, RepliesFollowEachOther) {
  Buffer output;
  output.append("before");
  Reply reply(output);
  reply.array(2);
  reply.bulk("a");
  reply.integer(1);
  EXPECT_EQ(output.view(), "before*2\r\n$1\r\na\r\n:1\r\n");
}

}  // namespace
}  // namespace klh
