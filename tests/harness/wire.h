// A client that neither waits to send nor to receive unless it is told to: one
// that takes replies when it likes, or not at all.
#pragma once

#include <cstdint>
#include <string>

#include "common/net.h"
#include "harness/dialect.h"

namespace klh::test {

// One connection, which neither waits to send nor to receive. If there is
// nobody to connect to, nothing comes.
class Wire {
 public:
  explicit Wire(uint16_t port);

  int fd() const { return fd_.get(); }
  void send(const Words& words);
  bool wants_write() const { return !outgoing_.empty(); }
  void write_some();

  // False once nothing more will come.
  bool read_some();

  // The next complete reply, or "".
  std::string take_reply();

  // Writes and reads until there is one; "" if the connection ends before.
  // Fails the test if nothing comes.
  std::string wait_for_reply();

 private:
  FileDescriptor fd_;
  std::string outgoing_;
  std::string incoming_;
};

}  // namespace klh::test
