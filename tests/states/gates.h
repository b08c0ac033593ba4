// What a test and a server under test share: a page of memory, through which
// the test says what becomes of the server's system calls from now on, and
// learns who waits. See shims/gates.cpp, the library in the server.
//
//   Gates gates(path);               all are open
//   … a server runs with gates.environment() …
//   gates.fail(Gate::write, ENOSPC); the disk is full from now on
//   gates.hold(Gate::sync);          whoever syncs waits …
//   gates.open_all();                … until now
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace klh::test {

enum class Gate {
  load,   // read(2) from a file; held: one byte each millisecond
  write,  // write(2) to a file, by the server itself
  child,  // the same by a process that it has forked
  sync,   // fsync(2) and fdatasync(2), by whomever
};
inline constexpr size_t kGates = 4;

// Both sides map this; each field is for one of them to write.
struct GatePage {
  static constexpr int kOpen = 0;
  static constexpr int kHeld = -1;

  std::atomic<int> mode[kGates];  // or the errno with which calls fail
  std::atomic<int> freezes_clock;
  std::atomic<int64_t> passed_ms;     // on the clocks, since the freeze
  std::atomic<uint32_t> met[kGates];  // calls that met a gate that is not open
  std::atomic<uint32_t> port;         // where the server listens, once it does
};

class Gates {
 public:
  // Makes the file `path`. Until it says otherwise the clocks stand still for
  // the server: nothing is due before advance() has made it so.
  explicit Gates(const std::string& path);
  Gates(const Gates&) = delete;
  Gates& operator=(const Gates&) = delete;
  ~Gates();

  // For the server.
  std::vector<std::string> environment() const;

  void let_clock_run() { page_->freezes_clock = 0; }
  void advance(int64_t milliseconds) { page_->passed_ms += milliseconds; }

  void fail(Gate gate, int error) { set(gate, error); }
  void hold(Gate gate) { set(gate, GatePage::kHeld); }
  void open(Gate gate) { set(gate, GatePage::kOpen); }
  void open_all();

  // Has a call met this gate since it was closed?
  bool is_met(Gate gate) const {
    return page_->met[static_cast<size_t>(gate)] > 0;
  }

  // 0: it does not listen yet.
  uint16_t port() const { return static_cast<uint16_t>(page_->port.load()); }

 private:
  void set(Gate gate, int mode);

  const std::string path_;
  GatePage* page_;
};

}  // namespace klh::test
