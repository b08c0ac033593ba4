// A child process that cannot outlive the test: it is killed and reaped by the
// destructor, and by the kernel should the test program itself be killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/net.h"
#include "harness/deadline.h"

namespace klh::test {

// A new directory under /tmp, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct ProcessOptions {
  std::string directory = {};    // to run in; empty: ours
  uint64_t max_descriptors = 0;  // RLIMIT_NOFILE, soft and hard; 0: ours
  std::vector<std::string> environment = {};  // "NAME=value", besides ours
  bool output_to_log = false;                 // stdout goes where stderr goes
};

// How a process has ended.
struct Ending {
  int status;  // as wait(2) reports it
  bool with(int exit_code) const;
  std::string text() const;  // "exit status 1", "killed by signal 11 (…)"
};

// See Process::complaints().
std::string complaints_in(const std::string& log);

class Process {
 public:
  explicit Process(const std::vector<std::string>& command,
                   const ProcessOptions& options = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  int input() const { return input_.get(); }    // its stdin
  int output() const { return output_.get(); }  // its stdout

  // Ends its stdin.
  void close_input() { input_.reset(); }

  // What it has written to stderr so far.
  std::string log() const;

  // The same without what a server logs of its ordinary life: its dated lines
  // of warnings, without their dates, and whatever has no date.
  std::string complaints() const { return complaints_in(log()); }

  // Sends a signal to the process itself, whatever else it has started.
  void signal(int number) const;

  // Stops it like ^Z, and returns when it has stopped; continues it.
  void pause();
  void resume() const;

  // How it has ended, if it has by the deadline. It is reaped then.
  std::optional<Ending> wait(const Deadline& deadline);

 private:
  [[noreturn]] void become(char* const* arguments, char* const* environment,
                           const ProcessOptions& options, int input,
                           int output);

  pid_t pid_ = -1;
  FileDescriptor input_;
  FileDescriptor output_;
  FileDescriptor log_;  // a file, so that a chatty process never blocks
  std::optional<Ending> ending_;
};

// Runs a program to its end with `input` as its stdin, and returns what it
// has printed. Fails the test if it has not ended by the deadline.
struct Outcome {
  Ending ending;
  std::string output;
  std::string errors;
};
Outcome run_program(const std::vector<std::string>& command,
                    const std::string& input = "",
                    const ProcessOptions& options = {});

}  // namespace klh::test
