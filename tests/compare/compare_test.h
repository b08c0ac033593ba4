// Two servers side by side: ours and Debian's redis-server, told the same.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "compare/exceptions.h"
#include "compare/peer.h"
#include "compare/redis_server.h"
#include "harness/server_process.h"

namespace klh::test {

struct Difference {
  Words command;
  std::string ours;  // replies as they came
  std::string redis;

  // What was sent, both replies, and a caret under the first byte that differs.
  std::string text() const;
};

// A command as one could type it in redis-cli.
std::string readable(const Words& command);

class CompareTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Sends HELLO to both, which begin with 2.
  void speak(int protocol);

  // The same bytes to both, one reply from each. Nothing if they agree.
  std::optional<Difference> compare(const Words& command);
  std::optional<Difference> compare_line(const std::string& line);

  // What one of them says to a command that only asks.
  std::string ask_ours(const Words& command) { return ours_->ask(command); }
  std::string ask_redis(const Words& command) { return redis_->ask(command); }

 private:
  void connect();
  std::optional<Difference> compare_bytes(const Words& command,
                                          const std::string& bytes);
  bool agrees(const Words& command, const std::string& ours,
              const std::string& redis);
  std::string scan_to_end(Peer& peer, const Words& command, std::string reply);

  int protocol_ = 2;
  std::optional<ServerProcess> our_server_;
  std::optional<RedisServer> redis_server_;
  std::optional<Peer> ours_;
  std::optional<Peer> redis_;
};

}  // namespace klh::test
