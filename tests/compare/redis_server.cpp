#include "compare/redis_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "compare/peer.h"
#include "harness/diagnosis.h"
#include "harness/loopback.h"
#include "harness/settings.h"

namespace klh::test {

// It has no port 0, and the port that is free now may be taken by another
// program before it starts: then it ends, and the next port is tried.
RedisServer::RedisServer(Where where) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    if (start(where)) return;
  }
  fail("redis-server starts", "it has ended: " + process_->log(), where);
}

bool RedisServer::start(Where where) {
  port_ = free_port();
  process_.emplace(
      std::vector<std::string>{"redis-server", "--port", std::to_string(port_),
                               "--bind", "127.0.0.1", "--save", "",
                               "--appendonly", "no", "--loglevel", "warning"},
      ProcessOptions{.directory = directory_.path(), .output_to_log = true});
  const Deadline deadline(settings().deadline_ms);
  while (!answers()) {
    constexpr int kBetweenTriesMs = 5;
    if (process_->wait(Deadline(kBetweenTriesMs))) return false;
    if (deadline.has_passed()) {
      fail("redis-server answers within " + deadline_text(), process_->log(),
           where);
    }
  }
  return true;
}

// Itself, and not another program that has got its port.
bool RedisServer::answers() const {
  if (!accepts(port_)) return false;
  const std::string info = Peer(port_).ask({"INFO", "server"});
  const std::string its_pid =
      "process_id:" + std::to_string(process_->pid()) + "\r\n";
  return info.find(its_pid) != std::string::npos;
}

}  // namespace klh::test
