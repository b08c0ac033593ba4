// Sorted set commands on ranges of members and on several sets.
// https://redis.io/commands/?group=sorted-set
#include "commands/sorted_set_ranges.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

void store_members(Context& context, std::string_view key,
                   const std::vector<Scored>& members) {
  constexpr size_t kBytesPerMember = 100;  // in the store, with its tables
  size_t size = 0;
  for (const Scored& scored : members) size += scored.member.size();
  if (!context.can_take(size)) return;
  if (!context.can_store(size + members.size() * kBytesPerMember)) return;
  std::string bytes;
  bytes.reserve(size);
  for (const Scored& scored : members) bytes += scored.member;
  const bool had_value = context.store.erase(key);
  if (!members.empty()) {
    SortedSet& set = *context.store.find_or_create<SortedSet>(key);
    std::string_view rest = bytes;
    for (const Scored& scored : members) {
      set.set(rest.substr(0, scored.member.size()), scored.score);
      rest.remove_prefix(scored.member.size());
    }
  }
  context.changed(had_value || !members.empty() ? 1 : 0);
  context.reply.integer(static_cast<int64_t>(members.size()));
}

namespace {

enum class By { rank, score, bytes };

// Where a range begins or ends; by rank it has no other field than that.
struct Limit {
  enum class Place { at_value, before_all, behind_all };

  int64_t rank = 0;
  double score = 0;
  std::string_view bytes{};
  bool is_inclusive = true;
  Place place = Place::at_value;
};

struct Interval {
  By by;
  Limit min;
  Limit max;
};

// "1.5", "(1.5" or "-inf". Redis takes more here than for a score: blanks in
// front, nothing at all for 0, and infinity for what is too large. It reads up
// to a zero byte, as strtod does.
bool parse_score_limit(std::string_view text, Limit& limit) {
  limit.is_inclusive = !text.starts_with('(');
  const std::string number(text.substr(limit.is_inclusive ? 0 : 1));
  char* end = nullptr;
  limit.score = std::strtod(number.c_str(), &end);
  return *end == '\0' && !std::isnan(limit.score);
}

// "[abc", "(abc", "-" or "+".
bool parse_bytes_limit(std::string_view text, Limit& limit) {
  limit.is_inclusive = text.starts_with('[');
  if (text == "-") {
    limit.place = Limit::Place::before_all;
  } else if (text == "+") {
    limit.place = Limit::Place::behind_all;
  } else if (limit.is_inclusive || text.starts_with('(')) {
    limit.bytes = text.substr(1);
  } else {
    return false;
  }
  return true;
}

// A mistake becomes that of the reader.
void read_limit(ArgReader& in, By by, std::string_view text, Limit& limit) {
  if (by == By::rank) {
    const std::optional<int64_t> rank = parse_integer(text);
    if (!rank) in.fail(kNotAnInteger);
    limit.rank = rank.value_or(0);
  } else if (by == By::score) {
    if (!parse_score_limit(text, limit)) {
      in.fail("ERR min or max is not a float");
    }
  } else if (!parse_bytes_limit(text, limit)) {
    in.fail("ERR min or max not valid string range item");
  }
}

// How many members come before this limit: as the end of a range it has those
// that it names itself before it, too, if it is inclusive. O(log n).
size_t count_before(const SortedSet& set, By by, const Limit& limit,
                    bool is_end) {
  if (limit.place == Limit::Place::before_all) return 0;
  if (limit.place == Limit::Place::behind_all) return set.size();
  const bool is_counted = limit.is_inclusive == is_end;
  const SortedSet::Position first =
      by == By::score ? set.first_from(limit.score, !is_counted)
                      : set.first_from(limit.bytes, !is_counted);
  return first ? first.rank() : set.size();
}

// The ranks of the members in the interval. O(log n).
Range ranks_of(const SortedSet& set, const Interval& interval) {
  const auto& [by, min, max] = interval;
  if (by == By::rank) {
    return range_of(min.rank, max.rank, set.size()).value_or(Range{0, 0});
  }
  const size_t begin = count_before(set, by, min, false);
  const size_t end = count_before(set, by, max, true);
  return {begin, end - std::min(begin, end)};
}

bool read_interval(Context& context, By by, Interval& interval) {
  interval.by = by;
  ArgReader in(context, 2);
  read_limit(in, by, in.word(), interval.min);
  read_limit(in, by, in.word(), interval.max);
  return in.finish();
}

void count_range(Context& context, By by) {
  Interval interval;
  if (!read_interval(context, by, interval)) return;
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  const size_t count = set ? ranks_of(*set, interval).size : 0;
  context.reply.integer(static_cast<int64_t>(count));
}

void zcount(Context& context) {
  count_range(context, By::score);
}
void zlexcount(Context& context) {
  count_range(context, By::bytes);
}

void remove_range(Context& context, By by) {
  Interval interval;
  if (!read_interval(context, by, interval)) return;
  SortedSet* set;
  if (!context.find(context.args[1], set)) return;
  if (!set) return context.reply.integer(0);
  const Range range = ranks_of(*set, interval);
  SortedSet::Position at = set->at(range.begin);
  for (size_t i = 0; i < range.size; ++i) at = set->erase(at);
  context.erase_if_empty(context.args[1], *set);
  context.changed(range.size);
  context.reply.integer(static_cast<int64_t>(range.size));
}

void zremrangebyrank(Context& context) {
  remove_range(context, By::rank);
}
void zremrangebyscore(Context& context) {
  remove_range(context, By::score);
}
void zremrangebylex(Context& context) {
  remove_range(context, By::bytes);
}

// ZRANGE and its kin

enum class Order { ascending, descending };

// What is not set by the command's name, its options may set, once.
struct RangeQuery {
  std::optional<By> by{};
  std::optional<Order> order{};
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: all
  Interval interval{};

  bool is_descending() const { return order == Order::descending; }
};

void read_options(Context& context, ArgReader& in, bool stores,
                  RangeQuery& query) {
  while (!in.at_end() && !in.failed()) {
    if (!stores && in.accept("withscores")) {
      query.with_scores = true;
    } else if (in.accept("limit")) {
      if (context.args.size() - in.position() < 2) in.fail(kSyntaxError);
      query.offset = in.integer();
      query.limit = in.integer();
    } else if (!query.order && in.accept("rev")) {
      query.order = Order::descending;
    } else if (!query.by && in.accept("bylex")) {
      query.by = By::bytes;
    } else if (!query.by && in.accept("byscore")) {
      query.by = By::score;
    } else {
      in.fail(kSyntaxError);
    }
  }
}

// Reads source, limits and options from args[first] on. The larger limit comes
// first in a descending order, except of ranks, which count from its begin.
bool read_query(Context& context, size_t first, bool stores,
                RangeQuery& query) {
  ArgReader in(context, first + 3);
  read_options(context, in, stores, query);
  const By by = query.by.value_or(By::rank);
  if (query.limit != -1 && by == By::rank) {
    in.fail(
        "ERR syntax error, LIMIT is only supported in combination with either "
        "BYSCORE or BYLEX");
  }
  if (query.with_scores && by == By::bytes) {
    in.fail(
        "ERR syntax error, WITHSCORES not supported in combination with "
        "BYLEX");
  }
  const bool is_swapped = query.is_descending() && by != By::rank;
  const Args limits = context.args.subspan(first + 1, 2);
  query.interval.by = by;
  read_limit(in, by, limits[is_swapped ? 1 : 0], query.interval.min);
  read_limit(in, by, limits[is_swapped ? 0 : 1], query.interval.max);
  return in.finish();
}

// The part of the set that is asked for, counted from its last member in a
// descending order. What LIMIT passes over costs nothing.
Range select(const SortedSet& set, const RangeQuery& query) {
  Range range = ranks_of(set, query.interval);
  if (query.interval.by == By::rank) return range;
  if (query.offset < 0) return {0, 0};
  if (query.is_descending())
    range.begin = set.size() - range.begin - range.size;
  const size_t skipped =
      std::min(static_cast<size_t>(query.offset), range.size);
  range.begin += skipped;
  range.size -= skipped;
  if (query.limit >= 0) {
    range.size = std::min(range.size, static_cast<size_t>(query.limit));
  }
  return range;
}

// visit(member, score) for what select() gave. O(log n + size).
template <class Visit>
void visit_range(const SortedSet& set, const Range& range, bool is_descending,
                 Visit visit) {
  if (range.size == 0) return;
  SortedSet::Position at =
      set.at(is_descending ? set.size() - 1 - range.begin : range.begin);
  for (size_t i = 0; i < range.size; ++i) {
    visit(at.member(), at.score());
    at = is_descending ? at.previous() : at.next();
  }
}

void reply_range(Context& context, RangeQuery query) {
  if (!read_query(context, 1, false, query)) return;
  SortedSet* set;
  if (!context.find_to_read(context.args[1], set)) return;
  if (!set) return context.reply.array(0);
  const Range range = select(*set, query);
  reply_members(context.reply, range.size, query.with_scores);
  visit_range(*set, range, query.is_descending(),
              [&](std::string_view member, double score) {
                reply_member(context.reply, member, score, query.with_scores);
              });
}

void zrange(Context& context) {
  reply_range(context, {});
}
void zrevrange(Context& context) {
  reply_range(context, {By::rank, Order::descending});
}
void zrangebyscore(Context& context) {
  reply_range(context, {By::score, Order::ascending});
}
void zrevrangebyscore(Context& context) {
  reply_range(context, {By::score, Order::descending});
}
void zrangebylex(Context& context) {
  reply_range(context, {By::bytes, Order::ascending});
}
void zrevrangebylex(Context& context) {
  reply_range(context, {By::bytes, Order::descending});
}

void zrangestore(Context& context) {
  RangeQuery query;
  if (!read_query(context, 2, true, query)) return;
  SortedSet* set;
  if (!context.find_to_read(context.args[2], set)) return;
  std::vector<Scored> members;
  if (set) {
    visit_range(*set, select(*set, query), query.is_descending(),
                [&](std::string_view member, double score) {
                  members.push_back({member, score});
                });
  }
  store_members(context, context.args[1], members);
}

const Command kCommands[] = {
    {"zcount", 4, kReadOnly | kFast, {1, 1, 1}, zcount},
    {"zlexcount", 4, kReadOnly | kFast, {1, 1, 1}, zlexcount},
    {"zrange", -4, kReadOnly, {1, 1, 1}, zrange},
    {"zrangebylex", -4, kReadOnly, {1, 1, 1}, zrangebylex},
    {"zrangebyscore", -4, kReadOnly, {1, 1, 1}, zrangebyscore},
    {"zrangestore", -5, kWrite | kDenyOom, {1, 2, 1}, zrangestore},
    {"zremrangebylex", 4, kWrite, {1, 1, 1}, zremrangebylex},
    {"zremrangebyrank", 4, kWrite, {1, 1, 1}, zremrangebyrank},
    {"zremrangebyscore", 4, kWrite, {1, 1, 1}, zremrangebyscore},
    {"zrevrange", -4, kReadOnly, {1, 1, 1}, zrevrange},
    {"zrevrangebylex", -4, kReadOnly, {1, 1, 1}, zrevrangebylex},
    {"zrevrangebyscore", -4, kReadOnly, {1, 1, 1}, zrevrangebyscore},
};

}  // namespace

std::span<const Command> sorted_set_range_commands() {
  return kCommands;
}

}  // namespace klh
