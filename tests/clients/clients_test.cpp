// Clients in other languages: each script is one test, passed when it ends with
// exit status 0. A script starts its servers itself, the program $SERVER.
#include "clients/clients_test.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "harness/diagnosis.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// This program is tests/build…/clients_test.
std::filesystem::path tests_folder() {
  return std::filesystem::read_symlink("/proc/self/exe")
      .parent_path()
      .parent_path();
}

// The first line that the process prints, without its newline.
std::string first_line(const Process& process) {
  const Deadline deadline(settings().deadline_ms);
  std::string line;
  pollfd readable = {process.output(), POLLIN, 0};
  char byte = 0;
  while (poll(&readable, 1, deadline.remaining_ms()) > 0 &&
         read(process.output(), &byte, 1) == 1 && byte != '\n') {
    line += byte;
  }
  return line;
}

}  // namespace

std::string server_program() {
  return tests_learner() ? std::filesystem::absolute(settings().server).string()
                         : course_program(6, "server");
}

ClientsServer::ClientsServer(std::vector<std::string> options)
    : options_(std::move(options)) {
  start();
}

void ClientsServer::start() {
  std::vector<std::string> command = {
      server_program(), "--port", std::to_string(port_), "--dir",
      directory_.path(),
      // By default 10,000 changes would start
      // a snapshot in the background.
      "--save", "3600 1", "--auto-aof-rewrite-percentage", "0"};
  command.insert(command.end(), options_.begin(), options_.end());
  process_.emplace(command);
  const std::string ready = "listening on 127.0.0.1:";
  const std::string line = first_line(*process_);
  require(line.starts_with(ready), "the server prints \"" + ready + "PORT\"",
          line + process_->log());
  std::from_chars(line.data() + ready.size(), line.data() + line.size(), port_);
}

void ClientsServer::end() {
  if (!process_) return;
  process_->signal(SIGTERM);
  const auto ending = process_->wait(Deadline(settings().deadline_ms));
  EXPECT_TRUE(ending && ending->with(0))
      << "the server ends with exit status 0 on SIGTERM\n"
      << process_->log();
  process_.reset();
}

void ClientsServer::restart() {
  end();
  start();
}

namespace {

// Each waits for its own replies with a deadline of its own, and then says
// which one did not come; this one is for a script that hangs altogether.
constexpr int kScriptDeadlineMs = 600'000;

class Clients : public testing::Test {
 protected:
  void SetUp() override { settings().deadline_ms = kScriptDeadlineMs; }
  void TearDown() override { settings().deadline_ms = usual_deadline_ms_; }

  void run(std::vector<std::string> command, const std::string& script) {
    command.push_back(tests_folder() / "clients" / script);
    const std::string node_path = tests_folder() / "build/node/node_modules";
    const Outcome outcome =
        run_program(command, "",
                    {.environment = {"SERVER=" + server_program(),
                                     "NODE_PATH=" + node_path}});
    EXPECT_TRUE(outcome.ending.with(0))
        << "clients/" << script << ": " << outcome.ending.text() << "\n"
        << outcome.output << outcome.errors;
  }

 private:
  int usual_deadline_ms_ = settings().deadline_ms;
};

// Debian's own python3: another one in PATH would not know Debian's packages.
TEST_F(Clients, RedisPy) {
  run({"/usr/bin/python3"}, "redis_py_test.py");
}

TEST_F(Clients, Ioredis) {
  run({"node", "--test-reporter=spec"}, "ioredis_test.js");
}

TEST_F(Clients, NodeRedis) {
  run({"node", "--test-reporter=spec"}, "node_redis_test.js");
}

}  // namespace

}  // namespace klh::test
