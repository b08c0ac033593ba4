#include "harness/process_info.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace klh::test {

namespace {

std::string proc(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// The value of "Name:  value …" in a status file.
std::string status_field(const std::string& path, const std::string& name) {
  std::ifstream status(path);
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with(name + ":")) continue;
    return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return "";
}

size_t leading_number(const std::string& text, int base = 10) {
  size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

// Sleeping threads, and how often each has been switched off and on since it
// began: a thread that ran in between shows in its count. "" if one runs.
std::string sleep_record(pid_t pid) {
  std::string record;
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator(proc(pid, "task"), gone)) {
    const std::string status = task.path().string() + "/status";
    if (!status_field(status, "State").starts_with("S")) return "";
    record += status_field(status, "voluntary_ctxt_switches") + " " +
              status_field(status, "nonvoluntary_ctxt_switches") + " ";
  }
  return record;
}

}  // namespace

size_t peak_memory(pid_t pid) {
  return leading_number(status_field(proc(pid, "status"), "VmHWM")) * 1024;
}

size_t resident_memory(pid_t pid) {
  std::ifstream file(proc(pid, "statm"));
  size_t total = 0, resident = 0;  // in pages
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

uint64_t cpu_time_ns(pid_t pid) {
  std::ifstream file(proc(pid, "schedstat"));
  uint64_t nanoseconds = 0;
  file >> nanoseconds;
  return nanoseconds;
}

size_t open_descriptors(pid_t pid) {
  std::error_code gone;
  const std::filesystem::directory_iterator all(proc(pid, "fd"), gone);
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

bool is_asleep(pid_t pid) {
  const std::string before = sleep_record(pid);
  if (before.empty()) return false;
  for (int look = 0; look < 3; ++look) {
    sched_yield();  // if it has anything to do, let it
    if (sleep_record(pid) != before) return false;
  }
  return true;
}

BlockedCall blocked_call(pid_t pid) {
  std::ifstream file(proc(pid, "syscall"));
  BlockedCall call = {-1, -1};
  std::string fd;
  if (!(file >> call.number >> fd)) return {-1, -1};
  call.fd = static_cast<int>(leading_number(fd.substr(2), 16));
  return call;
}

uint16_t peer_port(pid_t pid, int fd) {
  std::error_code not_there;
  const std::string link =
      std::filesystem::read_symlink(proc(pid, "fd/" + std::to_string(fd)),
                                    not_there)
          .string();  // socket:[12345]
  if (!link.starts_with("socket:[")) return 0;
  const std::string inode = link.substr(8, link.size() - 9);

  std::ifstream table(proc(pid, "net/tcp"));
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream columns(line);
    const std::vector<std::string> words{
        std::istream_iterator<std::string>(columns), {}};
    if (words.size() < 10 || words[9] != inode) continue;
    const std::string& remote = words[2];  // 0100007F:1F90
    return static_cast<uint16_t>(
        leading_number(remote.substr(remote.find(':') + 1), 16));
  }
  return 0;
}

}  // namespace klh::test
