// docs/states.md, read as what it is for the tests: what each command must
// bring about in each state.
//
//   | code | reply | the server | the files |      what a code stands for
//   | command | at rest | loading | …  |           a code in each cell
//
// Commands stand in backticks, several in a cell if the same holds for all of
// them. What the page says in other words than these ends the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace klh::test {

// What a code stands for.
struct Expectation {
  enum class Reply { begins, nothing, connection_ends };
  enum class Files { any, as_they_were, new_dump };

  std::string code;
  Reply reply = Reply::begins;
  std::string text = {};  // with which the reply begins
  int status = kGoesOn;   // with which the server ends
  Files files = Files::any;

  static constexpr int kGoesOn = -1;
};

struct Cell {
  std::string command;  // a line for the server, or "SIGTERM"
  std::string state;
  Expectation expected;
};

// Of all tables of the page, in their order.
const std::vector<Cell>& table_of_states();

}  // namespace klh::test
