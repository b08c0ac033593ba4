// The table has all commands and finds them by their names.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "common/status.h"

namespace klh {

// The families, each the table at the end of its file.
std::span<const Command> admin_commands();
std::span<const Command> client_commands();
std::span<const Command> hash_commands();
std::span<const Command> info_commands();
std::span<const Command> introspection_commands();
std::span<const Command> key_commands();
std::span<const Command> list_commands();
std::span<const Command> sorted_set_commands();
std::span<const Command> sorted_set_operation_commands();
std::span<const Command> sorted_set_range_commands();
std::span<const Command> string_commands();

class CommandTable {
 public:
  CommandTable();

  // Returns the command of this name in any case, or nullptr. O(1).
  const Command* find(std::string_view name) const {
    return slots_[slot_of(name)];
  }

  // Returns the command that a request asks for: where its first word has
  // subcommands, it is what the second word names. O(1).
  const Command* find(Args request) const {
    const Command* const command = find(request[0]);
    if (!command || !(command->flags & (kHasSubcommands | kSubcommand))) {
      return command;
    }
    return find_subcommand(*command, request);
  }

  // Returns them in the order of the families.
  std::span<const Command> all() const { return all_; }

  // Returns the place of a command in all(), for tables beside this one.
  size_t number_of(const Command& command) const {
    return static_cast<size_t>(&command - all_.data());
  }

 private:
  static constexpr size_t kSlots = 1024;  // open addressing: keep it half empty

  size_t slot_of(std::string_view name) const;
  const Command* find_subcommand(const Command& command, Args request) const;

  std::vector<Command> all_;
  std::array<const Command*, kSlots> slots_{};
};

// Returns whether a command of this arity takes so many arguments, its name
// included.
bool takes(int arity, size_t count);

// Returns the keys among the arguments of a request that the command takes.
std::vector<std::string_view> keys_of(const Command& command, Args request);

// Returns the one table there is; it never changes.
const CommandTable& command_table();

// Returns whether a password is set that this client has not given.
inline bool needs_password(const Host& host, const Session& session) {
  return !session.is_authenticated && !host.options.requirepass.empty();
}

// Runs the command that context.args ask for: exactly one reply, an error if
// there is no such command or it takes another number of arguments.
void execute(Context& context);

// Brings about a change that a journal tells of, or returns what is wrong with
// it.
Status apply_effect(Host& host, Args effect);

}  // namespace klh
