// Commands on several sorted sets: union, intersection and difference.
// https://redis.io/commands/?group=sorted-set
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/sorted_set_ranges.h"
#include "commands/table.h"
#include "common/number.h"

namespace klh {

namespace {

struct Source {
  SortedSet* set;  // nullptr: no such key
  double weight = 1;

  size_t size() const { return set ? set->size() : 0; }
  std::optional<double> score(std::string_view member) const {
    return set ? set->score(member) : std::nullopt;
  }
};

enum class Aggregate { sum, min, max };

struct Operation {
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::sum;
  bool with_scores = false;
  size_t limit = 0;  // 0: none
};

// Which options a command has.
struct Choice {
  bool weights = false;
  bool scores = false;
  bool limit = false;
};

// Finds the keys whose number is args[first].
bool find_sources(Context& context, size_t first,
                  std::vector<Source>& sources) {
  const Args keys = context.args.subspan(first + 1);
  const std::optional<int64_t> count = parse_integer(context.args[first]);
  if (!count) {
    context.reply.error(kNotAnInteger);
    return false;
  }
  if (*count < 1) {
    context.reply.error("ERR at least 1 input key is needed for '" +
                        lower_case(context.args[0]) + "' command");
    return false;
  }
  if (*count > static_cast<int64_t>(keys.size())) {
    context.reply.error(kSyntaxError);
    return false;
  }
  for (const std::string_view key : keys.first(static_cast<size_t>(*count))) {
    SortedSet* set;
    if (!context.find_to_read(key, set)) return false;
    sources.push_back({set});
  }
  return true;
}

void read_weights(Context& context, ArgReader& in,
                  std::vector<Source>& sources) {
  if (context.args.size() - in.position() < sources.size()) {
    return in.fail(kSyntaxError);
  }
  for (Source& source : sources) {
    const std::optional<double> weight = parse_double(in.word());
    if (!weight) in.fail("ERR weight value is not a float");
    source.weight = weight.value_or(0);
  }
}

void read_aggregate(ArgReader& in, Aggregate& aggregate) {
  if (in.accept("sum")) {
    aggregate = Aggregate::sum;
  } else if (in.accept("min")) {
    aggregate = Aggregate::min;
  } else if (in.accept("max")) {
    aggregate = Aggregate::max;
  } else {
    in.fail(kSyntaxError);
  }
}

void read_limit(ArgReader& in, size_t& limit) {
  if (in.at_end()) return in.fail(kSyntaxError);
  const int64_t number = parse_integer(in.word()).value_or(-1);
  if (number < 0) in.fail("ERR LIMIT can't be negative");
  limit = static_cast<size_t>(number);
}

// The types of the keys are checked before the options, as in Redis.
bool read_operation(Context& context, size_t first, const Choice& choice,
                    Operation& operation) {
  if (!find_sources(context, first, operation.sources)) return false;
  ArgReader in(context, first + 1 + operation.sources.size());
  while (!in.at_end() && !in.failed()) {
    if (choice.weights && in.accept("weights")) {
      read_weights(context, in, operation.sources);
    } else if (choice.weights && in.accept("aggregate")) {
      read_aggregate(in, operation.aggregate);
    } else if (choice.scores && in.accept("withscores")) {
      operation.with_scores = true;
    } else if (choice.limit && in.accept("limit")) {
      read_limit(in, operation.limit);
    } else {
      in.fail(kSyntaxError);
    }
  }
  return in.finish();
}

// Infinity times 0, and infinity and -infinity added, are 0 here.
double zero_if_nan(double score) {
  return std::isnan(score) ? 0 : score;
}

// A `score` that is NaN changes no minimum and no maximum, as in Redis.
double combine(Aggregate aggregate, double total, double score) {
  if (aggregate == Aggregate::min) return score < total ? score : total;
  if (aggregate == Aggregate::max) return score > total ? score : total;
  return zero_if_nan(total + score);
}

// From the smallest to the largest, the order that Redis adds their scores in:
// sums of floats depend on it.
void sort_by_size(std::vector<Source>& sources) {
  std::stable_sort(
      sources.begin(), sources.end(),
      [](const Source& a, const Source& b) { return a.size() < b.size(); });
}

// Lays all members side by side and sorts them, so that those that are equal
// stand together. O(n log n) for n members of all sources.
std::vector<Scored> unite(Operation& operation) {
  sort_by_size(operation.sources);
  std::vector<Scored> members;
  for (const Source& source : operation.sources) {
    if (!source.set) continue;
    source.set->for_each([&](std::string_view member, double score) {
      members.push_back({member, zero_if_nan(source.weight * score)});
    });
  }
  std::stable_sort(
      members.begin(), members.end(),
      [](const Scored& a, const Scored& b) { return a.member < b.member; });
  size_t united = 0;
  for (const Scored& scored : members) {
    if (united > 0 && members[united - 1].member == scored.member) {
      double& total = members[united - 1].score;
      total = combine(operation.aggregate, total, scored.score);
    } else {
      members[united++] = scored;
    }
  }
  members.resize(united);
  return members;
}

// The score of a member of the first source in all of them; none if it is not
// in one. Only the first one's product becomes 0 if it is NaN, as in Redis.
std::optional<double> common_score(const Operation& operation,
                                   std::string_view member, double score) {
  double total = zero_if_nan(operation.sources[0].weight * score);
  for (size_t i = 1; i < operation.sources.size(); ++i) {
    const Source& source = operation.sources[i];
    const std::optional<double> other = source.score(member);
    if (!other) return std::nullopt;
    total = combine(operation.aggregate, total, source.weight * *other);
  }
  return total;
}

// Looks for the members of the smallest set in all others; stops at the limit.
// O(n k) for n members of the smallest of k sets.
std::vector<Scored> intersect(Operation& operation) {
  sort_by_size(operation.sources);
  std::vector<Scored> members;
  if (operation.sources[0].size() == 0) return members;
  for (auto at = operation.sources[0].set->first(); at; at = at.next()) {
    const auto score = common_score(operation, at.member(), at.score());
    if (score) members.push_back({at.member(), *score});
    if (operation.limit > 0 && members.size() == operation.limit) break;
  }
  return members;
}

// O(n k) for n members of the first of k sets.
std::vector<Scored> subtract(Operation& operation) {
  std::vector<Scored> members;
  if (operation.sources[0].size() == 0) return members;
  const auto others = std::span(operation.sources).subspan(1);
  operation.sources[0].set->for_each(
      [&](std::string_view member, double score) {
        const bool is_elsewhere =
            std::any_of(others.begin(), others.end(), [&](const Source& other) {
              return other.score(member).has_value();
            });
        if (!is_elsewhere) members.push_back({member, score});
      });
  return members;
}

using Combination = std::vector<Scored> (*)(Operation& operation);

void reply_combination(Context& context, Combination combination,
                       bool has_weights) {
  Operation operation;
  const Choice choice{.weights = has_weights, .scores = true};
  if (!read_operation(context, 1, choice, operation)) return;
  std::vector<Scored> members = combination(operation);
  std::sort(members.begin(), members.end(),
            [](const Scored& a, const Scored& b) {
              if (a.score != b.score) return a.score < b.score;
              return a.member < b.member;
            });
  reply_members(context.reply, members.size(), operation.with_scores);
  for (const auto& [member, score] : members) {
    reply_member(context.reply, member, score, operation.with_scores);
  }
}

void zunion(Context& context) {
  reply_combination(context, unite, true);
}
void zinter(Context& context) {
  reply_combination(context, intersect, true);
}
void zdiff(Context& context) {
  reply_combination(context, subtract, false);
}

void store_combination(Context& context, Combination combination,
                       bool has_weights) {
  Operation operation;
  const Choice choice{.weights = has_weights};
  if (!read_operation(context, 2, choice, operation)) return;
  store_members(context, context.args[1], combination(operation));
}

void zunionstore(Context& context) {
  store_combination(context, unite, true);
}
void zinterstore(Context& context) {
  store_combination(context, intersect, true);
}
void zdiffstore(Context& context) {
  store_combination(context, subtract, false);
}

void zintercard(Context& context) {
  Operation operation;
  if (!read_operation(context, 1, {.limit = true}, operation)) return;
  context.reply.integer(static_cast<int64_t>(intersect(operation).size()));
}

constexpr uint16_t kReadsMany = kReadOnly | kMovableKeys;
constexpr uint16_t kStoresMany = kWrite | kDenyOom | kMovableKeys;

const Command kCommands[] = {
    {"zdiff", -3, kReadsMany, {0, 0, 0, 1}, zdiff},
    {"zdiffstore", -4, kStoresMany, {1, 1, 1, 2}, zdiffstore},
    {"zinter", -3, kReadsMany, {0, 0, 0, 1}, zinter},
    {"zintercard", -3, kReadsMany, {0, 0, 0, 1}, zintercard},
    {"zinterstore", -4, kStoresMany, {1, 1, 1, 2}, zinterstore},
    {"zunion", -3, kReadsMany, {0, 0, 0, 1}, zunion},
    {"zunionstore", -4, kStoresMany, {1, 1, 1, 2}, zunionstore},
};

}  // namespace

std::span<const Command> sorted_set_operation_commands() {
  return kCommands;
}

}  // namespace klh
