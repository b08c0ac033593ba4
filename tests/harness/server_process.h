// The server under test: the course's own of the milestone in the settings, or
// the learner's.
//
//   course's own   started with --port 0; ready when it says on which port it
//                  listens; ended with SIGTERM, which must give exit status 0
//   learner's      started with --port N, a port that was free a moment ago;
//                  ready when it accepts a connection; ended with SIGKILL
//
// Each server runs in a temporary directory of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/client.h"
#include "harness/process.h"
#include "harness/where.h"

namespace klh::test {

struct ServerOptions {
  std::vector<std::string> flags =
      {};                        // only the course's own servers take any
  uint64_t max_descriptors = 0;  // 0: as many as the tests may have
  std::string trace = {};  // system calls for strace to record: "poll,read"
  std::string directory =
      {};  // where milestone 6 has its files; empty: a new one
  std::string configuration = {};  // a file; only milestone 6 takes one
};

class ServerProcess {
 public:
  explicit ServerProcess(const ServerOptions& options = {},
                         Where where = Where::here());
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  uint16_t port() const { return port_; }
  pid_t pid() const { return process_->pid(); }

  void signal(int number) { process_->signal(number); }
  void pause() { process_->pause(); }
  void resume() { process_->resume(); }

  // Waits until the server has nothing left to do but wait itself.
  void wait_until_asleep(Where where = Where::here());

  // Sends as many of the bytes as the server takes: all, or until it leaves
  // unread what has arrived, although it has nothing else to do. Returns how
  // many were sent.
  size_t send_while_taken(Client& client, std::string_view bytes,
                          Where where = Where::here());

  // Sends the signal, and requires a clean end: exit status 0.
  void end_cleanly(int signal_number, Where where = Where::here());

  // Ends it, in the way that fits; what strace has recorded is complete then.
  void end(Where where = Where::here());

  // Requires an end, clean or not: a learner's server may die of a signal.
  void wait_until_ended(Where where = Where::here());

  bool has_ended();

  // The lines that strace has recorded.
  std::string trace() const;

  // What it has printed to stderr.
  std::string log() const { return process_->log(); }

  // The same without the dated lines of a server whose life is ordinary.
  std::string complaints() const { return process_->complaints(); }

  // For a failure's report: how the current server is, if that is of interest.
  static std::string describe_current();

 private:
  std::vector<std::string> command() const;
  bool makes_room(Client& client, Where where);
  void wait_for_line(Where where);
  void wait_for_accept(Where where);
  void fail_to_start(const std::string& observed, Where where);
  std::string trace_path() const { return scratch_.path() + "/trace"; }

  ServerOptions options_;
  TemporaryDirectory scratch_;
  uint16_t port_ = 0;
  std::optional<Process> process_;
  bool is_ended_by_us_ = false;  // its end is no news then
  ServerProcess* previous_;      // the current one before this
};

// The words of a command, those that name files made absolute: servers run in
// another directory. "python3 server.py" works, quotes do not.
std::vector<std::string> split_command(const std::string& command);

}  // namespace klh::test
