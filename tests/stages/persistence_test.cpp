// What was stored is there again when the server is started anew in the same
// directory. The files themselves are the business of tests/store.
#include <signal.h>

#include <optional>

#include "harness/stage_test.h"

namespace klh::test {

namespace {

class Persistence : public StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    likely_cause(
        "nothing is written when the server ends, or nothing is loaded when "
        "it starts. Its files belong in the directory that it is started in.");
  }

  // The same directory each time; --dir is left at its default.
  void start_again() { start({.directory = directory_.path()}); }

  void end_with(int signal_number) {
    if (tests_learner()) {
      server().signal(signal_number);
      server().wait_until_ended();
    } else {
      server().end_cleanly(signal_number);
    }
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Persistence, SurvivesARestart) {
  for (const int signal_number : {SIGTERM, SIGINT}) {
    start_again();
    connect().ask({"SET", "name", "Alice"}, ok());
    end_with(signal_number);
    start_again();
    connect().ask({"GET", "name"}, value("Alice"));
    connect().ask({"DEL", "name"}, integer(1));
    end_with(signal_number);
  }
}

TEST_F(Persistence, AnyBytesSurvive) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  start_again();
  connect().ask({"SET", "bytes", every_byte}, ok());
  connect().ask({"SET", "nothing", ""}, ok());
  end_with(SIGTERM);
  start_again();
  connect().ask({"GET", "bytes"}, value(every_byte));
  connect().ask({"GET", "nothing"}, value(""));
}

TEST_F(Persistence, WhatWasDeletedStaysDeleted) {
  start_again();
  connect().ask({"SET", "name", "Alice"}, ok());
  end_with(SIGTERM);
  start_again();
  connect().ask({"DEL", "name"}, integer(1));
  end_with(SIGTERM);
  start_again();
  connect().ask({"GET", "name"}, none());
}

}  // namespace

}  // namespace klh::test
