// What the tests of the store have in common: a server with a directory, RESP
// replies byte for byte, the programs that come with Redis.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/client.h"
#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/process.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

inline constexpr const char* kWrongType =
    "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
inline constexpr const char* kNotAnInteger =
    "-ERR value is not an integer or out of range\r\n";
inline constexpr const char* kSyntaxError = "-ERR syntax error\r\n";
inline constexpr const char* kNull = "$-1\r\n";

// Replies as they stand on the wire.
std::string bulk(std::string_view bytes);
std::string number(int64_t value);
std::string array(const std::vector<std::string>& bulks);
std::string wrong_arity(const std::string& command);

// The bytes 0 to 255.
std::string every_byte();

// One client that knows whole replies.
class Connected {
 public:
  explicit Connected(uint16_t port, Where where = Where::here())
      : client_(port, Dialect::resp, {}, where) {}

  // At a Unix socket.
  explicit Connected(const std::string& socket, Where where = Where::here())
      : client_(socket, Dialect::resp, where) {}

  // The next reply, as it came.
  std::string receive(Where where = Where::here());

  std::string ask(const Words& words, Where where = Where::here()) {
    client_.request(words, where);
    return receive(where);
  }

  // The elements of an array of bulk strings (or of a status, or numbers).
  std::vector<std::string> ask_list(const Words& words,
                                    Where where = Where::here());

  Client& client() { return client_; }

 private:
  std::string receive_line(Where where);

  Client client_;
};

// Has a server, started at its first use, and one client connected to it.
class StoreTest : public testing::Test {
 protected:
  // `flags` stand before all others whenever the server is started.
  explicit StoreTest(std::vector<std::string> flags = {})
      : flags_(std::move(flags)) {}

  void TearDown() override;

  // The file of options with which it is started from now on; empty: none.
  void configure(const std::string& path) { configuration_ = path; }

  // Starts, or starts anew, in the same directory.
  ServerProcess& start(const std::vector<std::string>& flags = {},
                       Where where = Where::here());
  ServerProcess& server(Where where = Where::here());
  Connected& client(Where where = Where::here());
  Connected another(Where where = Where::here());

  std::string ask(const Words& words, Where where = Where::here()) {
    return client(where).ask(words, where);
  }
  // `words` get exactly this reply.
  void check(const Words& words, std::string_view reply,
             Where where = Where::here());
  // All of these bytes sent at once get exactly these.
  void check_bytes(std::string_view bytes, std::string_view replies,
                   Where where = Where::here());

  // Ends the server so that it saves, or so that it cannot.
  void end(int signal_number = SIGTERM, Where where = Where::here());
  void kill_server();

  // Runs the server where it must not start; its one line on stderr.
  std::string refusal(const std::vector<std::string>& flags,
                      Where where = Where::here());

  const std::string& directory() const { return directory_.path(); }
  std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

 private:
  const std::vector<std::string> flags_;
  std::string configuration_;
  TemporaryDirectory directory_;
  std::optional<ServerProcess> server_;
  std::optional<Connected> client_;
};

}  // namespace klh::test
