#include "harness/held_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string_view>

#include "harness/diagnosis.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// Beside the program that runs.
std::string shim() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path() / "harness/shims/hold_reads.so";
}

FileDescriptor listen_at(const std::string& path) {
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) < 0 ||
      ::listen(fd.get(), 1) < 0) {
    die("listen at " + path);
  }
  return fd;
}

// AddressSanitizer wants to be the first library; a shim before it is fine,
// since what it does not handle itself it hands on to the next.
std::vector<std::string> environment_of(const HeldServer::Options& options,
                                        const std::string& control) {
  return {"LD_PRELOAD=" + shim(),
          "ASAN_OPTIONS=quarantine_size_mb=1:verify_asan_link_order=0",
          "KLH_HOLD_FILE=" + options.file,
          "KLH_HOLD_AT=" + std::to_string(options.at),
          "KLH_HOLD_SOCKET=" + control};
}

}  // namespace

HeldServer::HeldServer(const Options& options, Where where) {
  const std::string control = scratch_.path() + "/control";
  const FileDescriptor listener = listen_at(control);
  std::vector<std::string> command = {course_program(6, "server"),
                                      "--port",
                                      "0",
                                      "--unixsocket",
                                      socket(),
                                      "--dir",
                                      options.directory};
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  process_.emplace(
      command, ProcessOptions{.environment = environment_of(options, control)});
  wait_until_held(listener.get(), where);
}

void HeldServer::wait_until_held(int listener, Where where) {
  const Deadline deadline(settings().deadline_ms);
  constexpr int kLookMs = 20;
  pollfd connection = {listener, POLLIN, 0};
  while (::poll(&connection, 1, kLookMs) <= 0) {
    const bool has_ended = process_->wait(Deadline(0)).has_value();
    require(!has_ended && !deadline.has_passed(), "the server reads its files",
            process_->log(), where);
  }
  control_ = FileDescriptor(::accept(listener, nullptr, nullptr));
}

uint16_t HeldServer::release(Where where) {
  control_.reset();
  const Deadline deadline(settings().deadline_ms);
  std::string line;
  pollfd readable = {process_->output(), POLLIN, 0};
  char byte = 0;
  while (!line.ends_with('\n') &&
         ::poll(&readable, 1, deadline.remaining_ms()) > 0 &&
         ::read(readable.fd, &byte, 1) == 1) {
    line += byte;
  }
  uint16_t port = 0;
  const std::string_view digits =
      std::string_view(line).substr(line.rfind(':') + 1);
  std::from_chars(digits.begin(), digits.end(), port);
  require(port != 0, "listening on 127.0.0.1:PORT", line + process_->log(),
          where);
  return port;
}

}  // namespace klh::test
