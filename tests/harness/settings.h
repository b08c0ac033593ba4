// What the command line says about this run, set once by main() before any
// test; gtest makes the fixtures, so it cannot be handed to them.
#pragma once

#include <string>

#include "harness/dialect.h"

namespace klh::test {

struct Settings {
  int milestone = 0;        // whose contract holds; 0: no stage is tested
  std::string server;       // the learner's command; empty: the course's own
  int deadline_ms = 10000;  // for each single wait
};

Settings& settings();

// True when the program under test is the learner's: only `--port N` is asked
// of it, in whatever language it is written.
bool tests_learner();

Dialect dialect_of(int milestone);

// The milestone's own programs, as built for this variant of the tests.
std::string course_program(int milestone, const std::string& name);

// "10 s", for messages.
std::string deadline_text();

}  // namespace klh::test
