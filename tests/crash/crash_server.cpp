#include "crash/crash_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "harness/diagnosis.h"
#include "harness/loopback.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// AddressSanitizer wants to be the first library; a shim before it is fine,
// since what it does not handle itself it hands on to the next.
std::vector<std::string> environment_of(const CrashServer::Options& options) {
  std::vector<std::string> environment = options.environment;
  environment.push_back(
      "ASAN_OPTIONS=quarantine_size_mb=1:"
      "verify_asan_link_order=0:detect_leaks=0");
  if (!options.preload.empty()) {
    environment.push_back("LD_PRELOAD=" + options.preload);
  }
  return environment;
}

// redis-server looks by a timer whether its child has completed a file, ten
// times a second unless told otherwise: most rounds would be over before.
constexpr const char* kTimersPerSecond = "500";

std::vector<std::string> command_of(const CrashServer::Options& options,
                                    uint16_t port) {
  std::vector<std::string> command = {course_program(6, "server")};
  if (tests_redis()) {
    command = split_command(settings().server);
    command.insert(command.end(), {"--bind", "127.0.0.1", "--appendonly", "yes",
                                   "--save", "", "--hz", kTimersPerSecond});
  }
  command.insert(command.end(),
                 {"--port", std::to_string(port), "--dir", options.directory});
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return command;
}

// What a server leaves behind becomes our child, so that we can wait for it.
void adopt_grandchildren() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace

bool tests_redis() {
  return tests_learner();
}

CrashServer::CrashServer(const Options& options) : options_(options) {
  adopt_grandchildren();
  // It makes none for itself.
  if (tests_redis()) std::filesystem::create_directories(options.directory);
  start();
}

// redis-server has no port 0, and a log instead of the one line.
void CrashServer::start() {
  port_ = tests_redis() ? free_port() : 0;
  process_.emplace(command_of(options_, port_),
                   ProcessOptions{.environment = environment_of(options_),
                                  .output_to_log = tests_redis()});
}

bool CrashServer::wait_until_ready() {
  return tests_redis() ? wait_for_redis() : wait_for_line();
}

bool CrashServer::wait_for_redis() {
  constexpr int kBetweenLooksMs = 1;
  const Deadline deadline(settings().deadline_ms);
  const auto has_said = [this](const char* text) {
    return log().find(text) != std::string::npos;
  };
  for (;;) {
    const bool ended = wait(kBetweenLooksMs).has_value();
    if (!ended && has_said("Ready to accept connections")) return true;
    if (ended && !has_said("Address already in use")) return false;
    if (ended) start();  // somebody else has got the port meanwhile
    require(!deadline.has_passed(), "redis-server is ready, or ends",
            "neither, within " + deadline_text() + ": " + log());
  }
}

bool CrashServer::wait_for_line() {
  const Deadline deadline(settings().deadline_ms);
  std::string line;
  pollfd readable = {process_->output(), POLLIN, 0};
  while (!line.ends_with('\n')) {
    if (poll(&readable, 1, deadline.remaining_ms()) <= 0) {
      fail("the server listens, or ends", "neither, within " + deadline_text());
    }
    char byte;
    if (read(process_->output(), &byte, 1) != 1) {
      const bool ended = wait(deadline.remaining_ms()).has_value();
      require(ended, "the server ends", "it only closes its stdout");
      return false;
    }
    line += byte;
  }
  const size_t colon = line.rfind(':');
  std::from_chars(line.data() + colon + 1, line.data() + line.size(), port_);
  require(port_ != 0, "listening on 127.0.0.1:PORT", escaped(line));
  return true;
}

void CrashServer::kill() {
  process_->signal(SIGKILL);
  end_all();
}

std::optional<Ending> CrashServer::end() {
  process_->signal(SIGTERM);
  return wait(settings().deadline_ms);
}

std::optional<Ending> CrashServer::wait(int milliseconds) {
  return process_->wait(Deadline(milliseconds));
}

void CrashServer::end_all() {
  process_->signal(SIGKILL);
  process_->wait(Deadline(settings().deadline_ms));
  // The others of its group have been killed by then; they are gone when they
  // can be reaped, and do nothing to the files from then on.
  while (::waitpid(-process_->pid(), nullptr, 0) > 0 || errno == EINTR)
    continue;
}

std::string shim(const std::string& name) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path() / "crash/shims" / (name + ".so");
}

std::string shim_probe() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path() / "crash/shims/probe";
}

}  // namespace klh::test
