// List commands: https://redis.io/commands/?group=list
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

enum class End { head, tail };

// "LEFT" or "RIGHT".
End read_end(ArgReader& in) {
  if (in.accept("left")) return End::head;
  if (!in.accept("right")) in.fail(kSyntaxError);
  return End::tail;
}

// An integer of at least `least`; the complaint is the same for what is none.
int64_t read_at_least(ArgReader& in, int64_t least,
                      std::string_view complaint) {
  const std::optional<int64_t> value = parse_integer(in.word());
  if (!value || *value < least) in.fail(complaint);
  return std::max(value.value_or(least), least);
}

// How many elements, as a number to reply: positions are counted likewise.
void reply_size(Context& context, size_t size) {
  context.reply.integer(static_cast<int64_t>(size));
}

// Pushing and popping

void push_element(List& list, End end, std::string_view element) {
  if (end == End::head) return list.push_head(element);
  list.push_tail(element);
}

void push_all(Context& context, List& list, End end) {
  const Args elements = context.args.subspan(2);
  for (const std::string_view element : elements) {
    push_element(list, end, element);
  }
  context.changed(elements.size());
  reply_size(context, list.size());
}

void push(Context& context, End end) {
  List* list;
  if (!context.find_or_create(context.args[1], list)) return;
  push_all(context, *list, end);
}

void lpush(Context& context) {
  push(context, End::head);
}
void rpush(Context& context) {
  push(context, End::tail);
}

void push_if_exists(Context& context, End end) {
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.integer(0);
  push_all(context, *list, end);
}

void lpushx(Context& context) {
  push_if_exists(context, End::head);
}
void rpushx(Context& context) {
  push_if_exists(context, End::tail);
}

String pop_element(List& list, End end) {
  return end == End::head ? list.pop_head() : list.pop_tail();
}

// An array of elements that go, then the key if none are left.
void reply_popped(Context& context, std::string_view key, List& list, End end,
                  size_t count) {
  context.reply.array(count);
  for (size_t i = 0; i < count; ++i) {
    context.reply.bulk(pop_element(list, end).view());
  }
  context.erase_if_empty(key, list);
}

void pop_one(Context& context, End end) {
  const std::string_view key = context.args[1];
  List* list;
  if (!context.find(key, list)) return;
  if (!list) return context.reply.null();
  context.reply.bulk(pop_element(*list, end).view());
  context.erase_if_empty(key, *list);
  context.changed();
}

// Without a count the element itself, with one an array of at most so many.
void pop(Context& context, End end) {
  if (context.args.size() == 2) return pop_one(context, end);
  if (context.args.size() > 3) {
    return context.reply.error("ERR wrong number of arguments for '" +
                               lower_case(context.args[0]) + "' command");
  }
  ArgReader in(context, 2);
  const int64_t count =
      read_at_least(in, 0, "ERR value is out of range, must be positive");
  if (!in.finish()) return;
  const std::string_view key = context.args[1];
  List* list;
  if (!context.find(key, list)) return;
  if (!list) return context.reply.null_array();
  const size_t popped = std::min(static_cast<size_t>(count), list->size());
  reply_popped(context, key, *list, end, popped);
  context.changed(popped);
}

void lpop(Context& context) {
  pop(context, End::head);
}
void rpop(Context& context) {
  pop(context, End::tail);
}

// From the first of the keys that has a list. Which one that is, the effect
// says.
void lmpop(Context& context) {
  ArgReader in(context, 1);
  const int64_t key_count =
      read_at_least(in, 1, "ERR numkeys should be greater than 0");
  if (!in.failed()) in.skip(static_cast<size_t>(key_count));
  const End end = read_end(in);
  int64_t count = 1;
  if (!in.failed() && in.accept("count")) {
    count = read_at_least(in, 1, "ERR count should be greater than 0");
  }
  if (!in.finish()) return;

  const Args keys = context.args.subspan(2, static_cast<size_t>(key_count));
  for (const std::string_view key : keys) {
    List* list;
    if (!context.find(key, list)) return;
    if (!list) continue;
    const size_t popped = std::min(static_cast<size_t>(count), list->size());
    context.reply.array(2);
    context.reply.bulk(key);
    reply_popped(context, key, *list, end, popped);
    const std::string_view name = end == End::head ? "LPOP" : "RPOP";
    return context.changed_as({name, key, std::to_string(popped)}, popped);
  }
  context.reply.null_array();
}

// From one list to another, or within one. The key that loses an element stays
// until the other has it: they may be the same.
void move_element(Context& context, End from, End to) {
  const std::string_view from_key = context.args[1];
  const std::string_view to_key = context.args[2];
  List* source;
  if (!context.find(from_key, source)) return;
  if (!source) return context.reply.null();
  List* target;
  if (!context.find_or_create(to_key, target)) return;
  const String element = pop_element(*source, from);
  push_element(*target, to, element.view());
  context.erase_if_empty(from_key, *source);
  context.changed();
  context.reply.bulk(element.view());
}

void lmove(Context& context) {
  ArgReader in(context, 3);
  const End from = read_end(in);
  const End to = read_end(in);
  if (!in.finish()) return;
  move_element(context, from, to);
}

void rpoplpush(Context& context) {
  move_element(context, End::tail, End::head);
}

// By position

void llen(Context& context) {
  List* list;
  if (!context.find_to_read(context.args[1], list)) return;
  reply_size(context, list ? list->size() : 0);
}

void lrange(Context& context) {
  ArgReader in(context, 2);
  const int64_t first = in.integer();
  const int64_t last = in.integer();
  if (!in.finish()) return;
  List* list;
  if (!context.find_to_read(context.args[1], list)) return;
  const auto range = range_of(first, last, list ? list->size() : 0);
  if (!range) return context.reply.array(0);
  context.reply.array(range->size);
  List::Iterator at = list->seek(range->begin);
  for (size_t i = 0; i < range->size; ++i) {
    context.reply.bulk(at.element());
    at.next();
  }
}

void ltrim(Context& context) {
  ArgReader in(context, 2);
  const int64_t first = in.integer();
  const int64_t last = in.integer();
  if (!in.finish()) return;
  const std::string_view key = context.args[1];
  List* list;
  if (!context.find(key, list)) return;
  if (!list) return context.reply.ok();
  const size_t old_size = list->size();
  const auto range = range_of(first, last, old_size);
  if (range) {
    list->trim(range->begin, range->begin + range->size - 1);
    context.changed(old_size - range->size);
  } else {
    context.store.erase(key);
    context.changed(old_size);
  }
  context.reply.ok();
}

// The position that `index` names, counted from the end if it is negative.
std::optional<size_t> position_of(int64_t index, const List& list) {
  const auto size = static_cast<int64_t>(list.size());
  if (index < -size || index >= size) return std::nullopt;
  return static_cast<size_t>(index < 0 ? index + size : index);
}

// Here and in LSET it counts first whether there is a list, then what the
// index is.
void lindex(Context& context) {
  List* list;
  if (!context.find_to_read(context.args[1], list)) return;
  if (!list) return context.reply.null();
  ArgReader in(context, 2);
  const int64_t index = in.integer();
  if (!in.finish()) return;
  const std::optional<size_t> position = position_of(index, *list);
  if (!position) return context.reply.null();
  context.reply.bulk(list->at(*position));
}

void lset(Context& context) {
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.error(kNoSuchKey);
  const std::optional<int64_t> index = parse_integer(context.args[2]);
  if (!index) return context.reply.error(kNotAnInteger);
  const std::optional<size_t> position = position_of(*index, *list);
  if (!position) return context.reply.error("ERR index out of range");
  list->set(*position, context.args[3]);
  context.changed();
  context.reply.ok();
}

// By value

// Goes on to the next element in the order of a search.
void step(List::Iterator& at, End begin) {
  begin == End::head ? at.next() : at.previous();
}

// Where a search from this end begins; the end of an empty list.
List::Iterator begin_at(const List& list, End end) {
  return list.seek(end == End::head ? 0 : list.size() - 1);
}

// Before or after the first element that equals the pivot.
void linsert(Context& context) {
  ArgReader in(context, 2);
  const bool is_after = in.accept("after");
  if (!is_after && !in.accept("before")) in.fail(kSyntaxError);
  const std::string_view pivot = in.word();
  const std::string_view element = in.word();
  if (!in.finish()) return;
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.integer(0);
  List::Iterator at = begin_at(*list, End::head);
  while (!at.at_end() && at.element() != pivot) at.next();
  if (at.at_end()) return context.reply.integer(-1);
  if (is_after) at.next();
  list->insert(at, element);
  context.changed();
  reply_size(context, list->size());
}

// Removes up to `count` equal elements, 0: all.
size_t remove_equal(List& list, End begin, uint64_t count,
                    std::string_view element) {
  size_t removed = 0;
  List::Iterator at = begin_at(list, begin);
  while (!at.at_end() && (count == 0 || removed < count)) {
    if (at.element() != element) {
      step(at, begin);
      continue;
    }
    at = list.erase(at);
    if (begin == End::tail) at.previous();
    ++removed;
  }
  return removed;
}

void lrem(Context& context) {
  ArgReader in(context, 2);
  const int64_t count = in.integer();
  const std::string_view element = in.word();
  if (!in.finish()) return;
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.integer(0);
  const auto limit = static_cast<uint64_t>(count);
  const size_t removed = remove_equal(*list, count < 0 ? End::tail : End::head,
                                      count < 0 ? 0 - limit : limit, element);
  context.erase_if_empty(context.args[1], *list);
  context.changed(removed);
  reply_size(context, removed);
}

struct Search {
  End begin = End::head;
  uint64_t rank = 1;                // begin with this match
  std::optional<uint64_t> count{};  // 0: all matches
  uint64_t length = 0;              // how many elements to look at; 0: all
};

void read_rank(ArgReader& in, Search& search) {
  const int64_t rank = in.integer_in(
      -INT64_MAX, INT64_MAX,
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  if (rank == 0) {
    in.fail(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
        "the second ... or use negative to start from the end of the list");
  }
  search.begin = rank < 0 ? End::tail : End::head;
  search.rank = static_cast<uint64_t>(rank < 0 ? -rank : rank);
}

bool read_search(Context& context, Search& search) {
  ArgReader in(context, 3);
  while (!in.at_end() && !in.failed()) {
    if (in.accept("rank")) {
      read_rank(in, search);
    } else if (in.accept("count")) {
      search.count = static_cast<uint64_t>(
          read_at_least(in, 0, "ERR COUNT can't be negative"));
    } else if (in.accept("maxlen")) {
      search.length = static_cast<uint64_t>(
          read_at_least(in, 0, "ERR MAXLEN can't be negative"));
    } else {
      in.fail(kSyntaxError);
    }
  }
  return in.finish();
}

// The positions of the elements that are searched for.
std::vector<size_t> find_equal(const List& list, const Search& search,
                               std::string_view element) {
  std::vector<size_t> found;
  const uint64_t wanted = search.count.value_or(1);
  const size_t length = search.length == 0
                            ? list.size()
                            : std::min<size_t>(search.length, list.size());
  uint64_t matches = 0;
  List::Iterator at = begin_at(list, search.begin);
  for (size_t i = 0; i < length; ++i, step(at, search.begin)) {
    if (at.element() != element || ++matches < search.rank) continue;
    found.push_back(search.begin == End::head ? i : list.size() - 1 - i);
    if (found.size() == wanted) break;
  }
  return found;
}

// With COUNT an array of positions, else the first one.
void lpos(Context& context) {
  Search search;
  if (!read_search(context, search)) return;
  List* list;
  if (!context.find_to_read(context.args[1], list)) return;
  std::vector<size_t> found;
  if (list) found = find_equal(*list, search, context.args[2]);
  if (search.count) {
    context.reply.array(found.size());
    for (const size_t position : found) reply_size(context, position);
  } else if (found.empty()) {
    context.reply.null();
  } else {
    reply_size(context, found[0]);
  }
}

const Command kCommands[] = {
    {"lindex", 3, kReadOnly, {1, 1, 1}, lindex},
    {"linsert", 5, kWrite | kDenyOom, {1, 1, 1}, linsert},
    {"llen", 2, kReadOnly | kFast, {1, 1, 1}, llen},
    {"lmove", 5, kWrite | kDenyOom, {1, 2, 1}, lmove},
    {"lmpop", -4, kWrite | kMovableKeys, {0, 0, 0, 1}, lmpop},
    {"lpop", -2, kWrite | kFast, {1, 1, 1}, lpop},
    {"lpos", -3, kReadOnly, {1, 1, 1}, lpos},
    {"lpush", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, lpush},
    {"lpushx", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, lpushx},
    {"lrange", 4, kReadOnly, {1, 1, 1}, lrange},
    {"lrem", 4, kWrite, {1, 1, 1}, lrem},
    {"lset", 4, kWrite | kDenyOom, {1, 1, 1}, lset},
    {"ltrim", 4, kWrite, {1, 1, 1}, ltrim},
    {"rpop", -2, kWrite | kFast, {1, 1, 1}, rpop},
    {"rpoplpush", 3, kWrite | kDenyOom, {1, 2, 1}, rpoplpush},
    {"rpush", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, rpush},
    {"rpushx", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, rpushx},
};

}  // namespace

std::span<const Command> list_commands() {
  return kCommands;
}

}  // namespace klh
