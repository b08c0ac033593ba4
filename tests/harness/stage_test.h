// The fixture of all suites in tests/stages. A suite that needs nothing else
// says `class Framing : public StageTest {};`.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/client.h"
#include "harness/diagnosis.h"
#include "harness/dialect.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

class StageTest : public testing::Test {
 protected:
  void SetUp() override;
  // Ends the server: the course's own must end cleanly whatever was done to it.
  void TearDown() override;

  // Starts the server of this test. Without it, the first use of server() or
  // connect() does, with no options.
  ServerProcess& start(const ServerOptions& options,
                       Where where = Where::here());
  ServerProcess& server(Where where = Where::here());

  Client connect(Where where = Where::here());
  Client connect(Client::Options options, Where where = Where::here());
  // A request now and then makes sure that the server has accepted them all:
  // more than the kernel's queue holds would have to knock again, seconds
  // later.
  std::vector<Client> connect_many(size_t count, Where where = Where::here());

  static Dialect dialect() { return dialect_of(settings().milestone); }
  static std::string bytes_of(const Words& request) {
    return encode(dialect(), request);
  }

 private:
  std::optional<ServerProcess> server_;
};

}  // namespace klh::test
