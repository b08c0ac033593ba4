#include "commands/table.h"

#include <cassert>
#include <chrono>
#include <string>

#include "commands/args.h"
#include "commands/eviction.h"

namespace klh {

namespace {

// Redis quotes at most this much of what it did not understand.
constexpr size_t kQuotedBytes = 128;

constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";

// Redis quotes arguments as C strings.
std::string_view until_zero(std::string_view bytes) {
  return bytes.substr(0, bytes.find('\0'));
}

void reply_unknown_command(Context& context) {
  const Command* const command = command_table().find(context.args[0]);
  if (command && command->flags & kHasSubcommands) {
    return reply_unknown_subcommand(context);
  }
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

struct Family {
  std::string_view category;  // of ACL, see redis.conf
  std::span<const Command> commands;
};

std::vector<Family> families() {
  return {{"@string", string_commands()},
          {"@list", list_commands()},
          {"@hash", hash_commands()},
          {"@sortedset", sorted_set_commands()},
          {"@sortedset", sorted_set_range_commands()},
          {"@sortedset", sorted_set_operation_commands()},
          {"@keyspace", key_commands()},
          {"@connection", client_commands()},
          {"", admin_commands()},
          {"", info_commands()},
          {"@connection", introspection_commands()}};
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

// Is what has been replied since `begin` an error?
bool is_error(const Buffer& output, size_t begin) {
  return output.size() > begin && output.view()[begin] == '-';
}

CommandStatistics& statistics_of(Context& context, const Command& command) {
  return context.host.statistics.commands[command_table().number_of(command)];
}

// If not, the error has been replied.
bool refuse(Context& context, std::string_view error) {
  context.reply.error(error);
  return false;
}

bool may_run(Context& context, const Command& command) {
  const FileStatus& files = context.host.files;
  if (!takes(command.arity, context.args.size())) {
    reply_wrong_arity(context, command);
    return false;
  }
  if (!(command.flags & kNoAuth) &&
      needs_password(context.host, context.session)) {
    return refuse(context, "NOAUTH Authentication required.");
  }
  if (files.is_loading && !(command.flags & kLoading)) {
    return refuse(context, "LOADING Redis is loading the dataset in memory");
  }
  if ((command.flags & kDenyOom) && !has_room(context.host)) {
    return refuse(context, kOutOfMemory);
  }
  if ((command.flags & kWrite) && !files.write_failure.ok()) {
    return refuse(context, "MISCONF Errors writing to the AOF file: " +
                               files.write_failure.text());
  }
  return true;
}

// Two looks at the clock take 50 ns, a tenth of a pipelined GET. So one call of
// a command in so many is timed, the first among them: a prime, lest calls that
// come in turns always miss it.
constexpr uint64_t kTimedOneIn = 61;

void run(Context& context, const Command& command) {
  using Clock = std::chrono::steady_clock;
  context.session.last_command = command.name;
  CommandStatistics& counted = statistics_of(context, command);
  if (counted.calls % kTimedOneIn != 0) {
    command.handle(context);
  } else {
    const Clock::time_point start = Clock::now();
    command.handle(context);
    const std::chrono::nanoseconds spent = Clock::now() - start;
    ++counted.timed;
    counted.timed_ns += static_cast<uint64_t>(spent.count());
  }
  ++counted.calls;  // last, for INFO and CONFIG RESETSTAT, as Redis does
}

// By the code that the reply, which lies behind `begin`, begins with.
void count_error(Context& context, size_t begin) {
  const std::string_view reply = context.reply.output().view().substr(begin);
  const size_t end = reply.find_first_of(" \r");
  Statistics& statistics = context.host.statistics;
  ++statistics.error_replies;
  ++statistics.errors[std::string(reply.substr(1, end - 1))];
}

}  // namespace

CommandTable::CommandTable() {
  for (const Family& family : families()) {
    for (Command command : family.commands) {
      if (command.handle) command.category = family.category;
      all_.push_back(command);
    }
  }
  assert(all_.size() <= kSlots / 2);
  for (Command& command : all_) {
    if (command.name.find('|') != command.name.npos) {
      command.flags |= kSubcommand;
    }
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

// "config|get" names a row, but no request can begin with it.
const Command* CommandTable::find_subcommand(const Command& command,
                                             Args request) const {
  if (command.flags & kSubcommand) return nullptr;
  if (request.size() == 1) return &command;
  std::string name(command.name);
  name += '|';
  name += request[1];
  return find(name);
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
  const size_t begin = context.reply.output().size();
  ++context.host.statistics.commands_processed;
  const Command* const command = command_table().find(context.args);
  bool has_run = false;
  if (!command) {
    reply_unknown_command(context);
  } else if (!may_run(context, *command)) {
    ++statistics_of(context, *command).rejected;
  } else {
    run(context, *command);
    has_run = true;
  }
  if (!is_error(context.reply.output(), begin)) return;
  count_error(context, begin);
  if (has_run) ++statistics_of(context, *command).failed;
}

Status apply_effect(Host& host, Args effect) {
  const Command* const command = command_table().find(effect[0]);
  if (!command || !(command->flags & kWrite)) {
    return Status::invalid("not a change");
  }
  if (!takes(command->arity, effect.size())) {
    return Status::invalid("not so many arguments");
  }
  Session session;
  Buffer output;
  Context context(host, session, effect, output);
  command->handle(context);
  if (!output.view().starts_with('-')) return {};
  return Status::invalid(
      std::string(output.view().substr(1, output.size() - 3)));
}

bool Context::can_take(size_t bytes) {
  Buffer& output = reply.output();
  const size_t replied = output.size() - reply_begin_;
  if (bytes <= SIZE_MAX - replied && session.share.can_take(replied + bytes)) {
    return true;
  }
  // The room that the reply has had so far goes back with it.
  output = Buffer::fitting(output.view().substr(0, reply_begin_));
  reply.error(
      "OOM command needs more memory than 'maxmemory-clients' has left.");
  return false;
}

bool Context::can_store(size_t bytes) {
  if (has_room_for(host, bytes)) return true;
  reply.error(kOutOfMemory);
  return false;
}

void Context::reply_wrong_type() {
  reply.error(
      "WRONGTYPE Operation against a key holding the wrong kind of value");
}

}  // namespace klh
