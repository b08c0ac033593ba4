// All commands, found by their names.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "commands/command.h"

namespace klh {

// The families, each the table at the end of its file.
std::span<const Command> admin_commands();
std::span<const Command> hash_commands();
std::span<const Command> key_commands();
std::span<const Command> list_commands();
std::span<const Command> string_commands();

class CommandTable {
 public:
  CommandTable();

  // The command of this name in any case, or nullptr. O(1).
  const Command* find(std::string_view name) const;

  // In the order of the families.
  const std::vector<const Command*>& all() const { return all_; }

 private:
  static constexpr size_t kSlots = 1024;  // open addressing: keep it half empty

  static size_t slot_of(std::string_view name);

  std::vector<const Command*> all_;
  std::array<const Command*, kSlots> slots_{};
};

// The one table there is; it never changes.
const CommandTable& command_table();

// Runs the command that context.args ask for: exactly one reply, an error if
// there is no such command or it takes another number of arguments.
void execute(Context& context);

}  // namespace klh
