// Commands on several sorted sets: union, intersection and difference.
// https://redis.io/commands/?group=sorted-set
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
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

// A source is named once or more often, each time with a weight. So that a set
// that is named a thousand times is gone through once, not a thousand times, it
// is one source with that many terms.
struct Term {
  size_t position;  // in the order in which Redis combines the scores
  double weight;
};

struct Source {
  SortedSet* set;  // nullptr: no such key
  std::vector<Term> terms;

  size_t size() const { return set ? set->size() : 0; }
};

enum class Aggregate { sum, min, max };

struct Named {
  SortedSet* set;
  double weight = 1;

  size_t size() const { return set ? set->size() : 0; }
};

struct Operation {
  std::vector<Named> named;     // as the arguments name them
  std::vector<Source> sources;  // each once, in the order of its first term
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
bool find_sources(Context& context, size_t first, std::vector<Named>& sources) {
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
                  std::vector<Named>& sources) {
  if (context.args.size() - in.position() < sources.size()) {
    return in.fail(kSyntaxError);
  }
  for (Named& source : sources) {
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
  if (!find_sources(context, first, operation.named)) return false;
  ArgReader in(context, first + 1 + operation.named.size());
  while (!in.at_end() && !in.failed()) {
    if (choice.weights && in.accept("weights")) {
      read_weights(context, in, operation.named);
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

// Of one set that is named so often each term is multiplied and combined as
// Redis does it, to the last bit.
constexpr size_t kExactTerms = 64;

// Makes few terms of many, so that the work does not grow with how often a set
// is named. Of a sum the weights behind the first terms are added: with integers
// up to 2^53 that changes nothing, with others the last bits of the score. Of a
// minimum or a maximum only the smallest and the largest weight count, and 0,
// which makes 0 of infinity.
void shorten(Aggregate aggregate, std::vector<Term>& terms) {
  if (terms.size() <= kExactTerms) return;
  const auto rest = terms.begin() + kExactTerms;
  const size_t position = rest->position;
  double sum = 0;
  double least = rest->weight;
  double most = rest->weight;
  bool has_zero = false;
  for (auto term = rest; term != terms.end(); ++term) {
    sum = zero_if_nan(sum + term->weight);
    least = std::min(least, term->weight);
    most = std::max(most, term->weight);
    has_zero |= term->weight == 0;
  }
  terms.erase(rest, terms.end());
  if (aggregate == Aggregate::sum) {
    terms.push_back({position, sum});
  } else {
    terms.insert(terms.end(), {{position, least}, {position + 1, most}});
    if (has_zero) terms.push_back({position + 2, 0});
  }
}

// Makes the sources of what the arguments name, each set once. Those that are
// none, as far as they come after the first one, become one. O(n log n).
void group_sources(Operation& operation) {
  std::vector<size_t> order(operation.named.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto set_of = [&](size_t i) { return operation.named[i].set; };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return set_of(a) != set_of(b) ? std::less<>()(set_of(a), set_of(b)) : a < b;
  });
  std::vector<Source>& sources = operation.sources;
  for (const size_t position : order) {
    const Named& named = operation.named[position];
    if (sources.empty() || sources.back().set != named.set) {
      sources.push_back({named.set, {}});
    }
    sources.back().terms.push_back({position, named.weight});
  }
  for (Source& source : sources) shorten(operation.aggregate, source.terms);
  std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
    return a.terms[0].position < b.terms[0].position;
  });
}

// From the smallest to the largest, the order that Redis adds their scores in:
// sums of floats depend on it.
void sort_by_size(Operation& operation) {
  std::stable_sort(
      operation.named.begin(), operation.named.end(),
      [](const Named& a, const Named& b) { return a.size() < b.size(); });
}

// What a member is worth in one of the sources.
struct Part {
  const Source* source;
  double score;
};

// Combines what a member is worth in several sources, in the order of all their
// terms. `cleans` says of a position whether a product that is NaN is 0 there.
template <class Cleans>
double combine_parts(Aggregate aggregate, std::span<const Part> parts,
                     std::vector<Term>& products, Cleans cleans) {
  products.clear();
  bool has_order = true;
  for (const Part& part : parts) {
    for (const Term& term : part.source->terms) {
      const double product = term.weight * part.score;
      has_order &= products.empty() || products.back().position < term.position;
      products.push_back({term.position, cleans(term.position)
                                             ? zero_if_nan(product)
                                             : product});
    }
  }
  if (!has_order) {
    std::sort(
        products.begin(), products.end(),
        [](const Term& a, const Term& b) { return a.position < b.position; });
  }
  double total = products[0].weight;
  for (size_t i = 1; i < products.size(); ++i) {
    total = combine(aggregate, total, products[i].weight);
  }
  return total;
}

struct United {
  std::string_view member;
  Part part;
};

// Lays all members side by side and sorts them, so that those that are equal
// stand together. O(n log n) for n members of all sources, each source counted
// once.
bool unite(Context& context, Operation& operation,
           std::vector<Scored>& members) {
  sort_by_size(operation);
  group_sources(operation);
  size_t count = 0;
  for (const Source& source : operation.sources) count += source.size();
  if (!context.can_take(count * (sizeof(United) + sizeof(Scored)))) {
    return false;
  }
  std::vector<United> all;
  all.reserve(count);
  for (const Source& source : operation.sources) {
    if (!source.set) continue;
    source.set->for_each([&](std::string_view member, double score) {
      all.push_back({member, {&source, score}});
    });
  }
  std::sort(all.begin(), all.end(), [](const United& a, const United& b) {
    if (const int order = a.member.compare(b.member)) return order < 0;
    return a.part.source < b.part.source;
  });
  members.reserve(count);
  std::vector<Part> parts;
  std::vector<Term> products;
  for (size_t i = 0; i < all.size();) {
    const std::string_view member = all[i].member;
    parts.clear();
    while (i < all.size() && all[i].member == member) {
      parts.push_back(all[i++].part);
    }
    members.push_back(
        {member, combine_parts(operation.aggregate, parts, products,
                               [](size_t) { return true; })});
  }
  return true;
}

// Looks for the members of the smallest set in all others; stops at the limit.
// O(n k) for n members of the smallest of k different sets, which is no more
// than all of them have. Only the first product becomes 0 if it is NaN, as in
// Redis.
bool intersect(Context& context, Operation& operation,
               std::vector<Scored>& members) {
  sort_by_size(operation);
  group_sources(operation);
  const std::vector<Source>& sources = operation.sources;
  const size_t most = sources[0].size();
  if (most == 0) return true;
  const size_t wanted =
      operation.limit > 0 ? std::min(most, operation.limit) : most;
  if (!context.can_take(wanted * sizeof(Scored))) return false;
  members.reserve(wanted);
  std::vector<Part> parts;
  std::vector<Term> products;
  for (auto at = sources[0].set->first(); at; at = at.next()) {
    parts = {{&sources[0], at.score()}};
    for (size_t i = 1; i < sources.size(); ++i) {
      const auto other = sources[i].set->score(at.member());
      if (!other) break;
      parts.push_back({&sources[i], *other});
    }
    if (parts.size() < sources.size()) continue;
    members.push_back(
        {at.member(),
         combine_parts(operation.aggregate, parts, products,
                       [](size_t position) { return position == 0; })});
    if (members.size() == wanted) break;
  }
  return true;
}

// Marks the members of the first set, by their ranks, that are elsewhere: looks
// for its members in the others or for theirs in it, whichever are fewer. Many
// small sets cost what they have, not n for each. O(min(n k, m) log n) for n
// members of the first and m of the k others.
std::vector<bool> find_elsewhere(const std::vector<Source>& sources) {
  SortedSet& first = *sources[0].set;
  std::vector<bool> is_elsewhere(first.size());
  for (size_t i = 1; i < sources.size(); ++i) {
    SortedSet* const other = sources[i].set;
    if (!other) continue;
    if (other->size() < first.size()) {
      other->for_each([&](std::string_view member, double) {
        if (const auto rank = first.rank(member)) is_elsewhere[*rank] = true;
      });
    } else {
      size_t rank = 0;
      first.for_each([&](std::string_view member, double) {
        if (other->score(member)) is_elsewhere[rank] = true;
        ++rank;
      });
    }
  }
  return is_elsewhere;
}

bool subtract(Context& context, Operation& operation,
              std::vector<Scored>& members) {
  group_sources(operation);
  const Source& first = operation.sources[0];
  const bool is_repeated = first.terms.size() > 1;
  if (first.size() == 0 || is_repeated) return true;
  if (!context.can_take(first.size() * sizeof(Scored))) return false;
  members.reserve(first.size());
  const std::vector<bool> is_elsewhere = find_elsewhere(operation.sources);
  size_t rank = 0;
  first.set->for_each([&](std::string_view member, double score) {
    if (!is_elsewhere[rank++]) members.push_back({member, score});
  });
  return true;
}

// False: the error has been replied.
using Combination = bool (*)(Context& context, Operation& operation,
                             std::vector<Scored>& members);

// As an upper bound: lengths and scores take up to 48 bytes for each.
size_t reply_bytes(const std::vector<Scored>& members) {
  size_t bytes = 0;
  for (const Scored& scored : members) bytes += scored.member.size() + 48;
  return bytes;
}

void reply_combination(Context& context, Combination combination,
                       bool has_weights) {
  Operation operation;
  const Choice choice{.weights = has_weights, .scores = true};
  if (!read_operation(context, 1, choice, operation)) return;
  std::vector<Scored> members;
  if (!combination(context, operation, members)) return;
  if (!context.can_take(reply_bytes(members))) return;
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
  std::vector<Scored> members;
  if (!combination(context, operation, members)) return;
  store_members(context, context.args[1], members);
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
  std::vector<Scored> members;
  if (!intersect(context, operation, members)) return;
  context.reply.integer(static_cast<int64_t>(members.size()));
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
