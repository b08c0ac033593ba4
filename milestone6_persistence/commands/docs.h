// What COMMAND DOCS tells people: redis-cli makes its help and its hints of it.
//
// The rows stand apart from those of the command tables: those are read with
// each request, these never but here. A command has a row in either.
#pragma once

#include <span>
#include <string_view>

#include "commands/command.h"

namespace klh {

struct DocsRow {
  std::string_view name;     // lower case; a subcommand is "config|get"
  std::string_view since;    // the version of Redis that it came with
  std::string_view summary;  // one line
  std::string_view syntax;   // see syntax.h; what stands behind the name
};

struct DocsGroup {
  std::string_view name;  // as Redis calls it
  std::span<const DocsRow> rows;
};

// Subcommands stand behind the command that they are part of.
std::span<const DocsGroup> docs_groups();

// COMMAND DOCS: all commands, or those of the names that are known.
void command_docs(Context& context);

}  // namespace klh
