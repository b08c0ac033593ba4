// The server's configuration file, and what stands before it on the command
// line.
#include "store/store_test.h"

namespace klh::test {

namespace {

class Configuration : public StoreTest {
 protected:
  // What a server prints that is started with these words alone.
  static Outcome run(const std::vector<std::string>& words) {
    std::vector<std::string> command = {
        course_program(settings().milestone, "server")};
    command.insert(command.end(), words.begin(), words.end());
    return run_program(command);
  }

  void check_mistake(const std::string& text, const std::string& complaint,
                     Where where = Where::here()) {
    write_file(path("klh.conf"), text);
    const Outcome outcome = run({path("klh.conf")});
    require(outcome.ending.with(1), "exit status 1", outcome.ending.text(),
            where);
    const std::string expected = "klh: " + path("klh.conf") + complaint + "\n";
    require(outcome.errors == expected, expected, outcome.errors, where);
  }
};

TEST_F(Configuration, IsReadAndFlagsWin) {
  write_file(path("klh.conf"),
             "# ours\n"
             "port 1\n"
             "timeout 7\r\n"
             "loglevel warning\n"
             "requirepass \"a b\"\n"
             "save 900 1\n"
             "save 60 100\n"
             "dir " +
                 path("data") + "\n");
  configure(path("klh.conf"));
  start({"--timeout", "8"});
  check({"AUTH", "a b"}, "+OK\r\n");
  check({"CONFIG", "GET", "save"}, array({"save", "900 1 60 100"}));
  check({"CONFIG", "GET", "timeout"}, array({"timeout", "8"}));
  check({"SET", "a", "1"}, "+OK\r\n");
  EXPECT_TRUE(names_in(path("data")).contains("journal-1.klh"));
  const std::string info = ask({"INFO", "server"});
  EXPECT_NE(info.find("\r\nconfig_file:" + path("klh.conf") + "\r\n"),
            info.npos);
  EXPECT_EQ(server().log(), "");
}

TEST_F(Configuration, AMistakeIsOneLineThatNamesIt) {
  check_mistake("port 0\nprot 7000\n", ":2: unknown directive 'prot'");
  check_mistake("port 0\n\nmaxclients 0\n",
                ":3: bad value '0' for maxclients: argument must be between 1 "
                "and 4294967295 inclusive");
  check_mistake("bind nonsense \"\n",
                ":1: a quote is not closed, or closed in a word");
  EXPECT_EQ(run({path("none")}).errors,
            "klh: " + path("none") + ": No such file or directory\n");
}

TEST_F(Configuration, OnlyTheFirstWordIsAFile) {
  EXPECT_EQ(run({"--port", "0", path("klh.conf")}).errors,
            "klh: unknown word '" + path("klh.conf") + "'\n");
}

TEST_F(Configuration, ProgramsTellTheirVersion) {
  Outcome outcome = run({"--version"});
  EXPECT_TRUE(outcome.ending.with(0));
  EXPECT_TRUE(outcome.output.starts_with("klh-server ")) << outcome.output;
  outcome = run_program(
      {course_program(settings().milestone, "client"), "--version"});
  EXPECT_TRUE(outcome.ending.with(0));
  EXPECT_TRUE(outcome.output.starts_with("klh-client ")) << outcome.output;
}

}  // namespace

}  // namespace klh::test
