// The course's server of milestone 6 in the middle of its loading, for as long
// as a test wants it there:
//
//   HeldServer server({.directory = directory(), .at = 100});
//   server.ask({"PING"})                  "-LOADING …"
//   server.process().signal(SIGTERM);     or
//   server.release();                     it loads the rest, and listens
//
// It has read `at` bytes of a file, and reads on when it is released. Until then
// it serves clients as a server does whose files are large: at its Unix socket,
// since its port is told only when all is loaded, and from the second second on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/net.h"
#include "harness/client.h"
#include "harness/process.h"
#include "harness/where.h"

namespace klh::test {

class HeldServer {
 public:
  struct Options {
    std::string directory;            // --dir, with the files to load
    std::string file = "dump-1.klh";  // which of them
    uint64_t at = 0;                  // bytes of it that are read before
    std::vector<std::string> flags = {};
  };

  // Returns when the reading is held. Fails the test if it never is.
  explicit HeldServer(const Options& options, Where where = Where::here());

  Process& process() { return *process_; }

  // Where clients connect.
  std::string socket() const { return scratch_.path() + "/clients"; }

  // Lets it read on, and returns its port as soon as it tells that.
  uint16_t release(Where where = Where::here());

 private:
  void wait_until_held(int listener, Where where);

  TemporaryDirectory scratch_;
  std::optional<Process> process_;
  FileDescriptor control_;  // the shim's connection; open: it is held
};

}  // namespace klh::test
