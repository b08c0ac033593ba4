// Hash commands: https://redis.io/commands/?group=hash
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/random_elements.h"
#include "commands/scan_options.h"
#include "commands/table.h"
#include "common/number.h"

namespace klh {

namespace {

void reply_count(Context& context, size_t count) {
  context.reply.integer(static_cast<int64_t>(count));
}

void reply_value(Context& context, std::optional<std::string_view> value) {
  if (!value) return context.reply.null();
  context.reply.bulk(*value);
}

// The value of a field, none if there is no such field or no hash.
std::optional<std::string_view> value_of(Hash* hash, std::string_view name) {
  if (!hash) return std::nullopt;
  return hash->get(name);
}

// Sets the fields that the arguments name, as many as they are. False: the
// error has been replied.
bool set_fields(Context& context, size_t& created) {
  const Args args = context.args;
  if (args.size() % 2 != 0) {
    context.reply.error("ERR wrong number of arguments for '" +
                        lower_case(args[0]) + "' command");
    return false;
  }
  Hash* hash;
  if (!context.find_or_create(args[1], hash)) return false;
  created = 0;
  for (size_t i = 2; i < args.size(); i += 2) {
    if (hash->set(args[i], args[i + 1])) ++created;
  }
  context.changed((args.size() - 2) / 2);
  return true;
}

void hset(Context& context) {
  size_t created;
  if (set_fields(context, created)) reply_count(context, created);
}

void hmset(Context& context) {
  size_t created;
  if (set_fields(context, created)) context.reply.ok();
}

void hsetnx(Context& context) {
  const std::string_view name = context.args[2];
  Hash* hash;
  if (!context.find_or_create(context.args[1], hash)) return;
  if (hash->get(name)) return context.reply.integer(0);
  hash->set(name, context.args[3]);
  context.changed();
  context.reply.integer(1);
}

void hget(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  reply_value(context, value_of(hash, context.args[2]));
}

void hmget(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  const Args names = context.args.subspan(2);
  context.reply.array(names.size());
  for (const std::string_view name : names) {
    const auto value = value_of(hash, name);
    if (!context.can_take(value ? value->size() : 0)) return;
    reply_value(context, value);
  }
}

void hdel(Context& context) {
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  if (!hash) return context.reply.integer(0);
  size_t erased = 0;
  for (const std::string_view name : context.args.subspan(2)) {
    if (hash->erase(name)) ++erased;
  }
  context.erase_if_empty(context.args[1], *hash);
  context.changed(erased);
  reply_count(context, erased);
}

void hlen(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  reply_count(context, hash ? hash->size() : 0);
}

void hexists(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  context.reply.integer(value_of(hash, context.args[2]) ? 1 : 0);
}

void hstrlen(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  const auto value = value_of(hash, context.args[2]);
  reply_count(context, value ? value->size() : 0);
}

// All of a hash

void hgetall(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  context.reply.map(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view name, std::string_view value) {
    context.reply.bulk(name);
    context.reply.bulk(value);
  });
}

void hkeys(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  context.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view name, std::string_view) {
    context.reply.bulk(name);
  });
}

void hvals(Context& context) {
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  context.reply.array(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](std::string_view, std::string_view value) {
    context.reply.bulk(value);
  });
}

// A packed hash is through in one step, whatever the cursor and COUNT are.
void hscan(Context& context) {
  const std::optional<uint64_t> cursor = read_cursor(context, context.args[2]);
  if (!cursor) return;
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  if (!hash) return reply_scanned(context, 0, {});
  ScanOptions options;
  if (!read_scan_options(context, 3, false, options)) return;
  std::vector<std::string_view> found;
  const auto visit = [&](std::string_view name, std::string_view value) {
    if (!options.matches(name)) return;
    found.push_back(name);
    found.push_back(value);
  };
  const uint64_t next = scan_some(*hash, *cursor, options.count, visit);
  reply_scanned(context, next, found);
}

// HINCRBY and HINCRBYFLOAT

void hincrby(Context& context) {
  const std::string_view name = context.args[2];
  const std::optional<int64_t> amount = parse_integer(context.args[3]);
  if (!amount) return context.reply.error(kNotAnInteger);
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  const std::optional<int64_t> old =
      parse_integer(value_of(hash, name).value_or("0"));
  if (!old) return context.reply.error("ERR hash value is not an integer");
  int64_t sum = 0;
  if (__builtin_add_overflow(*old, *amount, &sum)) {
    return context.reply.error("ERR increment or decrement would overflow");
  }
  if (!hash) hash = context.store.find_or_create<Hash>(context.args[1]);
  hash->set(name, std::to_string(sum));
  context.changed();
  context.reply.integer(sum);
}

// How a sum of floats is rounded depends on the machine: the effect is its
// result.
void hincrbyfloat(Context& context) {
  const std::string_view name = context.args[2];
  const std::optional<long double> amount = parse_long_double(context.args[3]);
  if (!amount) return context.reply.error(kNotAFloat);
  if (!std::isfinite(*amount)) {
    return context.reply.error("ERR value is NaN or Infinity");
  }
  Hash* hash;
  if (!context.find(context.args[1], hash)) return;
  const std::optional<long double> old =
      parse_long_double(value_of(hash, name).value_or("0"));
  if (!old) return context.reply.error("ERR hash value is not a float");
  const long double sum = *old + *amount;
  if (!std::isfinite(sum)) {
    return context.reply.error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = format_long_double(sum);
  if (!hash) hash = context.store.find_or_create<Hash>(context.args[1]);
  hash->set(name, text);
  context.changed_as({"HSET", context.args[1], name, text});
  context.reply.bulk(text);
}

// HRANDFIELD: https://redis.io/commands/hrandfield

// Begins a reply of fields: with values in pairs, of RESP3 only.
void reply_fields(Reply& reply, size_t size, bool with_values) {
  const bool is_flat = with_values && !reply.is_resp3();
  reply.array(is_flat ? 2 * size : size);
}

void reply_field(Reply& reply, const Hash::Item& item, bool with_values) {
  if (with_values && reply.is_resp3()) reply.array(2);
  reply.bulk(item.name);
  if (with_values) reply.bulk(item.value);
}

// Each set of `wanted` fields is equally likely: a field is taken by chance,
// wanted out of those that are left. O(size).
void reply_by_walking(Context& context, const Hash& hash, size_t wanted,
                      bool with_values) {
  size_t left = hash.size();
  hash.for_each([&](std::string_view name, std::string_view value) {
    if (context.host.random() % left-- >= wanted) return;
    reply_field(context.reply, {name, value}, with_values);
    --wanted;
  });
}

// Tries until there are `wanted` different ones. O(wanted log wanted) if that
// is at most a third of all, whatever their names: fields are told apart by
// where they are.
void reply_by_trying(Context& context, Hash& hash, size_t wanted,
                     bool with_values) {
  std::set<const char*> chosen;
  while (chosen.size() < wanted) {
    const Hash::Item item = hash.random_field(context.host.random());
    if (chosen.insert(item.name.data()).second) {
      reply_field(context.reply, item, with_values);
    }
  }
}

void reply_different(Context& context, Hash& hash, const RandomCount& asked) {
  const size_t wanted = std::min(static_cast<size_t>(asked.count), hash.size());
  reply_fields(context.reply, wanted, asked.with_more);
  if (hash.is_packed() || wanted > hash.size() / 3) {
    return reply_by_walking(context, hash, wanted, asked.with_more);
  }
  reply_by_trying(context, hash, wanted, asked.with_more);
}

void reply_repeating(Context& context, Hash& hash, const RandomCount& asked) {
  const auto wanted = static_cast<uint64_t>(-asked.count);
  if (!can_take_elements(context, wanted)) return;
  reply_fields(context.reply, wanted, asked.with_more);
  for (uint64_t i = 0; i < wanted; ++i) {
    const Hash::Item item = hash.random_field(context.host.random());
    if (!context.can_take(item.name.size() + item.value.size())) return;
    reply_field(context.reply, item, asked.with_more);
  }
}

void hrandfield(Context& context) {
  const bool has_count = context.args.size() > 2;
  RandomCount asked;
  if (has_count && !read_random_count(context, "withvalues", asked)) return;
  Hash* hash;
  if (!context.find_to_read(context.args[1], hash)) return;
  if (!has_count) {
    if (!hash) return context.reply.null();
    return context.reply.bulk(hash->random_field(context.host.random()).name);
  }
  if (!hash) return context.reply.array(0);
  if (asked.count < 0) return reply_repeating(context, *hash, asked);
  reply_different(context, *hash, asked);
}

const Command kCommands[] = {
    {"hdel", -3, kWrite | kFast, {1, 1, 1}, hdel},
    {"hexists", 3, kReadOnly | kFast, {1, 1, 1}, hexists},
    {"hget", 3, kReadOnly | kFast, {1, 1, 1}, hget},
    {"hgetall", 2, kReadOnly, {1, 1, 1}, hgetall},
    {"hincrby", 4, kWrite | kDenyOom | kFast, {1, 1, 1}, hincrby},
    {"hincrbyfloat", 4, kWrite | kDenyOom | kFast, {1, 1, 1}, hincrbyfloat},
    {"hkeys", 2, kReadOnly, {1, 1, 1}, hkeys},
    {"hlen", 2, kReadOnly | kFast, {1, 1, 1}, hlen},
    {"hmget", -3, kReadOnly | kFast, {1, 1, 1}, hmget},
    {"hmset", -4, kWrite | kDenyOom | kFast, {1, 1, 1}, hmset},
    {"hrandfield", -2, kReadOnly, {1, 1, 1}, hrandfield},
    {"hscan", -3, kReadOnly, {1, 1, 1}, hscan},
    {"hset", -4, kWrite | kDenyOom | kFast, {1, 1, 1}, hset},
    {"hsetnx", 4, kWrite | kDenyOom | kFast, {1, 1, 1}, hsetnx},
    {"hstrlen", 3, kReadOnly | kFast, {1, 1, 1}, hstrlen},
    {"hvals", 2, kReadOnly, {1, 1, 1}, hvals},
};

}  // namespace

std::span<const Command> hash_commands() {
  return kCommands;
}

}  // namespace klh
