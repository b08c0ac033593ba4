// Sorted set commands on members one by one; those on ranges and on several
// sets are in sorted_set_ranges.cpp.
// https://redis.io/commands/?group=sorted-set
#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/random_elements.h"
#include "commands/scan_options.h"
#include "commands/sorted_set_ranges.h"
#include "commands/table.h"
#include "common/number.h"

namespace klh {

namespace {

// ZADD and ZINCRBY

struct AddOptions {
  bool increments = false;
  bool replies_changed = false;
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  // The score that a member gets, which has the `old` one or none yet; none if
  // it is to stay as it is. NaN if it is the sum of infinity and -infinity.
  std::optional<double> choose(std::optional<double> old, double score) const {
    if (!old) return xx ? std::nullopt : std::optional(score);
    if (nx) return std::nullopt;
    const double wanted = increments ? *old + score : score;
    if (gt && wanted <= *old) return std::nullopt;
    if (lt && wanted >= *old) return std::nullopt;
    return wanted;
  }
};

// The options end where a score begins.
void read_options(ArgReader& in, AddOptions& options) {
  while (true) {
    if (in.accept("nx")) {
      options.nx = true;
    } else if (in.accept("xx")) {
      options.xx = true;
    } else if (in.accept("ch")) {
      options.replies_changed = true;
    } else if (in.accept("incr")) {
      options.increments = true;
    } else if (in.accept("gt")) {
      options.gt = true;
    } else if (in.accept("lt")) {
      options.lt = true;
    } else {
      return;
    }
  }
}

// Reads options and scores; all of them are checked before anything is done.
// `pairs` gets what stands from the first score on.
bool read_pairs(Context& context, AddOptions& options,
                std::vector<double>& scores, Args& pairs) {
  ArgReader in(context, 2);
  read_options(in, options);
  pairs = context.args.subspan(in.position());
  if (pairs.empty() || pairs.size() % 2 != 0) in.fail(kSyntaxError);
  if (options.nx && options.xx) {
    in.fail("ERR XX and NX options at the same time are not compatible");
  }
  if (options.gt + options.lt + options.nx > 1) {
    in.fail(
        "ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.increments && pairs.size() > 2) {
    in.fail("ERR INCR option supports a single increment-element pair");
  }
  while (!in.at_end() && !in.failed()) {
    scores.push_back(in.real());
    in.word();
  }
  return in.finish();
}

// How a sum of floats is rounded depends on the machine: the effect is its
// result.
void increment(Context& context, SortedSet& set, const AddOptions& options,
               std::string_view member, double amount) {
  const std::optional<double> old = set.score(member);
  const std::optional<double> sum = options.choose(old, amount);
  if (!sum) return context.reply.null();
  if (std::isnan(*sum)) {
    return context.reply.error("ERR resulting score is not a number (NaN)");
  }
  if (sum != old) {
    set.set(member, *sum);
    context.changed_as(
        {"ZADD", context.args[1], format_shortest(*sum), member});
  }
  context.reply.real(*sum);
}

void add(Context& context, AddOptions options) {
  std::vector<double> scores;
  Args pairs;
  if (!read_pairs(context, options, scores, pairs)) return;
  SortedSet* set;
  if (!context.find(context.args[1], set)) return;
  if (!set && options.xx) {
    if (options.increments) return context.reply.null();
    return context.reply.integer(0);
  }
  if (!set) set = context.store.find_or_create<SortedSet>(context.args[1]);
  if (options.increments) {
    return increment(context, *set, options, pairs[1], scores[0]);
  }
  uint64_t added = 0;
  uint64_t updated = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const std::string_view member = pairs[2 * i + 1];
    const std::optional<double> old = set->score(member);
    const std::optional<double> score = options.choose(old, scores[i]);
    if (!score || score == old) continue;
    set->set(member, *score);
    ++(old ? updated : added);
  }
  context.changed(added + updated);
  context.reply.integer(
      static_cast<int64_t>(options.replies_changed ? added + updated : added));
}

void zadd(Context& context) {
  add(context, {});
}

// Takes the options of ZADD too, as in Redis.
void zincrby(Context& context) {
  add(context, {.increments = true});
}

void zrem(Context& context) {
  SortedSet* set;
  if (!context.find(context.args[1], set)) return;
  int64_t erased = 0;
  if (set) {
    for (const std::string_view member : context.args.subspan(2)) {
      if (set->erase(member)) ++erased;
    }
    context.erase_if_empty(context.args[1], *set);
  }
  context.changed(static_cast<uint64_t>(erased));
  context.reply.integer(erased);
}

// What is known of a member

void zcard(Context& context) {
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  context.reply.integer(set ? static_cast<int64_t>(set->size()) : 0);
}

void reply_score(Context& context, SortedSet* set, std::string_view member) {
  const auto score = set ? set->score(member) : std::nullopt;
  if (!score) return context.reply.null();
  context.reply.real(*score);
}

void zscore(Context& context) {
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  reply_score(context, set, context.args[2]);
}

void zmscore(Context& context) {
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  context.reply.array(context.args.size() - 2);
  for (const std::string_view member : context.args.subspan(2)) {
    reply_score(context, set, member);
  }
}

void reply_rank(Context& context, bool from_last) {
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  const auto rank = set ? set->rank(context.args[2]) : std::nullopt;
  if (!rank) return context.reply.null();
  const size_t behind = set->size() - 1 - *rank;
  context.reply.integer(static_cast<int64_t>(from_last ? behind : *rank));
}

void zrank(Context& context) {
  reply_rank(context, false);
}
void zrevrank(Context& context) {
  reply_rank(context, true);
}

// ZPOPMIN, ZPOPMAX and ZMPOP

enum class End { min, max };

// Takes out and replies so many members; the array has been announced.
void pop_members(Context& context, std::string_view key, SortedSet& set,
                 End end, size_t count, bool in_pairs) {
  for (size_t i = 0; i < count; ++i) {
    const auto member = end == End::min ? set.first() : set.last();
    if (in_pairs) context.reply.array(2);
    context.reply.bulk(member.member());
    context.reply.real(member.score());
    set.erase(member);
  }
  context.erase_if_empty(key, set);
}

// Without a count also RESP3 has no pair, but its two elements.
void pop(Context& context, End end) {
  const bool has_count = context.args.size() > 2;
  ArgReader in(context, 2);
  if (context.args.size() > 3) in.fail(kSyntaxError);
  const int64_t limit = has_count ? parse_integer(in.word()).value_or(-1) : 1;
  if (limit < 0) in.fail("ERR value is out of range, must be positive");
  if (!in.finish()) return;
  SortedSet* set;
  if (!context.find(context.args[1], set)) return;
  if (!set) return context.reply.array(0);
  const size_t count = std::min(static_cast<size_t>(limit), set->size());
  const bool in_pairs = has_count && context.reply.is_resp3();
  context.reply.array(in_pairs ? count : 2 * count);
  pop_members(context, context.args[1], *set, end, count, in_pairs);
  context.changed(count);
}

void zpopmin(Context& context) {
  pop(context, End::min);
}
void zpopmax(Context& context) {
  pop(context, End::max);
}

struct PopRequest {
  Args keys;
  End end = End::min;
  size_t limit = 1;
};

// An integer of 1 or more.
size_t read_number(ArgReader& in, std::string_view complaint) {
  const int64_t number = parse_integer(in.word()).value_or(0);
  if (number < 1) in.fail(complaint);
  return static_cast<size_t>(std::max<int64_t>(number, 0));
}

bool read_pop(Context& context, PopRequest& request) {
  ArgReader in(context, 1);
  const size_t key_count =
      read_number(in, "ERR numkeys should be greater than 0");
  if (!in.failed()) in.skip(key_count);
  if (!in.failed()) request.keys = context.args.subspan(2, key_count);
  if (in.accept("max")) {
    request.end = End::max;
  } else if (!in.accept("min")) {
    in.fail(kSyntaxError);
  }
  if (in.accept("count")) {
    if (in.at_end()) in.fail(kSyntaxError);
    request.limit = read_number(in, "ERR count should be greater than 0");
  }
  return in.finish();
}

// From the first of the keys that is there.
void zmpop(Context& context) {
  PopRequest request;
  if (!read_pop(context, request)) return;
  for (const std::string_view key : request.keys) {
    SortedSet* set;
    if (!context.find(key, set)) return;
    if (!set) continue;
    const size_t count = std::min(request.limit, set->size());
    context.reply.array(2);
    context.reply.bulk(key);
    context.reply.array(count);
    pop_members(context, key, *set, request.end, count, true);
    const bool is_min = request.end == End::min;
    context.changed_as(
        {is_min ? "ZPOPMIN" : "ZPOPMAX", key, std::to_string(count)}, count);
    return;
  }
  context.reply.null_array();
}

// ZSCAN

// A small set goes at once and in order, as Redis has it, whatever the cursor:
// where one has been given out, there were more members.
template <class Visit>
uint64_t visit_some(SortedSet& set, uint64_t cursor, int64_t count,
                    Visit visit) {
  constexpr size_t kSmallSize = 128;
  if (set.size() > kSmallSize) return scan_some(set, cursor, count, visit);
  set.for_each(visit);
  return 0;
}

// Scores are strings here, in RESP3 too.
void zscan(Context& context) {
  const std::optional<uint64_t> cursor = read_cursor(context, context.args[2]);
  if (!cursor) return;
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  if (!set) return reply_scanned(context, 0, {});
  ScanOptions options;
  if (!read_scan_options(context, 3, false, options)) return;
  std::vector<Scored> found;
  const auto visit = [&](std::string_view member, double score) {
    if (options.matches(member)) found.push_back({member, score});
  };
  const uint64_t next = visit_some(*set, *cursor, options.count, visit);
  context.reply.array(2);
  context.reply.bulk(std::to_string(next));
  context.reply.array(2 * found.size());
  for (const auto& [member, score] : found) {
    context.reply.bulk(member);
    context.reply.bulk(format_score_as_redis(score));
  }
}

// ZRANDMEMBER

size_t random_below(Context& context, size_t bound) {
  std::uniform_int_distribution<size_t> any(0, bound - 1);
  return any(context.host.random);
}

// Distinct ranks below `size`, any of them as likely as any other, at most all.
// Robert Floyd's way to choose takes `count` steps however many there are to
// choose from.
std::vector<size_t> random_ranks(Context& context, size_t count, size_t size) {
  std::vector<size_t> ranks;
  std::set<size_t> chosen;
  const size_t wanted = std::min(count, size);
  for (size_t last = size - wanted; last < size; ++last) {
    const size_t rank = random_below(context, last + 1);
    ranks.push_back(chosen.insert(rank).second ? rank : last);
    chosen.insert(ranks.back());
  }
  return ranks;
}

// -count members, which may repeat.
void reply_repeating(Context& context, const SortedSet& set,
                     const RandomCount& asked) {
  const auto wanted = static_cast<uint64_t>(-asked.count);
  if (!can_take_elements(context, wanted)) return;
  reply_members(context.reply, wanted, asked.with_more);
  for (uint64_t i = 0; i < wanted; ++i) {
    const auto at = set.at(random_below(context, set.size()));
    if (!context.can_take(at.member().size())) return;
    reply_member(context.reply, at.member(), at.score(), asked.with_more);
  }
}

void zrandmember(Context& context) {
  const bool has_count = context.args.size() > 2;
  RandomCount asked{.count = 1};
  if (has_count && !read_random_count(context, "withscores", asked)) return;
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  if (!set) {
    return has_count ? context.reply.array(0) : context.reply.null();
  }
  if (asked.count < 0) return reply_repeating(context, *set, asked);
  const auto ranks =
      random_ranks(context, static_cast<size_t>(asked.count), set->size());
  if (has_count) reply_members(context.reply, ranks.size(), asked.with_more);
  for (const size_t rank : ranks) {
    const auto at = set->at(rank);
    reply_member(context.reply, at.member(), at.score(), asked.with_more);
  }
}

const Command kCommands[] = {
    {"zadd", -4, kWrite | kDenyOom | kFast, {1, 1, 1}, zadd},
    {"zcard", 2, kReadOnly | kFast, {1, 1, 1}, zcard},
    {"zincrby", 4, kWrite | kDenyOom | kFast, {1, 1, 1}, zincrby},
    {"zmpop", -4, kWrite | kMovableKeys, {0, 0, 0, 1}, zmpop},
    {"zmscore", -3, kReadOnly | kFast, {1, 1, 1}, zmscore},
    {"zpopmax", -2, kWrite | kFast, {1, 1, 1}, zpopmax},
    {"zpopmin", -2, kWrite | kFast, {1, 1, 1}, zpopmin},
    {"zrandmember", -2, kReadOnly, {1, 1, 1}, zrandmember},
    {"zrank", 3, kReadOnly | kFast, {1, 1, 1}, zrank},
    {"zrem", -3, kWrite | kFast, {1, 1, 1}, zrem},
    {"zrevrank", 3, kReadOnly | kFast, {1, 1, 1}, zrevrank},
    {"zscan", -3, kReadOnly, {1, 1, 1}, zscan},
    {"zscore", 3, kReadOnly | kFast, {1, 1, 1}, zscore},
};

}  // namespace

std::span<const Command> sorted_set_commands() {
  return kCommands;
}

}  // namespace klh
