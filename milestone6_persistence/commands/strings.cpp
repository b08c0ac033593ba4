// String commands: https://redis.io/commands/?group=string
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"
#include "common/number.h"

namespace klh {

namespace {

constexpr std::string_view kTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

void reply_value(Context& context, const String* value) {
  if (!value) return context.reply.null();
  context.reply.bulk(value->view());
}

// The time that EX, PX, EXAT or PXAT give, and what else SET and GETEX take.
struct SetOptions {
  std::optional<int64_t> when_ms;
  std::optional<std::string_view> amount{};  // of the time, not read yet
  int64_t unit_ms = 1;
  int64_t base_ms = 0;
  bool keeps_time = false;
  bool persists = false;
  bool nx = false;
  bool xx = false;
  bool get = false;
};

// "EX 10" and its kin; false when the next argument is none of them. What the
// number is worth, resolve_time says when all options have been read.
bool read_time(Context& context, ArgReader& in, SetOptions& options) {
  const bool in_seconds = in.accept("ex");
  const bool in_ms = !in_seconds && in.accept("px");
  const bool at_s = !in_seconds && !in_ms && in.accept("exat");
  if (!in_seconds && !in_ms && !at_s && !in.accept("pxat")) return false;
  const int64_t unit_ms = in_seconds || at_s ? 1000 : 1;
  const int64_t base_ms = in_seconds || in_ms ? context.store.now_ms() : 0;
  // The same option once more takes the place of the first, as in Redis.
  const bool is_taken = options.amount && (unit_ms != options.unit_ms ||
                                           base_ms != options.base_ms);
  if (is_taken || options.keeps_time || options.persists) {
    in.fail(kSyntaxError);
  }
  options.unit_ms = unit_ms;
  options.base_ms = base_ms;
  options.amount = in.word();
  return true;
}

// False: the error has been replied.
bool resolve_time(Context& context, SetOptions& options) {
  if (!options.amount) return true;
  const std::optional<int64_t> amount = parse_integer(*options.amount);
  if (!amount) {
    context.reply.error(kNotAnInteger);
    return false;
  }
  options.when_ms = absolute_ms(*amount, options.unit_ms, options.base_ms);
  if (*amount > 0 && options.when_ms) return true;
  context.reply.error("ERR invalid expire time in '" +
                      lower_case(context.args[0]) + "' command");
  return false;
}

bool read_set_options(Context& context, SetOptions& options) {
  ArgReader in(context, 3);
  while (!in.at_end() && !in.failed()) {
    if (!options.xx && in.accept("nx")) {
      options.nx = true;
    } else if (!options.nx && in.accept("xx")) {
      options.xx = true;
    } else if (in.accept("get")) {
      options.get = true;
    } else if (!options.amount && in.accept("keepttl")) {
      options.keeps_time = true;
    } else if (!read_time(context, in, options)) {
      in.fail(kSyntaxError);
    }
  }
  return in.finish();
}

// Sets a value with a time, or without one, and says so as an effect. A time
// that has passed already erases the key.
void store_value(Context& context, std::string_view key, std::string_view value,
                 const SetOptions& options) {
  Store& store = context.store;
  if (options.when_ms && *options.when_ms <= store.now_ms()) {
    if (store.erase(key)) context.changed_as({"DEL", key});
    return;
  }
  Entry& entry = store.set_string(key, value);
  if (options.when_ms) {
    store.expire_at(entry, *options.when_ms);
    context.changed_as(
        {"SET", key, value, "PXAT", std::to_string(*options.when_ms)});
  } else if (options.keeps_time) {
    context.changed_as({"SET", key, value, "KEEPTTL"});
  } else {
    store.persist(entry);
    context.changed_as({"SET", key, value});
  }
}

void set(Context& context) {
  SetOptions options;
  if (!read_set_options(context, options)) return;
  if (!resolve_time(context, options)) return;
  const std::string_view key = context.args[1];
  if (context.args.size() == 3) {
    store_value(context, key, context.args[2], options);
    return context.reply.ok();
  }
  if (options.get) {
    String* old;
    if (!context.find_to_read(key, old)) return;
    reply_value(context, old);
  }
  const bool exists = context.store.find(key) != nullptr;
  const bool allowed = options.nx ? !exists : !options.xx || exists;
  if (allowed) store_value(context, key, context.args[2], options);
  if (options.get) return;
  if (!allowed) return context.reply.null();
  context.reply.ok();
}

void setnx(Context& context) {
  if (context.store.find(context.args[1])) return context.reply.integer(0);
  store_value(context, context.args[1], context.args[2], {});
  context.reply.integer(1);
}

void set_with_time(Context& context, int64_t unit_ms) {
  const std::optional<int64_t> amount = parse_integer(context.args[2]);
  if (!amount) return context.reply.error(kNotAnInteger);
  SetOptions options;
  options.when_ms = absolute_ms(*amount, unit_ms, context.store.now_ms());
  if (*amount <= 0 || !options.when_ms) {
    return context.reply.error("ERR invalid expire time in '" +
                               lower_case(context.args[0]) + "' command");
  }
  store_value(context, context.args[1], context.args[3], options);
  context.reply.ok();
}

void setex(Context& context) {
  set_with_time(context, 1000);
}
void psetex(Context& context) {
  set_with_time(context, 1);
}

void get(Context& context) {
  String* value;
  if (!context.find_to_read(context.args[1], value)) return;
  reply_value(context, value);
}

void getset(Context& context) {
  String* old;
  if (!context.find_to_read(context.args[1], old)) return;
  reply_value(context, old);
  store_value(context, context.args[1], context.args[2], {});
}

void getdel(Context& context) {
  String* value;
  if (!context.find_to_read(context.args[1], value)) return;
  reply_value(context, value);
  if (!value) return;
  context.store.erase(context.args[1]);
  context.changed_as({"DEL", context.args[1]});
}

void getex(Context& context) {
  SetOptions options;
  ArgReader in(context, 2);
  while (!in.at_end() && !in.failed()) {
    if (!options.amount && in.accept("persist")) {
      options.persists = true;
    } else if (!read_time(context, in, options)) {
      in.fail(kSyntaxError);
    }
  }
  if (!in.finish()) return;
  const std::string_view key = context.args[1];
  String* value;
  if (!context.find_to_read(key, value)) return;
  if (!value) return context.reply.null();
  if (!resolve_time(context, options)) return;
  reply_value(context, value);
  Entry& entry = *context.store.find(key);
  if (options.when_ms && *options.when_ms <= context.store.now_ms()) {
    context.store.erase(key);
    context.changed_as({"DEL", key});
  } else if (options.when_ms) {
    context.store.expire_at(entry, *options.when_ms);
    context.changed_as({"PEXPIREAT", key, std::to_string(*options.when_ms)});
  } else if (options.persists && context.store.persist(entry)) {
    context.changed_as({"PERSIST", key});
  }
}

// MSET and MSETNX

bool has_pairs(Context& context) {
  if (context.args.size() % 2 == 1) return true;
  context.reply.error("ERR wrong number of arguments for '" +
                      lower_case(context.args[0]) + "' command");
  return false;
}

void set_pairs(Context& context) {
  const Args args = context.args;
  for (size_t i = 1; i < args.size(); i += 2) {
    context.store.persist(context.store.set_string(args[i], args[i + 1]));
  }
  context.changed(args.size() / 2);
}

void mset(Context& context) {
  if (!has_pairs(context)) return;
  set_pairs(context);
  context.reply.ok();
}

void msetnx(Context& context) {
  if (!has_pairs(context)) return;
  for (size_t i = 1; i < context.args.size(); i += 2) {
    if (context.store.find(context.args[i])) return context.reply.integer(0);
  }
  set_pairs(context);
  context.reply.integer(1);
}

// A key of another type counts as missing here.
void mget(Context& context) {
  context.reply.array(context.args.size() - 1);
  for (const std::string_view key : context.args.subspan(1)) {
    const Entry* const entry = context.find_to_read(key);
    const String* const value = entry ? entry->value<String>() : nullptr;
    if (!context.can_take(value ? value->size() : 0)) return;
    reply_value(context, value);
  }
}

void append(Context& context) {
  const std::string_view suffix = context.args[2];
  String* value;
  if (!context.find(context.args[1], value)) return;
  if (value && value->size() + suffix.size() > String::kMaxBytes) {
    return context.reply.error(kTooLong);
  }
  if (!value) value = context.store.find_or_create<String>(context.args[1]);
  value->append(suffix);
  context.changed();
  context.reply.integer(static_cast<int64_t>(value->size()));
}

void strlen(Context& context) {
  String* value;
  if (!context.find_to_read(context.args[1], value)) return;
  context.reply.integer(value ? static_cast<int64_t>(value->size()) : 0);
}

// Counters

void add(Context& context, int64_t amount) {
  String* value;
  if (!context.find(context.args[1], value)) return;
  const std::optional<int64_t> old =
      value ? parse_integer(value->view()) : std::optional<int64_t>(0);
  if (!old) return context.reply.error(kNotAnInteger);
  int64_t sum = 0;
  if (__builtin_add_overflow(*old, amount, &sum)) {
    return context.reply.error("ERR increment or decrement would overflow");
  }
  if (!value) value = context.store.find_or_create<String>(context.args[1]);
  value->assign(std::to_string(sum));
  context.changed();
  context.reply.integer(sum);
}

void incr(Context& context) {
  add(context, 1);
}
void decr(Context& context) {
  add(context, -1);
}

void incrby(Context& context) {
  const std::optional<int64_t> amount = parse_integer(context.args[2]);
  if (!amount) return context.reply.error(kNotAnInteger);
  add(context, *amount);
}

void decrby(Context& context) {
  const std::optional<int64_t> amount = parse_integer(context.args[2]);
  if (!amount) return context.reply.error(kNotAnInteger);
  if (*amount == INT64_MIN) {
    return context.reply.error("ERR decrement would overflow");
  }
  add(context, -*amount);
}

// How a sum of floats is rounded depends on the machine: the effect is its
// result.
void incrbyfloat(Context& context) {
  String* value;
  if (!context.find(context.args[1], value)) return;
  const std::optional<long double> old =
      value ? parse_long_double(value->view()) : std::optional<long double>(0);
  const std::optional<long double> amount = parse_long_double(context.args[2]);
  if (!old || !amount) return context.reply.error(kNotAFloat);
  const long double sum = *old + *amount;
  if (!std::isfinite(sum)) {
    return context.reply.error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = format_long_double(sum);
  if (!value) value = context.store.find_or_create<String>(context.args[1]);
  value->assign(text);
  context.changed_as({"SET", context.args[1], text, "KEEPTTL"});
  context.reply.bulk(text);
}

// Parts of a string

void getrange(Context& context) {
  ArgReader in(context, 2);
  const int64_t first = in.integer();
  int64_t last = in.integer();
  if (!in.finish()) return;
  String* value;
  if (!context.find_to_read(context.args[1], value)) return;
  const std::string_view bytes = value ? value->view() : std::string_view();
  // Of two negative positions the second may lie before the first byte; then
  // it is the first byte, unless it lies before the first position, too.
  const auto size = static_cast<int64_t>(bytes.size());
  const bool is_reversed = first < 0 && last < 0 && first > last;
  if (!is_reversed && last < -size) last = 0;
  const std::optional<Range> range = range_of(first, last, bytes.size());
  if (!range) return context.reply.bulk("");
  context.reply.bulk(bytes.substr(range->begin, range->size));
}

// Writes over what is there, with zero bytes between its end and the offset.
void setrange(Context& context) {
  const std::optional<int64_t> offset = parse_integer(context.args[2]);
  const std::string_view part = context.args[3];
  if (!offset) return context.reply.error(kNotAnInteger);
  if (*offset < 0) return context.reply.error("ERR offset is out of range");
  String* value;
  if (!context.find(context.args[1], value)) return;
  const size_t old_size = value ? value->size() : 0;
  if (part.empty()) {
    return context.reply.integer(static_cast<int64_t>(old_size));
  }
  const auto begin = static_cast<size_t>(*offset);
  if (begin > String::kMaxBytes || begin + part.size() > String::kMaxBytes) {
    return context.reply.error(kTooLong);
  }
  const size_t end = begin + part.size();
  if (end > old_size && !context.can_store(end - old_size)) return;
  if (!value) value = context.store.find_or_create<String>(context.args[1]);
  value->write_at(begin, part);
  context.changed();
  context.reply.integer(static_cast<int64_t>(value->size()));
}

const Command kCommands[] = {
    {"append", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, append},
    {"decr", 2, kWrite | kDenyOom | kFast, {1, 1, 1}, decr},
    {"decrby", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, decrby},
    {"get", 2, kReadOnly | kFast, {1, 1, 1}, get},
    {"getdel", 2, kWrite | kFast, {1, 1, 1}, getdel},
    {"getex", -2, kWrite | kFast, {1, 1, 1}, getex},
    {"getrange", 4, kReadOnly, {1, 1, 1}, getrange},
    {"getset", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, getset},
    {"incr", 2, kWrite | kDenyOom | kFast, {1, 1, 1}, incr},
    {"incrby", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, incrby},
    {"incrbyfloat", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, incrbyfloat},
    {"mget", -2, kReadOnly | kFast, {1, -1, 1}, mget},
    {"mset", -3, kWrite | kDenyOom, {1, -1, 2}, mset},
    {"msetnx", -3, kWrite | kDenyOom, {1, -1, 2}, msetnx},
    {"psetex", 4, kWrite | kDenyOom, {1, 1, 1}, psetex},
    {"set", -3, kWrite | kDenyOom, {1, 1, 1}, set},
    {"setex", 4, kWrite | kDenyOom, {1, 1, 1}, setex},
    {"setnx", 3, kWrite | kDenyOom | kFast, {1, 1, 1}, setnx},
    {"setrange", 4, kWrite | kDenyOom, {1, 1, 1}, setrange},
    {"strlen", 2, kReadOnly | kFast, {1, 1, 1}, strlen},
    {"substr", 4, kReadOnly, {1, 1, 1}, getrange},
};

}  // namespace

std::span<const Command> string_commands() {
  return kCommands;
}

}  // namespace klh
