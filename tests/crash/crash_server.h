// A server that may end at any moment, and be killed at any moment: by itself
// or with the machine that it would run on.
//
// It is ours, or redis-server, for the figures of docs/durability.md:
//
//   build/crash_test --server=redis-server --gtest_filter='Killed*'
//
// What that one loses is then counted, and fails no test. The tests of faults
// and those without a journal are about ours only.
#pragma once

#include <signal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/process.h"

namespace klh::test {

bool tests_redis();

class CrashServer {
 public:
  struct Options {
    std::string directory;  // where its files are
    std::vector<std::string> flags = {};
    std::string preload = {};                   // a library; see shim()
    std::vector<std::string> environment = {};  // "NAME=value", for that
  };

  explicit CrashServer(const Options& options);
  ~CrashServer() { end_all(); }

  // True once it listens, false if it has ended instead. Fails the test if it
  // does neither.
  bool wait_until_ready();

  uint16_t port() const { return port_; }
  std::string log() const { return process_->log(); }
  std::string complaints() const { return process_->complaints(); }

  // kill -9, for it and its children; all are gone on return.
  void kill();

  // Asks it to end, or waits until it does. Nothing if it has not by the
  // deadline; it still runs then.
  void ask_to_end() { process_->signal(SIGTERM); }
  std::optional<Ending> end();
  std::optional<Ending> wait(int milliseconds);
  bool has_ended() { return wait(0).has_value(); }

 private:
  void start();
  bool wait_for_line();
  bool wait_for_redis();
  void end_all();

  Options options_;
  uint16_t port_ = 0;
  std::optional<Process> process_;
};

// A library that the Makefile has built beside this program.
std::string shim(const std::string& name);

// A program beside them, which uses files as it is told.
std::string shim_probe();

}  // namespace klh::test
