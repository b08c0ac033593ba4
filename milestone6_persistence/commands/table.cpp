#include "commands/table.h"

#include <cassert>
#include <string>

#include "commands/args.h"

namespace klh {

namespace {

// Redis quotes at most this much of what it did not understand.
constexpr size_t kQuotedBytes = 128;

void reply_unknown_command(Context& context) {
  std::string text = "ERR unknown command '";
  text += context.args[0].substr(0, kQuotedBytes);
  text += "', with args beginning with: ";
  std::string quoted;
  for (const std::string_view arg : context.args.subspan(1)) {
    if (quoted.size() >= kQuotedBytes) break;
    const size_t room = kQuotedBytes - quoted.size();
    quoted += "'" + std::string(arg.substr(0, room)) + "' ";
  }
  text += quoted;
  context.reply.error(text);
}

void reply_wrong_arity(Context& context, const Command& command) {
  context.reply.error("ERR wrong number of arguments for '" +
                      std::string(command.name) + "' command");
}

bool takes(const Command& command, size_t count) {
  const auto arity = static_cast<size_t>(std::abs(command.arity));
  return command.arity < 0 ? count >= arity : count == arity;
}

}  // namespace

CommandTable::CommandTable() {
  for (const auto family : {string_commands(), list_commands(), hash_commands(),
                            key_commands(), admin_commands()}) {
    for (const Command& command : family) all_.push_back(&command);
  }
  assert(all_.size() <= kSlots / 2);
  for (const Command* command : all_) {
    size_t slot = slot_of(command->name);
    while (slots_[slot]) slot = (slot + 1) % kSlots;
    slots_[slot] = command;
  }
}

const Command* CommandTable::find(std::string_view name) const {
  size_t slot = slot_of(name);
  while (slots_[slot] && !same_word(slots_[slot]->name, name)) {
    slot = (slot + 1) % kSlots;
  }
  return slots_[slot];
}

// FNV-1a; the names are ours, so nobody can flood this one. Bit 5 is what the
// two cases of an ASCII letter differ in.
size_t CommandTable::slot_of(std::string_view name) {
  constexpr char kCaseBit = 0x20;
  uint32_t hash = 2166136261;
  for (const char byte : name) {
    hash = (hash ^ static_cast<unsigned char>(byte | kCaseBit)) * 16777619;
  }
  return (hash ^ hash >> 16) % kSlots;
}

const CommandTable& command_table() {
  static const CommandTable table;
  return table;
}

void execute(Context& context) {
  ++context.host.statistics.commands_processed;
  const Command* const command = command_table().find(context.args[0]);
  if (!command) return reply_unknown_command(context);
  if (!takes(*command, context.args.size())) {
    return reply_wrong_arity(context, *command);
  }
  command->handle(context);
}

void Context::reply_wrong_type() {
  reply.error(
      "WRONGTYPE Operation against a key holding the wrong kind of value");
}

}  // namespace klh
