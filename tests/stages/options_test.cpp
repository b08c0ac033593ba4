// Flags, and the one line that tells what is wrong with them. Only the
// course's own servers are asked for this.
#include <algorithm>

#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Options : public StageTest {
 protected:
  static Outcome run_server(const std::vector<std::string>& flags,
                            const ProcessOptions& options = {}) {
    std::vector<std::string> command = {
        course_program(settings().milestone, "server")};
    command.insert(command.end(), flags.begin(), flags.end());
    return run_program(command, "", options);
  }

  static void expect_refused(const std::vector<std::string>& flags,
                             const std::string& mentions,
                             Where where = Where::here()) {
    const Outcome outcome = run_server(flags);
    require(outcome.ending.with(1), "exit status 1", outcome.ending.text(),
            where);
    const std::string& line = outcome.errors;
    require(
        std::count(line.begin(), line.end(), '\n') == 1 && line.ends_with('\n'),
        "one line on stderr", escaped(line), where);
    require(line.find(mentions) != std::string::npos,
            "a line that mentions \"" + mentions + "\"", escaped(line), where);
    require(outcome.output.empty(), "nothing on stdout",
            escaped(outcome.output), where);
  }
};

TEST_F(Options, UnknownFlagIsRefused) {
  expect_refused({"--prot", "7379"}, "--prot");
}

TEST_F(Options, UnknownWordIsRefused) {
  expect_refused({"7379"}, "7379");
}

TEST_F(Options, FlagWithoutValueIsRefused) {
  expect_refused({"--port"}, "--port");
}

TEST_F(Options, PortThatIsNoneIsRefused) {
  for (const char* port : {"abc", "70000", "-1", "", "12x", "65536", " 1"}) {
    expect_refused({"--port", port}, "--port");
  }
}

TEST_F(Options, AddressThatIsNotOursIsRefused) {
  expect_refused({"--port", "0", "--bind", "192.0.2.1"}, "192.0.2.1");
  expect_refused({"--port", "0", "--bind", "nonsense"}, "nonsense");
}

TEST_F(Options, PortInUseIsRefused) {
  const std::string port = std::to_string(server().port());
  expect_refused({"--port", port}, port);
  connect().ask({"GET", "name"}, none());  // the first one is unharmed
}

TEST_F(Options, PortIsFreeAgainAtOnce) {
  likely_cause("SO_REUSEADDR is not set before bind.");
  const std::string port = std::to_string(server().port());
  // The server closes first: its side of the connection is in TIME_WAIT then.
  Client client = connect();
  client.ask({"GET", "name"}, none());
  server().end();
  client.expect_closed();

  ServerProcess again({.flags = {"--port", port}});
  require(std::to_string(again.port()) == port, "it listens on port " + port,
          "it listens on " + std::to_string(again.port()));
  again.end();
}

TEST_F(Options, BindsToLoopbackUnlessToldOtherwise) {
  start({.flags = {"--bind", "127.0.0.1"}});
  connect().ask({"GET", "name"}, none());
}

}  // namespace

}  // namespace klh::test
