// What the tests of this folder share: the server that they put clients to.
// It is milestone 6's, or any other that takes the options --port, --dir and
// --requirepass and prints "listening on 127.0.0.1:PORT":
//
//   build/clients_test --server=clients/redis-server
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/process.h"

namespace klh::test {

// The command that starts it, one path.
std::string server_program();

// One running, with a directory of its own.
class ClientsServer {
 public:
  explicit ClientsServer(std::vector<std::string> options = {});
  ~ClientsServer() { end(); }

  uint16_t port() const { return port_; }

  // On the same port and directory. It saves when it ends.
  void restart();

 private:
  void start();
  void end();

  std::vector<std::string> options_;
  TemporaryDirectory directory_;
  uint16_t port_ = 0;  // at first one that it chooses itself
  std::optional<Process> process_;
};

}  // namespace klh::test
