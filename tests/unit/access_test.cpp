// Which addresses are the machine's own.
#include "network/access.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace klh {
namespace {

bool is_local_address(const std::string& text) {
  sockaddr_storage address{};
  auto& in = reinterpret_cast<sockaddr_in&>(address);
  auto& in6 = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1) {
    address.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr), 1) << text;
    address.ss_family = AF_INET6;
  }
  return is_local(address);
}

TEST(Access, KnowsTheLoopback) {
  EXPECT_TRUE(is_local_address("127.0.0.1"));
  EXPECT_TRUE(is_local_address("127.255.0.9"));
  EXPECT_TRUE(is_local_address("::1"));
  EXPECT_TRUE(is_local_address("::ffff:127.0.0.1"));
  sockaddr_storage unix_address{};
  unix_address.ss_family = AF_UNIX;
  EXPECT_TRUE(is_local(unix_address));
}

TEST(Access, KnowsWhatIsElsewhere) {
  EXPECT_FALSE(is_local_address("128.0.0.1"));
  EXPECT_FALSE(is_local_address("10.0.0.1"));
  EXPECT_FALSE(is_local_address("0.0.0.0"));
  EXPECT_FALSE(is_local_address("::"));
  EXPECT_FALSE(is_local_address("fe80::1"));
  EXPECT_FALSE(is_local_address("::ffff:10.0.0.1"));
  EXPECT_FALSE(is_local_address("::127.0.0.1"));
  EXPECT_FALSE(is_local(sockaddr_storage{}));
}

}  // namespace
}  // namespace klh
