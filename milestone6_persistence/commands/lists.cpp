// List commands: https://redis.io/commands/?group=list
#include <algorithm>
#include <string>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

enum class End { head, tail };

void push(Context& context, End end) {
  List* list;
  if (!context.find_or_create(context.args[1], list)) return;
  for (const std::string_view element : context.args.subspan(2)) {
    if (end == End::head) {
      list->push_head(element);
    } else {
      list->push_tail(element);
    }
    context.changed();
  }
  context.reply.integer(static_cast<int64_t>(list->size()));
}

void lpush(Context& context) {
  push(context, End::head);
}
void rpush(Context& context) {
  push(context, End::tail);
}

void pop_one(Context& context, List& list, End end) {
  const String element = end == End::head ? list.pop_head() : list.pop_tail();
  context.changed();
  context.reply.bulk(element.view());
}

// Without a count the element itself, with one an array of at most so many.
void pop(Context& context, End end) {
  const bool has_count = context.args.size() > 2;
  if (context.args.size() > 3) {
    return context.reply.error("ERR wrong number of arguments for '" +
                               std::string(end == End::head ? "l" : "r") +
                               "pop' command");
  }
  const int64_t count =
      has_count ? parse_integer(context.args[2]).value_or(-1) : 1;
  if (count < 0) {
    return context.reply.error("ERR value is out of range, must be positive");
  }

  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) {
    return has_count ? context.reply.null_array() : context.reply.null();
  }
  const size_t popped = std::min(static_cast<size_t>(count), list->size());
  if (has_count) context.reply.array(popped);
  for (size_t i = 0; i < popped; ++i) pop_one(context, *list, end);
  context.erase_if_empty(context.args[1], *list);
}

void lpop(Context& context) {
  pop(context, End::head);
}
void rpop(Context& context) {
  pop(context, End::tail);
}

void llen(Context& context) {
  List* list;
  if (!context.find(context.args[1], list)) return;
  context.reply.integer(list ? static_cast<int64_t>(list->size()) : 0);
}

// A position from the head, or, if negative, from behind the tail.
int64_t from_head(int64_t position, const List& list) {
  return position < 0 ? position + static_cast<int64_t>(list.size()) : position;
}

void lrange(Context& context) {
  ArgReader in(context, 2);
  const int64_t start = in.integer();
  const int64_t stop = in.integer();
  if (!in.finish()) return;
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.array(0);

  const int64_t last = static_cast<int64_t>(list->size()) - 1;
  const int64_t from = std::max<int64_t>(from_head(start, *list), 0);
  const int64_t to = std::min(from_head(stop, *list), last);
  if (from > to) return context.reply.array(0);
  context.reply.array(static_cast<size_t>(to - from + 1));
  for (int64_t i = from; i <= to; ++i) {
    context.reply.bulk(list->at(static_cast<size_t>(i)));
  }
}

void lindex(Context& context) {
  List* list;
  if (!context.find(context.args[1], list)) return;
  if (!list) return context.reply.null();
  ArgReader in(context, 2);
  const int64_t index = in.integer();
  if (!in.finish()) return;
  const int64_t position = from_head(index, *list);
  if (position < 0 || position >= static_cast<int64_t>(list->size())) {
    return context.reply.null();
  }
  context.reply.bulk(list->at(static_cast<size_t>(position)));
}

const Command kCommands[] = {
    {"lindex", 3, kReadOnly, {1, 1, 1}, lindex},
    {"llen", 2, kReadOnly | kFast, {1, 1, 1}, llen},
    {"lpop", -2, kWrite | kFast, {1, 1, 1}, lpop},
    {"lpush", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, lpush},
    {"lrange", 4, kReadOnly, {1, 1, 1}, lrange},
    {"rpop", -2, kWrite | kFast, {1, 1, 1}, rpop},
    {"rpush", -3, kWrite | kDenyOom | kFast, {1, 1, 1}, rpush},
};

}  // namespace

std::span<const Command> list_commands() {
  return kCommands;
}

}  // namespace klh
