// https://redis.io/docs/latest/commands/command-docs/; what only Redis tells
// there: complexity, history and ACL categories.
#include "commands/docs.h"

#include <vector>

#include "commands/args.h"
#include "commands/syntax.h"

namespace klh {

namespace {

void reply_pair(Reply& reply, std::string_view name, std::string_view value) {
  reply.bulk(name);
  reply.bulk(value);
}

void reply_arguments(Reply& reply, const std::vector<Argument>& arguments);

void reply_flags(Reply& reply, const Argument& argument) {
  const auto count = size_t{argument.is_optional} + argument.is_multiple;
  if (count == 0) return;
  reply.bulk("flags");
  reply.set(count);
  if (argument.is_optional) reply.status("optional");
  if (argument.is_multiple) reply.status("multiple");
}

void reply_argument(Reply& reply, const Argument& argument) {
  const bool has_flags = argument.is_optional || argument.is_multiple;
  reply.map(size_t{2} + argument.key.has_value() + !argument.token.empty() +
            has_flags + !argument.parts.empty());
  reply_pair(reply, "name", argument.name);
  reply_pair(reply, "type", argument.type);
  if (argument.key) {
    reply.bulk("key_spec_index");
    reply.integer(*argument.key);
  }
  if (!argument.token.empty()) reply_pair(reply, "token", argument.token);
  reply_flags(reply, argument);
  if (!argument.parts.empty()) reply_arguments(reply, argument.parts);
}

void reply_arguments(Reply& reply, const std::vector<Argument>& arguments) {
  reply.bulk("arguments");
  reply.array(arguments.size());
  for (const Argument& each : arguments) reply_argument(reply, each);
}

bool is_subcommand(const DocsRow& row) {
  return row.name.find('|') != std::string_view::npos;
}

// The rows of its subcommands, which follow it.
std::span<const DocsRow> subcommands_of(const DocsGroup& group,
                                        const DocsRow& row) {
  const auto first = static_cast<size_t>(&row - group.rows.data()) + 1;
  size_t last = first;
  if (!is_subcommand(row)) {
    while (last < group.rows.size() && is_subcommand(group.rows[last])) ++last;
  }
  return group.rows.subspan(first, last - first);
}

void reply_row(Reply& reply, const DocsGroup& group, const DocsRow& row) {
  const std::span<const DocsRow> subcommands = subcommands_of(group, row);
  reply.bulk(row.name);
  reply.map(size_t{3} + !row.syntax.empty() + !subcommands.empty());
  reply_pair(reply, "summary", row.summary);
  reply_pair(reply, "since", row.since);
  reply_pair(reply, "group", group.name);
  if (!row.syntax.empty()) reply_arguments(reply, parse_syntax(row.syntax));
  if (subcommands.empty()) return;
  reply.bulk("subcommands");
  reply.map(subcommands.size());
  for (const DocsRow& each : subcommands) reply_row(reply, group, each);
}

struct Found {
  const DocsGroup* group;
  const DocsRow* row;
};

// By its name, or without one all but the subcommands.
void find(std::string_view name, std::vector<Found>& found) {
  for (const DocsGroup& group : docs_groups()) {
    for (const DocsRow& row : group.rows) {
      if (name.empty() ? !is_subcommand(row) : same_word(row.name, name)) {
        found.push_back({&group, &row});
      }
    }
  }
}

}  // namespace

void command_docs(Context& context) {
  const Args names = context.args.subspan(2);
  std::vector<Found> found;
  if (names.empty()) find("", found);
  for (const std::string_view name : names) {
    if (!name.empty()) find(name, found);
  }
  context.reply.map(found.size());
  for (const auto& [group, row] : found) reply_row(context.reply, *group, *row);
}

}  // namespace klh
