// Which replies need not be equal to the byte, and why not: the table is in
// exceptions.cpp. Whatever it does not name is compared byte for byte, and so
// is every error.
#pragma once

#include <string_view>

#include "harness/dialect.h"

namespace klh::test {

enum class Rule {
  bytes,        // equal to the byte
  anything,     // not compared at all
  errors,       // only errors are compared, to the byte
  shape,        // the same types and numbers of elements
  set,          // the same elements, in any order
  table_order,  // in any order if Redis keeps the value in a hash table
  scan,         // the same elements when the cursor is back at 0
  near_time,    // a time that is at most kNearMs away
  encoding,     // see same_encoding()
  zero_sign,    // "-0" is "0"
  identity,     // all but the id of the connection
  counters,     // of INFO, what commands have been counted to do
};

inline constexpr int kNearMs = 3000;

// The rule for a command, which may be in either case and malformed.
Rule rule_for(const Words& command);

// Whether both replies say the same by this rule; for `scan` and `table_order`
// this is about their elements as a set.
bool agree(Rule rule, const Words& command, std::string_view ours,
           std::string_view redis);

// Of `scan`: where the cursor stands among the words.
size_t cursor_position(const Words& command);

}  // namespace klh::test
