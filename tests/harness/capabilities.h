// Which stage promises what: one row for each suite of tests/stages.
#pragma once

#include <string_view>
#include <vector>

namespace klh::test {

struct Capability {
  std::string_view suite;
  int from;               // the first milestone that promises it,
  int until;              // and the last
  bool course_only;       // asks more of a server than `--port N`
  std::string_view row;   // in the table of `make matrix`; empty: not shown
  std::string_view read;  // what to read when it fails
};

const std::vector<Capability>& capabilities();

// The gtest filter of what `milestone` promises, or, with `beyond`, of what
// only a later one does.
std::string_view stage_title(int milestone);
std::string promised_by(int milestone, bool for_learner);
std::string beyond(int milestone);

// The row of a suite; null if it is none of the stages'.
const Capability* find_capability(std::string_view suite);

}  // namespace klh::test
