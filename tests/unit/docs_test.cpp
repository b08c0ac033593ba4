// What COMMAND DOCS is made of: syntax lines, and a row for each command.
#include "commands/docs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "commands/syntax.h"
#include "commands/table.h"

namespace klh {
namespace {

// "name type", then what there is of the key's number, the token in quotes, ?
// for optional, + for multiple, and the parts.
std::string text_of(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& each : arguments) {
    text += (text.empty() ? "" : ", ") + each.name + " ";
    text += each.type;
    if (each.key) text += " #" + std::to_string(*each.key);
    if (!each.token.empty()) text += " '" + each.token + "'";
    if (each.is_optional) text += " ?";
    if (each.is_multiple) text += " +";
    if (!each.parts.empty()) text += " (" + text_of(each.parts) + ")";
  }
  return text;
}

std::string parsed(std::string_view line) {
  return text_of(parse_syntax(line));
}

TEST(Syntax, WordsAndTheirTypes) {
  EXPECT_EQ(parsed(""), "");
  EXPECT_EQ(parsed("key value"), "key key #0, value string");
  EXPECT_EQ(parsed("source destination"), "source key #0, destination key #1");
  EXPECT_EQ(parsed("key unix-time-seconds pattern score"),
            "key key #0, unix-time-seconds unix-time, pattern pattern, "
            "score double");
  EXPECT_EQ(parsed("key increment start:string min:double ip:port"),
            "key key #0, increment integer, start string, min double, "
            "ip:port string");
}

TEST(Syntax, Tokens) {
  EXPECT_EQ(parsed("[GET]"), "get pure-token 'GET' ?");
  EXPECT_EQ(parsed("[change: CH]"), "change pure-token 'CH' ?");
  EXPECT_EQ(parsed("[EX seconds]"), "seconds integer 'EX' ?");
  EXPECT_EQ(parsed("[LIMIT offset count]"),
            "offset_count block 'LIMIT' ? (offset integer, count integer)");
  EXPECT_EQ(parsed("[BY <by: MIN | MAX>]"),
            "by oneof 'BY' ? (min pure-token 'MIN', max pure-token 'MAX')");
}

TEST(Syntax, Groups) {
  EXPECT_EQ(parsed("<ON | OFF>"),
            "on_off oneof (on pure-token 'ON', off pure-token 'OFF')");
  EXPECT_EQ(parsed("[expiration: EX seconds | KEEPTTL]"),
            "expiration oneof ? (seconds integer 'EX', "
            "keepttl pure-token 'KEEPTTL')");
  EXPECT_EQ(parsed("[options: count [WITHSCORES]]"),
            "options block ? (count integer, "
            "withscores pure-token 'WITHSCORES' ?)");
  EXPECT_EQ(parsed("<parameter>"), "parameter block (parameter string)");
}

TEST(Syntax, Repetition) {
  EXPECT_EQ(parsed("numkeys key [key ...] value"),
            "numkeys integer, key key #0 +, value string");
  EXPECT_EQ(parsed("key field value [field value ...]"),
            "key key #0, field_value block + (field string, value string)");
  EXPECT_EQ(parsed("[section [section ...]]"), "section string ? +");
  EXPECT_EQ(parsed("[WEIGHTS weight [weight ...]]"),
            "weight integer 'WEIGHTS' ? +");
  EXPECT_EQ(parsed("<parameter> [...]"),
            "parameter block + (parameter string)");
}

// --- the rows ---

bool is_subcommand(const DocsRow& row) {
  return row.name.find('|') != std::string_view::npos;
}

std::vector<DocsRow> all_rows() {
  std::vector<DocsRow> all;
  for (const DocsGroup& group : docs_groups()) {
    all.insert(all.end(), group.rows.begin(), group.rows.end());
  }
  return all;
}

TEST(Docs, EachCommandHasARowAndEachRowACommand) {
  std::multiset<std::string_view> commands;
  std::multiset<std::string_view> rows;
  for (const Command& each : command_table().all()) commands.insert(each.name);
  for (const DocsRow& each : all_rows()) rows.insert(each.name);
  EXPECT_EQ(rows, commands);
}

TEST(Docs, SubcommandsStandBehindTheirCommand) {
  for (const DocsGroup& group : docs_groups()) {
    std::string_view command;
    for (const DocsRow& row : group.rows) {
      if (!is_subcommand(row)) {
        command = row.name;
      } else {
        EXPECT_EQ(row.name.substr(0, row.name.find('|')), command);
      }
    }
  }
}

TEST(Docs, SummariesAreShortLinesOfTheirOwn) {
  std::set<std::string_view> summaries;
  for (const DocsRow& row : all_rows()) {
    EXPECT_FALSE(row.summary.empty()) << row.name;
    EXPECT_LE(row.summary.size(), 60U) << row.name;
    EXPECT_FALSE(row.summary.ends_with('.')) << row.name;
    EXPECT_TRUE(summaries.insert(row.summary).second) << row.name;
  }
}

// How many words a request has at least.
size_t least_words(const std::vector<Argument>& arguments);

size_t least_words(const Argument& argument) {
  if (argument.is_optional) return 0;
  if (argument.type == kPureToken) return 1;
  const size_t token = argument.token.empty() ? 0 : 1;
  if (argument.type == kBlock) return token + least_words(argument.parts);
  if (argument.type != kOneOf) return token + 1;
  // One of them it must be, even if each may be left out.
  size_t least = SIZE_MAX;
  for (const Argument& each : argument.parts) {
    least = std::min(least, std::max<size_t>(least_words(each), 1));
  }
  return token + least;
}

size_t least_words(const std::vector<Argument>& arguments) {
  size_t least = 0;
  for (const Argument& each : arguments) least += least_words(each);
  return least;
}

bool has_a_fixed_size(const std::vector<Argument>& arguments) {
  return std::ranges::none_of(arguments, [](const Argument& each) {
    return each.is_optional || each.is_multiple ||
           !has_a_fixed_size(each.parts);
  });
}

// Not of a command with subcommands, which take the arguments, nor of these:
// QUIT takes any and looks at none, and for the request that COMMAND GETKEYS
// takes Redis has no argument.
TEST(Docs, SyntaxAgreesWithArity) {
  const std::set<std::string_view> others = {"quit", "command|getkeys"};
  for (const DocsRow& row : all_rows()) {
    const Command* const command = command_table().find(row.name);
    ASSERT_TRUE(command) << row.name;
    if (command->flags & kHasSubcommands || others.contains(row.name)) continue;
    const auto arguments = parse_syntax(row.syntax);
    const size_t name_words = is_subcommand(row) ? 2 : 1;
    const auto least = static_cast<int>(name_words + least_words(arguments));
    EXPECT_EQ(command->arity, has_a_fixed_size(arguments) ? least : -least)
        << row.name << " " << row.syntax;
  }
}

}  // namespace
}  // namespace klh
