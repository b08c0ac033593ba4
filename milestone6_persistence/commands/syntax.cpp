#include "commands/syntax.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "commands/args.h"

namespace klh {

namespace {

constexpr std::string_view kBrackets = "[]<>|";

constexpr std::string_view kKeys[] = {"key",    "source", "destination",
                                      "newkey", "src",    "dst"};
constexpr std::string_view kIntegers[] = {
    "client-id", "count",        "cursor",      "decrement", "destination-db",
    "end",       "increment",    "index",       "len",       "limit",
    "offset",    "milliseconds", "num-matches", "numkeys",   "protover",
    "rank",      "seconds",      "start",       "stop",      "weight"};

std::string_view type_of(std::string_view name) {
  const auto is_in = [name](const auto& names) {
    return std::ranges::find(names, name) != std::end(names);
  };
  if (is_in(kKeys)) return "key";
  if (is_in(kIntegers)) return "integer";
  if (name.starts_with("unix-time-")) return "unix-time";
  if (name == "score") return "double";
  if (name == "pattern") return "pattern";
  return "string";
}

bool is_token(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char byte) {
    return (byte >= 'A' && byte <= 'Z') || byte == '-';
  });
}

// A oneof or a block, called by what it consists of.
Argument group_of(std::string_view type, std::vector<Argument> parts) {
  std::string name;
  for (const Argument& part : parts) {
    name += (name.empty() ? "" : "_") + part.name;
  }
  return {.name = name, .type = type, .parts = std::move(parts)};
}

Argument as_one(std::vector<Argument> sequence) {
  assert(!sequence.empty());
  if (sequence.size() == 1) return std::move(sequence[0]);
  return group_of(kBlock, std::move(sequence));
}

// Makes the last `count` of the sequence one that may come again.
void repeat(std::vector<Argument>& sequence, size_t count) {
  assert(count <= sequence.size());
  const auto first = sequence.end() - static_cast<ptrdiff_t>(count);
  Argument again = as_one({first, sequence.end()});
  again.is_multiple = true;
  sequence.erase(first, sequence.end());
  sequence.push_back(std::move(again));
}

// "LIMIT offset count": the token is that of all that follows.
void attach_token(std::vector<Argument>& sequence) {
  if (sequence.size() < 2 || sequence[0].is_optional ||
      sequence[0].type != kPureToken) {
    return;
  }
  Argument rest = as_one({sequence.begin() + 1, sequence.end()});
  rest.token = std::move(sequence[0].token);
  sequence = {std::move(rest)};
}

class SyntaxParser {
 public:
  explicit SyntaxParser(std::string_view line) : rest_(line) { next(); }

  // Up to a bar, the end of a group, or that of the line.
  std::vector<Argument> sequence() {
    std::vector<Argument> found;
    while (!at_end() && word_ != "|" && word_ != "]" && word_ != ">") {
      if (word_ == "[" && accept_repetition(found)) continue;
      found.push_back(word_ == "[" || word_ == "<" ? group() : argument());
    }
    attach_token(found);
    return found;
  }

  bool at_end() const { return word_.empty(); }

 private:
  // A bracket or a bar is a word of its own.
  void next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const size_t end = rest_.find_first_of("[]<>| ");
    word_ = rest_.substr(0, end == 0 ? 1 : end);
    rest_.remove_prefix(word_.size());
  }

  // "[a b ...]" behind "a b": as many as there are words; "[...]": one.
  bool accept_repetition(std::vector<Argument>& found) {
    const size_t end = rest_.find_first_of(kBrackets);
    assert(end != std::string_view::npos);
    const std::string_view inside = rest_.substr(0, end);
    if (!inside.ends_with("...")) return false;
    const auto words = std::count(inside.begin(), inside.end(), ' ');
    repeat(found, static_cast<size_t>(std::max<ptrdiff_t>(words, 1)));
    rest_.remove_prefix(end);
    next();
    expect("]");
    return true;
  }

  Argument group() {
    const bool is_optional = word_ == "[";
    next();
    const std::string name = accept_name();
    std::vector<Argument> choices = {as_one(sequence())};
    while (word_ == "|") {
      next();
      choices.push_back(as_one(sequence()));
    }
    expect(is_optional ? "]" : ">");
    if (choices.size() > 1) choices = {group_of(kOneOf, std::move(choices))};
    Argument result = std::move(choices[0]);
    if (!is_optional && result.parts.empty()) {
      result = group_of(kBlock, {std::move(result)});
    }
    if (!name.empty()) result.name = name;
    result.is_optional = is_optional;
    return result;
  }

  std::string accept_name() {
    if (!word_.ends_with(':')) return "";
    std::string name(word_.substr(0, word_.size() - 1));
    next();
    return name;
  }

  Argument argument() {
    std::string_view name = word_;
    next();
    if (is_token(name)) {
      return {.name = lower_case(name),
              .type = kPureToken,
              .token = std::string(name)};
    }
    std::string_view type = type_of(name);
    for (const std::string_view other : {":double", ":string"}) {
      if (!name.ends_with(other)) continue;
      name.remove_suffix(other.size());
      type = other.substr(1);
    }
    Argument result = {.name = std::string(name), .type = type};
    if (type == "key") result.key = keys_++;
    return result;
  }

  void expect(std::string_view word) {
    assert(word_ == word);
    next();
  }

  std::string_view word_;  // the one to be read; empty at the end
  std::string_view rest_;  // behind it
  int keys_ = 0;
};

}  // namespace

std::vector<Argument> parse_syntax(std::string_view line) {
  SyntaxParser parser(line);
  std::vector<Argument> arguments = parser.sequence();
  assert(parser.at_end());
  return arguments;
}

}  // namespace klh
