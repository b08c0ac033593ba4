#include "compare/exceptions.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "compare/peer.h"

namespace klh::test {

namespace {

struct Exception {
  std::string_view command;  // "name" or "name subcommand"
  Rule rule;
  std::string_view why;
  std::string_view word = "";  // only with this among the arguments
};

constexpr std::string_view kRandom = "which ones is left to chance";
constexpr std::string_view kOwnOrder =
    "each server draws its own key for its hash tables, so each has an order "
    "of its own";
constexpr std::string_view kClock =
    "the two servers execute it at different times";
constexpr std::string_view kZero =
    "Redis keeps -0 in a small sorted set and may not in a large one; here it "
    "is 0 (store/sorted_set.h)";

// The first that fits. A name that ends in '*' stands for all that begin so.
constexpr Exception kExceptions[] = {
    {"keys", Rule::set, kOwnOrder},
    {"scan", Rule::scan, kOwnOrder},
    {"hscan", Rule::scan, kOwnOrder},
    {"zscan", Rule::scan, kOwnOrder},  // and scores as numbers
    {"hgetall", Rule::table_order, kOwnOrder},
    {"hkeys", Rule::table_order, kOwnOrder},
    {"hvals", Rule::table_order, kOwnOrder},
    {"randomkey", Rule::shape, kRandom},
    {"hrandfield", Rule::shape, kRandom},
    {"zrandmember", Rule::shape, kRandom},
    {"ttl", Rule::near_time, kClock},
    {"pttl", Rule::near_time, kClock},
    {"expiretime", Rule::near_time, kClock},
    {"pexpiretime", Rule::near_time, kClock},
    {"time", Rule::shape, kClock},
    {"object encoding", Rule::encoding,
     "in Redis it tells the history of a value too: a string that was appended "
     "to is raw, INCRBYFLOAT makes no int, what has been large stays a table"},
    {"object refcount", Rule::shape, "Redis shares small integers"},
    {"object idletime", Rule::shape, kClock},
    {"object help", Rule::anything, "prose"},
    {"client help", Rule::anything, "prose"},
    {"client id", Rule::shape, "how many clients there were before"},
    {"client info", Rule::errors, "addresses, ids and times"},
    {"client list", Rule::errors, "addresses, ids and times"},
    {"client setinfo", Rule::errors,
     "came with Redis 7.2; its clients send it on connecting"},
    {"command getkeys", Rule::bytes, ""},
    {"command list", Rule::set, kOwnOrder, "FILTERBY"},
    {"command", Rule::errors, "Redis has more commands, flags and prose"},
    {"config", Rule::errors, "Redis has more options"},
    {"hello", Rule::identity, "the id of the connection"},
    {"info stats", Rule::counters, "the rest is about the server itself"},
    {"info commandstats", Rule::counters, "the times differ"},
    {"info errorstats", Rule::counters, ""},
    {"info", Rule::errors, "it is about the server itself"},
    {"memory", Rule::errors, "each keeps values in its own way"},
    {"lpos", Rule::anything,
     "as a RANK, Redis 7.0 negates it, which is undefined; 7.2 refuses it",
     "-9223372036854775808"},
    {"z*", Rule::zero_sign, kZero},
};

std::string lower(std::string text) {
  for (char& byte : text) {
    byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
  }
  return text;
}

bool fits(std::string_view pattern, const Words& command) {
  const std::string name = lower(command[0]);
  if (pattern.ends_with('*')) {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  if (name == pattern) return true;
  return command.size() > 1 && name + " " + lower(command[1]) == pattern;
}

bool is_error(const Value& value) {
  return value.type == '-' || value.type == '!';
}

Value without_texts(Value value) {
  if (!is_error(value)) value.text.clear();
  for (Value& each : value.elements) each = without_texts(each);
  return value;
}

Value without_negative_zero(Value value) {
  if (value.text == "-0") value.text = "0";
  for (Value& each : value.elements) each = without_negative_zero(each);
  return value;
}

// The value behind the name "id".
Value without_id(Value value) {
  for (size_t i = 1; i < value.elements.size(); ++i) {
    if (value.elements[i - 1].text == "id") value.elements[i].text.clear();
  }
  return value;
}

// How ZSCAN of Redis writes a score depends on how the set is kept: 1e+17 in a
// skiplist, 100000000000000000 in a listpack. Adding 0 makes 0 of -0.
std::string as_number(const std::string& score) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g",
                0 + std::strtod(score.c_str(), nullptr));
  return text;
}

// The elements, or those of the second element if this is what a scan replies,
// without an order; names stay with their values.
Value as_set(const Words& command, Value value) {
  const std::string name = lower(command[0]);
  if (rule_for(command) == Rule::scan && value.elements.size() == 2) {
    value = value.elements[1];
  }
  std::vector<Value> units;
  if (name == "hgetall" || name == "hscan" || name == "zscan") {
    for (size_t i = 0; i + 1 < value.elements.size(); i += 2) {
      Value second = value.elements[i + 1];
      if (name == "zscan") second.text = as_number(second.text);
      units.push_back({'*', "", {value.elements[i], second}});
    }
  } else {
    units = value.elements;
  }
  const auto comes_before = [](const Value& a, const Value& b) {
    return text_of(a) < text_of(b);
  };
  std::sort(units.begin(), units.end(), comes_before);
  // A scan may return an element more than once.
  if (rule_for(command) == Rule::scan) {
    const auto equal = [](const Value& a, const Value& b) {
      return text_of(a) == text_of(b);
    };
    units.erase(std::unique(units.begin(), units.end(), equal), units.end());
  }
  value.elements = units;
  return value;
}

// Negative numbers say that there is no key, or no time.
bool are_near(const Words& command, const Value& ours, const Value& redis) {
  const auto number_in = [](const Value& value) {
    int64_t number = 0;
    const std::string& text = value.text;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  if (ours.type != ':' || redis.type != ':') return false;
  const int64_t a = number_in(ours);
  const int64_t b = number_in(redis);
  if (a < 0 || b < 0) return a == b;
  const bool is_ms = lower(command[0]).starts_with('p');
  return std::abs(a - b) <= (is_ms ? kNearMs : kNearMs / 1000);
}

// What Redis says of a value with a history may be what it would not say of the
// same value when it is new, and the other way round never.
bool same_encoding(const Value& ours, const Value& redis) {
  const auto is_string = [](std::string_view name) {
    return name == "int" || name == "embstr" || name == "raw";
  };
  if (redis.text == "raw") return is_string(ours.text);
  if (redis.text == "embstr") return ours.text == "int";
  if (ours.text != "listpack") return false;
  return redis.text == "hashtable" || redis.text == "skiplist";
}

// The lines that count what commands have done, in order, without the times.
std::vector<std::string> counters_in(const Value& value) {
  std::vector<std::string> found;
  std::istringstream lines(value.text);
  for (std::string line; std::getline(lines, line);) {
    for (const char* name : {"keyspace_", "total_error", "cmdstat_", "error"}) {
      if (line.starts_with(name)) found.push_back(line);
    }
  }
  std::sort(found.begin(), found.end());
  for (std::string& line : found) {
    const size_t times = line.find(",usec=");
    if (times == line.npos) continue;
    line.erase(times, line.find(",rejected_calls") - times);
  }
  return found;
}

}  // namespace

Rule rule_for(const Words& command) {
  if (command.empty()) return Rule::bytes;
  for (const Exception& each : kExceptions) {
    const bool has_word =
        each.word.empty() ||
        std::find(command.begin(), command.end(), each.word) != command.end();
    if (has_word && fits(each.command, command)) return each.rule;
  }
  return Rule::bytes;
}

bool agree(Rule rule, const Words& command, std::string_view our_bytes,
           std::string_view redis_bytes) {
  if (our_bytes == redis_bytes) return true;
  if (rule == Rule::bytes) return false;
  if (rule == Rule::anything) return true;
  const Value ours = parse_reply(our_bytes);
  const Value redis = parse_reply(redis_bytes);
  if (is_error(ours) || is_error(redis)) return false;
  const auto equal = [](const Value& a, const Value& b) {
    return text_of(a) == text_of(b);
  };
  switch (rule) {
    case Rule::bytes: return false;
    case Rule::anything: return true;
    case Rule::errors: return true;  // there was none
    case Rule::shape: return equal(without_texts(ours), without_texts(redis));
    case Rule::set:
    case Rule::table_order:
    case Rule::scan:
      return equal(as_set(command, ours), as_set(command, redis));
    case Rule::near_time: return are_near(command, ours, redis);
    case Rule::encoding: return same_encoding(ours, redis);
    case Rule::zero_sign:
      return equal(without_negative_zero(ours), without_negative_zero(redis));
    case Rule::counters: return counters_in(ours) == counters_in(redis);
    case Rule::identity: return equal(without_id(ours), without_id(redis));
  }
  return false;
}

size_t cursor_position(const Words& command) {
  return lower(command[0]) == "scan" ? 1 : 2;
}

}  // namespace klh::test
