#include "commands/table.h"

#include <cassert>
#include <string>

#include "commands/args.h"
#include "commands/eviction.h"

namespace klh {

namespace {

// Redis quotes at most this much of what it did not understand.
constexpr size_t kQuotedBytes = 128;

// Redis quotes arguments as C strings.
std::string_view until_zero(std::string_view bytes) {
  return bytes.substr(0, bytes.find('\0'));
}

void reply_unknown_command(Context& context) {
  std::string text = "ERR unknown command '";
  text += until_zero(context.args[0]).substr(0, kQuotedBytes);
  text += "', with args beginning with: ";
  std::string quoted;
  for (const std::string_view arg : context.args.subspan(1)) {
    if (quoted.size() >= kQuotedBytes) break;
    const size_t room = kQuotedBytes - quoted.size();
    quoted += "'" + std::string(until_zero(arg).substr(0, room)) + "' ";
  }
  text += quoted;
  context.reply.error(text);
}

void reply_wrong_arity(Context& context, const Command& command) {
  context.reply.error("ERR wrong number of arguments for '" +
                      std::string(command.name) + "' command");
}

using Family = std::span<const Command>;

std::vector<Family> families() {
  return {string_commands(),
          list_commands(),
          hash_commands(),
          sorted_set_commands(),
          sorted_set_range_commands(),
          sorted_set_operation_commands(),
          key_commands(),
          client_commands(),
          admin_commands(),
          info_commands(),
          introspection_commands()};
}

// FNV-1a; the names are ours, so nobody can flood this one. Bit 5 is what the
// two cases of an ASCII letter differ in.
size_t hash_of(std::string_view name) {
  constexpr char kCaseBit = 0x20;
  uint32_t hash = 2166136261;
  for (const char byte : name) {
    hash = (hash ^ static_cast<unsigned char>(byte | kCaseBit)) * 16777619;
  }
  return hash ^ hash >> 16;
}

}  // namespace

CommandTable::CommandTable() {
  for (const Family family : families()) {
    all_.insert(all_.end(), family.begin(), family.end());
  }
  assert(all_.size() <= kSlots / 2);
  for (const Command& command : all_) {
    const size_t slot = slot_of(command.name);
    assert(!slots_[slot]);  // no name twice
    slots_[slot] = &command;
  }
}

// The slot of this name, or the free one where it would be.
size_t CommandTable::slot_of(std::string_view name) const {
  size_t slot = hash_of(name) % kSlots;
  while (slots_[slot] && !same_word(slots_[slot]->name, name)) {
    slot = (slot + 1) % kSlots;
  }
  return slot;
}

bool takes(int arity, size_t count) {
  const auto least = static_cast<size_t>(std::abs(arity));
  return arity < 0 ? count >= least : count == least;
}

std::vector<std::string_view> keys_of(const Command& command, Args request) {
  std::vector<std::string_view> keys;
  const Keys& spec = command.keys;
  const auto size = static_cast<int>(request.size());
  const int last = spec.last < 0 ? size + spec.last : spec.last;
  for (int i = spec.first; spec.first > 0 && i <= last; i += spec.step) {
    keys.push_back(request[static_cast<size_t>(i)]);
  }
  if (spec.count == 0) return keys;
  // No keys at all if the number is none, or not that of so many arguments.
  const auto count = static_cast<size_t>(spec.count);
  const int64_t wanted = parse_integer(request[count]).value_or(0);
  const Args rest = request.subspan(count + 1);
  if (wanted < 1 || wanted > static_cast<int64_t>(rest.size())) return {};
  const Args counted = rest.first(static_cast<size_t>(wanted));
  keys.insert(keys.end(), counted.begin(), counted.end());
  return keys;
}

const CommandTable& command_table() {
  static const CommandTable table;
  return table;
}

void execute(Context& context) {
  Statistics& statistics = context.host.statistics;
  ++statistics.commands_processed;
  const Command* const command = command_table().find(context.args[0]);
  if (!command) return reply_unknown_command(context);
  if (!takes(command->arity, context.args.size())) {
    return reply_wrong_arity(context, *command);
  }
  if (!(command->flags & kNoAuth) &&
      needs_password(context.host, context.session)) {
    return context.reply.error("NOAUTH Authentication required.");
  }
  if (command->flags & kDenyOom && !has_room(context.host)) {
    return context.reply.error(
        "OOM command not allowed when used memory > 'maxmemory'.");
  }
  context.session.last_command = command->name;
  ++statistics.calls[command_table().number_of(*command)];
  command->handle(context);
}

bool Context::gives_up() {
  const uint64_t limit = clients_limit(host.options);
  if (limit == 0 || reply.output().size() <= limit || !session.is_evictable) {
    return false;
  }
  session.should_close = true;
  return true;
}

void Context::reply_wrong_type() {
  reply.error(
      "WRONGTYPE Operation against a key holding the wrong kind of value");
}

}  // namespace klh
