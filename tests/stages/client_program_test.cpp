// The client that comes with each milestone: one request from the command
// line, or a request for each line of stdin.
#include <algorithm>

#include "harness/stage_test.h"

namespace klh::test {

namespace {

class ClientProgram : public StageTest {
 protected:
  Outcome run_client(const Words& words, const std::string& input = "") {
    return run_client_on(server().port(), words, input);
  }

  static Outcome run_client_on(uint16_t port, const Words& words,
                               const std::string& input = "") {
    std::vector<std::string> command = {
        course_program(settings().milestone, "client"), "--port",
        std::to_string(port)};
    command.insert(command.end(), words.begin(), words.end());
    return run_program(command, input);
  }

  // How this milestone's client shows a reply.
  static std::string shown(const Reply& reply) {
    if (dialect() != Dialect::resp) return encode(Dialect::raw, reply);
    switch (reply.kind) {
      case Reply::Kind::ok: return "OK";
      case Reply::Kind::value: return "\"" + reply.text + "\"";
      case Reply::Kind::none: return "(nil)";
      case Reply::Kind::integer: return "(integer) " + reply.text;
      case Reply::Kind::error: return "(error) ERR";
    }
    return "";
  }

  static void expect_output(const Outcome& outcome, const std::string& output,
                            Where where = Where::here()) {
    require(outcome.output == output,
            "the client prints \"" + escaped(output) + "\"",
            "\"" + escaped(outcome.output) + "\", and on stderr \"" +
                escaped(outcome.errors) + "\"",
            where);
    require(outcome.ending.with(0), "exit status 0", outcome.ending.text(),
            where);
  }

  static void expect_one_error_line(const Outcome& outcome,
                                    Where where = Where::here()) {
    require(outcome.ending.with(1), "exit status 1", outcome.ending.text(),
            where);
    const std::string& line = outcome.errors;
    require(std::count(line.begin(), line.end(), '\n') == 1,
            "one line on stderr", escaped(line), where);
  }
};

TEST_F(ClientProgram, SendsItsWords) {
  expect_output(run_client({"SET", "name", "Alice"}), shown(ok()) + "\n");
  expect_output(run_client({"GET", "name"}), shown(value("Alice")) + "\n");
  expect_output(run_client({"GET", "nobody"}), shown(none()) + "\n");
  expect_output(run_client({"DEL", "name"}), shown(integer(1)) + "\n");
}

TEST_F(ClientProgram, ShowsAnError) {
  const Outcome outcome = run_client({"FLY"});
  const std::string start = shown(error());
  require(outcome.output.starts_with(start) && outcome.output.ends_with('\n'),
          "a line that begins with \"" + start + "\"", escaped(outcome.output));
}

TEST_F(ClientProgram, SendsEachLineOfItsInput) {
  const std::string replies = shown(ok()) + "\n" + shown(value("Alice")) +
                              "\n" + shown(integer(1)) + "\n" + shown(none()) +
                              "\n";
  expect_output(
      run_client({}, "SET name Alice\nGET name\nDEL name\nGET name\n"),
      replies);
}

TEST_F(ClientProgram, SendsALastLineWithoutNewline) {
  expect_output(run_client({}, "GET name"), shown(none()) + "\n");
}

TEST_F(ClientProgram, PrintsNothingForNoInput) {
  expect_output(run_client({}, ""), "");
}

TEST_F(ClientProgram, SaysThatTheServerIsNotThere) {
  const uint16_t port = server().port();
  server().end();
  expect_one_error_line(run_client_on(port, {"GET", "name"}));
  expect_one_error_line(run_client_on(port, {}, "GET name\n"));
}

TEST_F(ClientProgram, RefusesAnUnknownFlag) {
  expect_one_error_line(run_program(
      {course_program(settings().milestone, "client"), "--prot", "1"}));
}

}  // namespace

}  // namespace klh::test
