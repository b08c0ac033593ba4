// A redis-server of its own for a test: on a free port of 127.0.0.1, in a
// temporary directory, without files.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/process.h"
#include "harness/where.h"

namespace klh::test {

class RedisServer {
 public:
  // Returns when it answers.
  explicit RedisServer(Where where = Where::here());

  uint16_t port() const { return port_; }

 private:
  bool start(Where where);
  bool answers() const;

  TemporaryDirectory directory_;
  uint16_t port_ = 0;
  std::optional<Process> process_;
};

}  // namespace klh::test
