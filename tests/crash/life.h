// The life of a server that is the same each time, but for what goes wrong in
// it; see shims/faults.cpp.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "common/net.h"
#include "crash/crash_server.h"
#include "crash/disk.h"
#include "crash/fault_kinds.h"
#include "crash/history.h"
#include "crash/load.h"
#include "harness/process.h"

namespace klh::test {

struct Fault {
  FaultKind kind;
  int error;
  uint32_t number;
  bool goes_on;

  // As the library takes it.
  std::string text() const {
    return std::string(kFaultKinds[static_cast<size_t>(kind)]) + ":" +
           std::to_string(error) + ":" + std::to_string(number) +
           (goes_on ? "+" : "");
  }
};

// The moment when all ends: before a call. Then the power may fail, too.
struct Death {
  FaultKind kind;
  uint32_t number;
  bool fails_power;

  std::string text() const {
    return std::string(kFaultKinds[static_cast<size_t>(kind)]) + ":" +
           std::to_string(number);
  }
};

// The counters that the library shares with us.
class Calls {
 public:
  explicit Calls(const std::string& path) {
    std::ofstream(path) << std::string(4096, '\0');
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    void* const memory = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (memory == MAP_FAILED) die("mmap " + path);
    counters_ = static_cast<const volatile uint32_t*>(memory);
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls() { munmap(const_cast<uint32_t*>(counters_), 4096); }

  uint32_t of(FaultKind kind) const {
    return counters_[static_cast<size_t>(kind)];
  }

 private:
  const volatile uint32_t* counters_;
};

// A server's life: what is done with it, in the same way each time.
class Life {
 public:
  Life(const std::string& policy, std::optional<Fault> fault,
       std::optional<Death> death = std::nullopt)
      : policy_(policy), fault_(fault), death_(death) {}

  // Fails the test if something is not as it should be.
  void run();

  uint32_t calls(FaultKind kind) const { return calls_.of(kind); }
  bool was_reached() const {
    return fault_ && calls_.of(fault_->kind) >= fault_->number;
  }

 private:
  static constexpr size_t kLanes = 16;

  void first_server();
  void second_server();
  void fail_power();
  void last_server();
  bool start();
  bool may_end(bool is_starting) const;
  void check_end(bool is_starting);
  bool is_gone();
  void change(size_t count);
  size_t send_batch(size_t count);
  void take_batch();
  void wait_until_changes_are_kept();
  void save_in_background();
  void wait_for_background();
  void save();
  std::string ask(const Words& words);
  void end();
  CrashServer& server() { return *server_; }

  const std::string policy_;
  const std::optional<Fault> fault_;
  const std::optional<Death> death_;
  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  Calls calls_{directory_.path() + "/calls"};
  History history_{kLanes};
  std::optional<CrashServer> server_;
  std::optional<Wire> wire_;
  std::optional<Changes> changes_;
  size_t lane_ = 0;
  size_t connections_ = 0;
  bool is_refused_ = false;
  bool is_dead_ = false;
  std::optional<Disk> disk_;
};

}  // namespace klh::test
