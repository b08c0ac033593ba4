// Takes apart the syntax line of a command (docs_rows.cpp) into the arguments
// that COMMAND DOCS tells of. The line is written as in a manual page:
//
//   word                 an argument; what it is called tells its type
//   word:double          an argument of another type than its name tells
//   WORD                 a word to be sent as it stands
//   WORD word ...        the same, and the arguments that belong to it
//   a | b                one of them, between brackets
//   [...]                may be left out
//   <...>                must not; without a bar in it, one thing: a block
//   a b [a b ...]        once or more often
//   < ... > [...]        the same, for what stands between brackets
//   [name: ...]          the name that Redis has for it
//
// A group without such a name is called by the names in it, joined by "_".
//
//   "key value [condition: NX | XX]"
//
//        key       key, the first
//        value     string
//        condition oneof, optional
//          nx        pure-token NX
//          xx        pure-token XX
//
// The lines are our own: one that is malformed is a bug, and asserted. What no
// command of ours needs is not known here: a token that comes again with each
// value (multiple_token), and another name to be displayed (display_text).
// Source: https://redis.io/docs/latest/commands/command-docs/
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace klh {

struct Argument {
  std::string name;
  std::string_view type;        // as Redis calls it
  std::string token = {};       // what is sent before it, or all of it
  std::optional<int> key = {};  // which key it is, counted from 0
  bool is_optional = false;
  bool is_multiple = false;
  std::vector<Argument> parts = {};  // of a oneof or a block
};

inline constexpr std::string_view kPureToken = "pure-token";
inline constexpr std::string_view kOneOf = "oneof";
inline constexpr std::string_view kBlock = "block";

std::vector<Argument> parse_syntax(std::string_view line);

}  // namespace klh
