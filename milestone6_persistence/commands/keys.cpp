// Commands on keys of any type: https://redis.io/commands/?group=generic
#include <optional>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/glob.h"
#include "commands/scan_options.h"
#include "commands/table.h"

namespace klh {

namespace {

void del(Context& context) {
  int64_t erased = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    if (context.store.erase(key)) ++erased;
  }
  context.changed(static_cast<uint64_t>(erased));
  context.reply.integer(erased);
}

// A key that is named twice counts twice.
void exists(Context& context) {
  int64_t found = 0;
  for (const std::string_view key : context.args.subspan(1)) {
    if (context.find_to_read(key)) ++found;
  }
  context.reply.integer(found);
}

void type(Context& context) {
  const Entry* const entry = context.find_to_read(context.args[1]);
  context.reply.status(entry ? name_of(entry->type()) : "none");
}

void keys(Context& context) {
  std::vector<std::string_view> found;
  context.store.for_each([&](const Entry& entry) {
    if (!context.store.is_expired(entry) &&
        matches_glob(context.args[1], entry.key())) {
      found.push_back(entry.key());
    }
  });
  context.reply.array(found.size());
  for (const std::string_view key : found) context.reply.bulk(key);
}

// A key that has expired, and is met by chance, is not there.
void scan(Context& context) {
  const std::optional<uint64_t> cursor = read_cursor(context, context.args[1]);
  if (!cursor) return;
  ScanOptions options;
  if (!read_scan_options(context, 2, true, options)) return;
  std::vector<std::string_view> found;
  const auto visit = [&](const Entry& entry) {
    if (!context.store.is_expired(entry) && options.matches(entry.key()) &&
        (!options.type || same_word(*options.type, name_of(entry.type())))) {
      found.push_back(entry.key());
    }
  };
  const uint64_t next = scan_some(context.store, *cursor, options.count, visit);
  reply_scanned(context, next, found);
}

// RENAME and its kin

void rename_key(Context& context, bool only_if_new) {
  Entry* const entry = context.store.find(context.args[1]);
  const std::string_view new_key = context.args[2];
  if (!entry) return context.reply.error(kNoSuchKey);
  if (only_if_new && context.store.find(new_key)) {
    return context.reply.integer(0);
  }
  context.store.rename(*entry, new_key);
  context.changed();
  if (only_if_new) return context.reply.integer(1);
  context.reply.ok();
}

void rename(Context& context) {
  rename_key(context, false);
}
void renamenx(Context& context) {
  rename_key(context, true);
}

void copy(Context& context) {
  bool replaces = false;
  ArgReader in(context, 3);
  while (!in.at_end() && !in.failed()) {
    if (in.accept("replace")) {
      replaces = true;
    } else if (in.accept("db")) {
      if (in.integer_in(INT32_MIN, INT32_MAX, kNotAnInt32) != 0) {
        in.fail("ERR DB index is out of range");
      }
    } else {
      in.fail(kSyntaxError);
    }
  }
  if (!in.finish()) return;
  const std::string_view from = context.args[1];
  const std::string_view to = context.args[2];
  if (from == to) {
    return context.reply.error(
        "ERR source and destination objects are the same");
  }
  const Entry* const entry = context.find_to_read(from);
  if (!entry || (!replaces && context.store.find(to))) {
    return context.reply.integer(0);
  }
  if (context.host.options.maxmemory != 0 &&
      !context.can_store(entry->memory_usage())) {
    return;
  }
  context.store.copy(*entry, to);
  context.changed();
  context.reply.integer(1);
}

// A key that has expired, and is found by chance, is not there.
void randomkey(Context& context) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const Entry* const entry = context.store.random(context.host.random());
    if (!entry) break;
    if (!context.store.is_expired(*entry)) {
      return context.reply.bulk(entry->key());
    }
  }
  context.reply.null();
}

// EXPIRE and its kin: https://redis.io/commands/expire

enum class Unit : int64_t { milliseconds = 1, seconds = 1000 };

struct ExpireConditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  // A key without a time counts as one that expires never.
  bool allow(std::optional<int64_t> current_ms, int64_t when_ms) const {
    if (nx && current_ms) return false;
    if (xx && !current_ms) return false;
    if (gt && (!current_ms || when_ms <= *current_ms)) return false;
    return !(lt && current_ms && when_ms >= *current_ms);
  }
};

bool read_conditions(Context& context, ExpireConditions& conditions) {
  ArgReader in(context, 3);
  while (!in.at_end() && !in.failed()) {
    if (in.accept("nx")) {
      conditions.nx = true;
    } else if (in.accept("xx")) {
      conditions.xx = true;
    } else if (in.accept("gt")) {
      conditions.gt = true;
    } else if (in.accept("lt")) {
      conditions.lt = true;
    } else {
      in.fail("ERR Unsupported option " + std::string(in.word()));
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    in.fail(
        "ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (conditions.gt && conditions.lt) {
    in.fail("ERR GT and LT options at the same time are not compatible");
  }
  return in.finish();
}

// A time that has passed erases the key at once.
void expire_at(Context& context, Entry& entry, int64_t when_ms) {
  if (when_ms <= context.store.now_ms()) {
    context.changed_as({"DEL", context.args[1]});
    context.store.erase(context.args[1]);
  } else {
    context.store.expire_at(entry, when_ms);
    context.changed_as({"PEXPIREAT", context.args[1], std::to_string(when_ms)});
  }
  context.reply.integer(1);
}

void expire(Context& context, Unit unit, int64_t base_ms) {
  ExpireConditions conditions;
  if (!read_conditions(context, conditions)) return;
  const std::optional<int64_t> amount = parse_integer(context.args[2]);
  if (!amount) return context.reply.error(kNotAnInteger);
  const std::optional<int64_t> when_ms =
      absolute_ms(*amount, static_cast<int64_t>(unit), base_ms);
  if (!when_ms) {
    return context.reply.error("ERR invalid expire time in '" +
                               lower_case(context.args[0]) + "' command");
  }
  Entry* const entry = context.store.find(context.args[1]);
  if (!entry || !conditions.allow(context.store.time_of(*entry), *when_ms)) {
    return context.reply.integer(0);
  }
  expire_at(context, *entry, *when_ms);
}

void expire(Context& context) {
  expire(context, Unit::seconds, context.store.now_ms());
}
void pexpire(Context& context) {
  expire(context, Unit::milliseconds, context.store.now_ms());
}
void expireat(Context& context) {
  expire(context, Unit::seconds, 0);
}
void pexpireat(Context& context) {
  expire(context, Unit::milliseconds, 0);
}

// -2: no such key, -1: it has no time.
void reply_time(Context& context, Unit unit, int64_t base_ms) {
  const Entry* const entry = context.find_to_read(context.args[1]);
  if (!entry) return context.reply.integer(-2);
  const std::optional<int64_t> when_ms = context.store.time_of(*entry);
  if (!when_ms) return context.reply.integer(-1);
  const int64_t value_ms = *when_ms - base_ms;
  const bool relative = base_ms != 0;
  context.reply.integer(unit == Unit::milliseconds ? value_ms
                        : relative ? (value_ms + 500) / 1000  // as Redis rounds
                                   : value_ms / 1000);
}

void ttl(Context& context) {
  reply_time(context, Unit::seconds, context.store.now_ms());
}
void pttl(Context& context) {
  reply_time(context, Unit::milliseconds, context.store.now_ms());
}
void expiretime(Context& context) {
  reply_time(context, Unit::seconds, 0);
}
void pexpiretime(Context& context) {
  reply_time(context, Unit::milliseconds, 0);
}

void persist(Context& context) {
  Entry* const entry = context.store.find(context.args[1]);
  if (!entry || !context.store.persist(*entry)) {
    return context.reply.integer(0);
  }
  context.changed();
  context.reply.integer(1);
}

// OBJECT: https://redis.io/commands/object-encoding

// Where Redis would still keep a sorted set in one block, by its limits.
bool is_small(const SortedSet& set) {
  constexpr size_t kMembers = 128;
  constexpr size_t kMemberBytes = 64;
  if (set.size() > kMembers) return false;
  bool is_small = true;
  set.for_each([&](std::string_view member, double) {
    is_small = is_small && member.size() <= kMemberBytes;
  });
  return is_small;
}

// The name that Redis 7.0 has for the way it would keep this value.
std::string_view encoding_of(const Entry& entry) {
  constexpr size_t kEmbeddedBytes = 44;
  if (const String* const string = entry.value<String>()) {
    if (parse_integer(string->view())) return "int";
    return string->size() <= kEmbeddedBytes ? "embstr" : "raw";
  }
  if (entry.value<List>()) return "quicklist";
  if (const Hash* const hash = entry.value<Hash>()) {
    return hash->is_packed() ? "listpack" : "hashtable";
  }
  return is_small(*entry.value<SortedSet>()) ? "listpack" : "skiplist";
}

void object_encoding(Context& context) {
  const Entry* const entry = context.find_to_read(context.args[2]);
  if (!entry) return context.reply.null();
  context.reply.bulk(encoding_of(*entry));
}

void object_freq(Context& context) {
  if (!context.find_to_read(context.args[2])) return context.reply.null();
  context.reply.error(
      "ERR An LFU maxmemory policy is not selected, access frequency not "
      "tracked. Please note that when switching between policies at runtime "
      "LRU and LFU data will take some time to adjust.");
}

// When a key was last asked for is not kept.
void object_idletime(Context& context) {
  if (!context.find_to_read(context.args[2])) return context.reply.null();
  context.reply.integer(0);
}

void object_refcount(Context& context) {
  if (!context.find_to_read(context.args[2])) return context.reply.null();
  context.reply.integer(1);
}

const Command kCommands[] = {
    {"copy", -3, kWrite | kDenyOom, {1, 2, 1}, copy},
    {"del", -2, kWrite, {1, -1, 1}, del},
    {"exists", -2, kReadOnly | kFast, {1, -1, 1}, exists},
    {"expire", -3, kWrite | kFast, {1, 1, 1}, expire},
    {"expireat", -3, kWrite | kFast, {1, 1, 1}, expireat},
    {"expiretime", 2, kReadOnly | kFast, {1, 1, 1}, expiretime},
    {"keys", 2, kReadOnly, {0, 0, 0}, keys},
    {"object", -2, kHasSubcommands, {0, 0, 0}, nullptr},
    {"object|encoding", 3, kReadOnly, {2, 2, 1}, object_encoding},
    {"object|freq", 3, kReadOnly, {2, 2, 1}, object_freq},
    {"object|idletime", 3, kReadOnly, {2, 2, 1}, object_idletime},
    {"object|refcount", 3, kReadOnly, {2, 2, 1}, object_refcount},
    {"persist", 2, kWrite | kFast, {1, 1, 1}, persist},
    {"pexpire", -3, kWrite | kFast, {1, 1, 1}, pexpire},
    {"pexpireat", -3, kWrite | kFast, {1, 1, 1}, pexpireat},
    {"pexpiretime", 2, kReadOnly | kFast, {1, 1, 1}, pexpiretime},
    {"pttl", 2, kReadOnly | kFast, {1, 1, 1}, pttl},
    {"randomkey", 1, kReadOnly, {0, 0, 0}, randomkey},
    {"rename", 3, kWrite, {1, 2, 1}, rename},
    {"renamenx", 3, kWrite | kFast, {1, 2, 1}, renamenx},
    {"scan", -2, kReadOnly, {0, 0, 0}, scan},
    {"touch", -2, kReadOnly | kFast, {1, -1, 1}, exists},
    {"ttl", 2, kReadOnly | kFast, {1, 1, 1}, ttl},
    {"type", 2, kReadOnly | kFast, {1, 1, 1}, type},
    {"unlink", -2, kWrite | kFast, {1, -1, 1}, del},
};

}  // namespace

std::span<const Command> key_commands() {
  return kCommands;
}

}  // namespace klh
