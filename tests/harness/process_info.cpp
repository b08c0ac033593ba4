#include "harness/process_info.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
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

size_t leading_number(std::string_view text, int base = 10) {
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

struct TcpRow {
  uint16_t local_port;
  uint16_t remote_port;
  size_t unread_bytes;
  std::string inode;
};

// Those of IPv4 and of IPv6: a server may listen at both with one socket. A
// line is "0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 …": its number,
// two addresses, the state, what is not sent and what is not read, a timer,
// retransmissions, the user, a timeout, the inode.
std::vector<TcpRow> tcp_connections(pid_t pid) {
  const auto behind_colon = [](std::string_view pair) {
    return leading_number(pair.substr(pair.find(':') + 1), 16);
  };
  std::vector<TcpRow> rows;
  for (const char* const name : {"net/tcp", "net/tcp6"}) {
    std::ifstream table(proc(pid, name));
    std::string line;
    std::getline(table, line);  // the heading
    while (std::getline(table, line)) {
      std::istringstream columns(line);
      const std::vector<std::string> words{
          std::istream_iterator<std::string>(columns), {}};
      if (words.size() < 10) continue;
      rows.push_back({static_cast<uint16_t>(behind_colon(words[1])),
                      static_cast<uint16_t>(behind_colon(words[2])),
                      behind_colon(words[4]), words[9]});
    }
  }
  return rows;
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
  for (const TcpRow& row : tcp_connections(pid)) {
    if (row.inode == inode) return row.remote_port;
  }
  return 0;
}

size_t unread_bytes(pid_t pid, uint16_t reader, uint16_t writer) {
  for (const TcpRow& row : tcp_connections(pid)) {
    if (row.local_port == reader && row.remote_port == writer) {
      return row.unread_bytes;
    }
  }
  return 0;
}

}  // namespace klh::test
