#include "harness/server_process.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/diagnosis.h"
#include "harness/loopback.h"
#include "harness/process_info.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// The one that a failure is most likely about: the last one started.
ServerProcess* current = nullptr;

// The first line that comes out of `fd`, without its newline.
std::optional<std::string> read_line(int fd, const Deadline& deadline) {
  std::string line;
  pollfd readable = {fd, POLLIN, 0};
  while (poll(&readable, 1, deadline.remaining_ms()) > 0) {
    char byte;
    if (read(fd, &byte, 1) != 1) return std::nullopt;
    if (byte == '\n') return line;
    line += byte;
  }
  return std::nullopt;
}

// The last lines of what a server has printed, each indented.
std::string last_lines(const std::string& log) {
  constexpr size_t kLines = 12;
  std::istringstream in(log);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("listening on ")) lines.push_back(line);
  }
  const size_t skipped = lines.size() > kLines ? lines.size() - kLines : 0;
  std::string text;
  for (size_t i = skipped; i < lines.size(); ++i) {
    text += "            " + lines[i] + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::string> split_command(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    const bool is_path = word.find('/') != std::string::npos || !words.empty();
    if (is_path && std::filesystem::exists(word)) {
      word = std::filesystem::absolute(word).string();
    }
    words.push_back(word);
  }
  return words;
}

ServerProcess::ServerProcess(const ServerOptions& options, Where where)
    : options_(options), previous_(current) {
  if (tests_learner()) port_ = free_port();
  ProcessOptions how;
  how.directory =
      options.directory.empty() ? scratch_.path() : options.directory;
  how.max_descriptors = options.max_descriptors;
  how.output_to_log = tests_learner();
  // Freed memory that AddressSanitizer keeps back would look like a leak to a
  // test that bounds memory; its leak check cannot work under strace.
  how.environment = {options.trace.empty() ? "ASAN_OPTIONS=quarantine_size_mb=1"
                                           : "ASAN_OPTIONS=detect_leaks=0"};
  process_.emplace(command(), how);
  current = this;
  if (tests_learner()) {
    wait_for_accept(where);
  } else {
    wait_for_line(where);
  }
}

ServerProcess::~ServerProcess() {
  current = previous_;
}

std::vector<std::string> ServerProcess::command() const {
  std::vector<std::string> words;
  if (!options_.trace.empty()) {
    // -D: the server is our child and strace a grandchild, not the other way
    // round, so that the pid that we know is the server's.
    words = {"strace",     "-D",      "-f",
             "-s",         "1000000", "-o",
             trace_path(), "-e",      "trace=" + options_.trace};
  }
  const std::string program =
      tests_learner() ? settings().server
                      : course_program(settings().milestone, "server");
  for (const std::string& word : split_command(program)) words.push_back(word);
  if (!options_.configuration.empty()) words.push_back(options_.configuration);
  words.insert(words.end(), {"--port", std::to_string(port_)});
  if (!tests_learner()) {
    words.insert(words.end(), options_.flags.begin(), options_.flags.end());
  }
  return words;
}

void ServerProcess::wait_for_line(Where where) {
  const std::string start = "listening on 127.0.0.1:";
  const std::optional<std::string> line =
      read_line(process_->output(), Deadline(settings().deadline_ms));
  if (!line) fail_to_start("no such line", where);
  const std::string_view digits =
      std::string_view(*line).substr(std::min(start.size(), line->size()));
  const auto [end, code] = std::from_chars(digits.begin(), digits.end(), port_);
  if (!line->starts_with(start) || code != std::errc() || end != digits.end()) {
    fail_to_start("\"" + escaped(*line) + "\"", where);
  }
}

// The only wait that has to look again and again: nothing tells an outsider
// when a program has begun to listen.
void ServerProcess::wait_for_accept(Where where) {
  const Deadline deadline(settings().deadline_ms);
  while (!accepts(port_)) {
    if (has_ended()) fail_to_start("it has ended", where);
    if (deadline.has_passed()) {
      fail_to_start("it accepts no connection within " + deadline_text(),
                    where);
    }
    poll(nullptr, 0, 1);
  }
}

void ServerProcess::fail_to_start(const std::string& observed, Where where) {
  const Deadline soon(1000);
  process_->wait(soon);  // so that the report can say how it has ended
  const std::string expected =
      tests_learner() ? "the server accepts connections on 127.0.0.1:" +
                            std::to_string(port_)
                      : "the server prints \"listening on 127.0.0.1:PORT\"";
  std::string started;
  for (const std::string& word : command()) started += word + " ";
  fail(expected, observed + "; it was started as: " + started, where);
}

void ServerProcess::wait_until_asleep(Where where) {
  const Deadline deadline(settings().deadline_ms);
  while (!is_asleep(pid())) {
    if (has_ended()) fail("the server waits for more", "it has ended", where);
    if (deadline.has_passed()) {
      likely_cause(
          "it spins: poll() returns at once, again and again, for something "
          "that nobody then does. Is POLLOUT asked for with nothing to write? "
          "Is a connection at its end kept, a full process still accepting?");
      fail("the server sleeps when there is nothing to do",
           "it is still busy after " + deadline_text(), where);
    }
  }
}

size_t ServerProcess::send_while_taken(Client& client, std::string_view bytes,
                                       Where where) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const size_t fits = client.send_what_fits(bytes.substr(sent), where);
    sent += fits;
    if (fits == 0 && !makes_room(client, where)) break;
  }
  return sent;
}

// Nothing more fits: does the server see to it that something does? One that
// has read everything does, though it may take the kernel some time to say so.
bool ServerProcess::makes_room(Client& client, Where where) {
  const Deadline deadline(settings().deadline_ms);
  const auto has_unread = [&] {
    return unread_bytes(pid(), port_, client.local_port()) > 0;
  };
  while (!client.can_send(1)) {
    const bool had_unread = has_unread();  // before it was seen to be asleep
    wait_until_asleep(where);
    if (had_unread && has_unread() && !client.can_send()) return false;
    if (deadline.has_passed()) {
      fail("there is room for more where all has been read",
           "there is none within " + deadline_text(), where);
    }
  }
  return true;
}

void ServerProcess::end_cleanly(int signal_number, Where where) {
  process_->signal(signal_number);
  const auto ending = process_->wait(Deadline(settings().deadline_ms));
  const std::string expected = "the server ends with exit status 0 on signal " +
                               std::to_string(signal_number) + " (" +
                               strsignal(signal_number) + ")";
  if (!ending) {
    fail(expected, "it still runs after " + deadline_text(), where);
  }
  require(ending->with(0), expected, ending->text(), where);
  is_ended_by_us_ = true;
}

void ServerProcess::end(Where where) {
  if (has_ended()) return;
  if (tests_learner()) {
    is_ended_by_us_ = true;
    process_->signal(SIGKILL);
    process_->wait(Deadline(settings().deadline_ms));
  } else {
    end_cleanly(SIGTERM, where);
  }
}

void ServerProcess::wait_until_ended(Where where) {
  const auto ending = process_->wait(Deadline(settings().deadline_ms));
  require(ending.has_value(), "the server ends",
          "it still runs after " + deadline_text(), where);
}

bool ServerProcess::has_ended() {
  return process_->wait(Deadline(0)).has_value();
}

std::string ServerProcess::trace() const {
  std::ifstream file(trace_path());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ServerProcess::describe_current() {
  if (!current) return "";
  std::string text;
  const auto ending = current->process_->wait(Deadline(0));
  if (ending && !current->is_ended_by_us_) {
    text += "  server    has ended: " + ending->text() + "\n";
  }
  const std::string log = last_lines(current->log());
  if (!log.empty()) text += "  stderr of the server\n" + log;
  return text;
}

}  // namespace klh::test
