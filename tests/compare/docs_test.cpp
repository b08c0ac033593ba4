// COMMAND DOCS: redis-cli makes its help and its hints of it, so what ours says
// of the arguments of a command is what Redis says. The summaries are our own,
// and only Redis tells complexity, history and what is deprecated.
#include <algorithm>
#include <map>
#include <string>

#include "compare/compare_test.h"

namespace klh::test {

namespace {

struct DocsException {
  std::string_view name;
  std::string_view why;
};

constexpr DocsException kDocsExceptions[] = {
    {"client|setinfo", "came with Redis 7.2; its clients send it"},
    {"command|list", "there are neither modules nor ACL categories here"},
};

bool is_exception(std::string_view name) {
  return std::ranges::any_of(
      kDocsExceptions, [name](const auto& each) { return each.name == name; });
}

// Pairs by their names; in RESP2 a map is an array of them.
using Fields = std::map<std::string, Value>;

Fields fields_of(const Value& map) {
  Fields fields;
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    fields[map.elements[i].text] = map.elements[i + 1];
  }
  return fields;
}

// The commands, and the subcommands of each.
Fields all_docs(const std::string& reply) {
  Fields all = fields_of(parse_reply(reply));
  Fields subcommands;
  for (const auto& [name, docs] : all) {
    subcommands.merge(fields_of(fields_of(docs)["subcommands"]));
  }
  all.merge(subcommands);
  return all;
}

// Which version an argument came with is history.
Value without_history(const Value& value) {
  Value result{value.type, value.text, {}};
  for (size_t i = 0; i < value.elements.size(); ++i) {
    const std::string& name = value.elements[i].text;
    if (name == "since" || name == "deprecated_since") {
      ++i;
    } else {
      result.elements.push_back(without_history(value.elements[i]));
    }
  }
  return result;
}

std::string shown(const Value& value) {
  std::string text = value.text;
  for (const Value& each : value.elements) {
    text += (text.empty() ? "" : " ") + shown(each);
  }
  return value.elements.empty() ? text : "[" + text + "]";
}

class Docs : public CompareTest {
 protected:
  void check_all();
};

void check_docs(const std::string& name, const Value& ours,
                const Value& redis) {
  Fields our_fields = fields_of(ours);
  Fields redis_fields = fields_of(redis);
  EXPECT_EQ(our_fields["since"].text, redis_fields["since"].text) << name;
  EXPECT_EQ(our_fields["group"].text, redis_fields["group"].text) << name;
  EXPECT_NE(our_fields["summary"].text, redis_fields["summary"].text) << name;
  EXPECT_EQ(ours.type, redis.type) << name;
  const Value our_arguments = our_fields["arguments"];
  const Value redis_arguments = without_history(redis_fields["arguments"]);
  const bool are_equal = text_of(our_arguments) == text_of(redis_arguments);
  EXPECT_NE(are_equal, is_exception(name))
      << name << "\n  redis  " << shown(redis_arguments) << "\n  ours   "
      << shown(our_arguments);
}

void Docs::check_all() {
  const Fields ours = all_docs(ask_ours({"COMMAND", "DOCS"}));
  const Fields redis = all_docs(ask_redis({"COMMAND", "DOCS"}));
  EXPECT_GT(ours.size(), 100U);
  for (const auto& [name, docs] : ours) {
    const auto found = redis.find(name);
    if (found != redis.end()) {
      check_docs(name, docs, found->second);
    } else {
      EXPECT_TRUE(is_exception(name)) << name << " is not in Redis";
    }
  }
}

TEST_F(Docs, ArgumentsAreThoseOfRedis) {
  check_all();
}

TEST_F(Docs, ArgumentsAreThoseOfRedisInResp3) {
  speak(3);
  check_all();
}

// Each name that is known gets its docs, as often as it is asked for.
TEST_F(Docs, NamesAreFoundAsRedisFindsThem) {
  const Words command = {"COMMAND",      "DOCS", "Get",    "nosuch", "get",
                         "MEMORY|usage", "",     "config", "get|x",  "memory|",
                         "config|nosuch"};
  const auto names = [](const std::string& reply) {
    std::string text;
    const Value value = parse_reply(reply);
    for (size_t i = 0; i < value.elements.size(); i += 2) {
      text += value.elements[i].text + " ";
    }
    return text;
  };
  const std::string ours = names(ask_ours(command));
  EXPECT_EQ(ours, "get get memory|usage config ");
  EXPECT_EQ(ours, names(ask_redis(command)));
}

}  // namespace

}  // namespace klh::test
