#include "harness/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <thread>

#include "harness/diagnosis.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// How a line of the server's log begins.
constexpr std::string_view kDate = "0000-00-00 00:00:00.000Z ";

bool has_date(std::string_view line) {
  std::string beginning(line.substr(0, kDate.size()));
  for (char& byte : beginning) {
    if (byte >= '0' && byte <= '9') byte = '0';
  }
  return beginning == kDate;
}

struct Pipe {
  FileDescriptor reads;
  FileDescriptor writes;
};

// Close-on-exec, as every descriptor of the tests: a server that inherited a
// client's socket would keep its connection open.
Pipe make_pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) < 0) die("pipe2");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

FileDescriptor unnamed_file() {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0) return FileDescriptor(fd);
  std::FILE* file = std::tmpfile();  // where the file system has no O_TMPFILE
  if (!file) die("tmpfile");
  const int copy = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
  std::fclose(file);
  return FileDescriptor(copy);
}

// As execve(2) takes them; they live as long as `words`.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, but for what `variables` say otherwise.
std::vector<std::string> environment_with(
    const std::vector<std::string>& variables) {
  const auto is_replaced = [&](std::string_view ours) {
    const std::string_view name = ours.substr(0, ours.find('=') + 1);
    return std::any_of(
        variables.begin(), variables.end(),
        [&](const std::string& each) { return each.starts_with(name); });
  };
  std::vector<std::string> all;
  for (char** ours = environ; *ours; ++ours) {
    if (!is_replaced(*ours)) all.push_back(*ours);
  }
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

std::string read_to_end(int fd, const Deadline& deadline) {
  std::string text;
  std::array<char, 65536> bytes;
  pollfd readable = {fd, POLLIN, 0};
  while (poll(&readable, 1, deadline.remaining_ms()) > 0) {
    const ssize_t got = read(fd, bytes.data(), bytes.size());
    if (got <= 0) break;
    text.append(bytes.data(), static_cast<size_t>(got));
  }
  return text;
}

// A program may end without having read all of its input: no SIGPIPE for us.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0) return;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string path =
      (std::filesystem::temp_directory_path() / "klh-test-XXXXXX").string();
  if (!mkdtemp(path.data())) die("mkdtemp " + path);
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool Ending::with(int exit_code) const {
  return WIFEXITED(status) && WEXITSTATUS(status) == exit_code;
}

std::string Ending::text() const {
  if (WIFEXITED(status)) {
    return "exit status " + std::to_string(WEXITSTATUS(status));
  }
  const int number = WTERMSIG(status);
  return "killed by signal " + std::to_string(number) + " (" +
         strsignal(number) + ")";
}

Process::Process(const std::vector<std::string>& command,
                 const ProcessOptions& options)
    : log_(unnamed_file()) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<std::string> variables =
      environment_with(options.environment);
  const std::vector<char*> environment = pointers_to(variables);
  pid_ = fork();
  if (pid_ < 0) die("fork");
  if (pid_ == 0) {
    become(arguments.data(), environment.data(), options, input.reads.get(),
           output.writes.get());
  }
  setpgid(pid_, pid_);  // both sides do it: whichever comes first
  input_ = std::move(input.writes);
  output_ = std::move(output.reads);
}

// The child between fork and exec, where only calls are allowed that a signal
// handler could make: another thread of ours may have been in malloc. Signals
// get their default action again: what is ignored here would stay ignored
// there, and hide a missing SIG_IGN.
void Process::become(char* const* arguments, char* const* environment,
                     const ProcessOptions& options, int input, int output) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
  dup2(input, STDIN_FILENO);
  dup2(options.output_to_log ? log_.get() : output, STDOUT_FILENO);
  dup2(log_.get(), STDERR_FILENO);
  if (options.max_descriptors > 0) {
    const rlimit limit = {options.max_descriptors, options.max_descriptors};
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) die("setrlimit");
  }
  if (!options.directory.empty() && chdir(options.directory.c_str()) < 0) {
    die("chdir " + options.directory);
  }
  execvpe(arguments[0], arguments, environment);
  die(arguments[0]);
}

Process::~Process() {
  if (ending_) return;
  kill(-pid_, SIGKILL);  // its whole group: a wrapper script's server too
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string Process::log() const {
  std::string text;
  std::array<char, 4096> bytes;
  ssize_t got;
  while ((got = pread(log_.get(), bytes.data(), bytes.size(),
                      static_cast<off_t>(text.size()))) > 0) {
    text.append(bytes.data(), static_cast<size_t>(got));
  }
  return text;
}

std::string complaints_in(const std::string& log) {
  std::string complaints;
  std::istringstream in(log);
  for (std::string line; std::getline(in, line);) {
    const bool is_dated = has_date(line);
    if (is_dated) line.erase(0, kDate.size());
    if (!is_dated || line.starts_with("warning: ")) complaints += line + '\n';
  }
  return complaints;
}

void Process::signal(int number) const {
  if (!ending_) kill(pid_, number);
}

void Process::pause() {
  signal(SIGSTOP);
  int status;
  waitpid(pid_, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) {
    ending_ = Ending{status};
    fail("the server stops when told so (SIGSTOP)", "it has ended");
  }
}

void Process::resume() const {
  signal(SIGCONT);
}

std::optional<Ending> Process::wait(const Deadline& deadline) {
  if (ending_) return ending_;
  // A descriptor that becomes readable when the process ends: pidfd_open(2).
  const FileDescriptor process(
      static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!process.is_open()) die("pidfd_open");
  pollfd ended = {process.get(), POLLIN, 0};
  if (poll(&ended, 1, deadline.remaining_ms()) <= 0) return std::nullopt;

  Ending ending = {};
  waitpid(pid_, &ending.status, 0);
  kill(-pid_, SIGKILL);  // what it has left behind
  ending_ = ending;
  return ending_;
}

Outcome run_program(const std::vector<std::string>& command,
                    const std::string& input, const ProcessOptions& options) {
  const Deadline deadline(settings().deadline_ms);
  Process process(command, options);
  std::thread writer([&] {
    write_all(process.input(), input);
    process.close_input();
  });
  const std::string output = read_to_end(process.output(), deadline);
  const std::optional<Ending> ending = process.wait(deadline);
  if (!ending) process.signal(SIGKILL);  // frees a writer that is stuck
  writer.join();
  if (!ending) {
    fail(command[0] + " ends", "it has not, within " + deadline_text() +
                                   "; so far it printed: " + escaped(output) +
                                   escaped(process.log()));
  }
  return {*ending, output, process.log()};
}

}  // namespace klh::test
