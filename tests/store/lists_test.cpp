// LPUSH RPUSH LPOP RPOP LLEN LRANGE LINDEX. The replies are those of Redis
// 7.0.15.
#include <algorithm>
#include <deque>
#include <random>

#include "store/store_test.h"

namespace klh::test {

namespace {

class Lists : public StoreTest {};

constexpr const char* kMustBePositive =
    "-ERR value is out of range, must be positive\r\n";
constexpr const char* kEmpty = "*0\r\n";

TEST_F(Lists, PushAtBothEnds) {
  check({"LPUSH", "list", "a", "b", "c"}, number(3));
  check({"RPUSH", "list", "d", "d"}, number(5));
  check({"LRANGE", "list", "0", "-1"}, array({"c", "b", "a", "d", "d"}));
  check({"LLEN", "list"}, number(5));
  check({"TYPE", "list"}, "+list\r\n");
  check({"LLEN", "nosuch"}, number(0));
}

TEST_F(Lists, PopAtBothEnds) {
  check({"RPUSH", "list", "a", "b", "c", "d", "e"}, number(5));
  check({"LPOP", "list"}, bulk("a"));
  check({"RPOP", "list"}, bulk("e"));
  check({"LPOP", "list", "2"}, array({"b", "c"}));
  check({"RPOP", "list", "9"}, array({"d"}));
  check({"EXISTS", "list"}, number(0));
  check({"LPOP", "list"}, kNull);
  check({"RPOP", "list", "1"}, "*-1\r\n");
  check({"LPOP", "list", "0"}, "*-1\r\n");
}

TEST_F(Lists, PopOfMany) {
  check({"RPUSH", "list", "a", "b", "c"}, number(3));
  check({"LPOP", "list", "0"}, kEmpty);
  check({"RPOP", "list", "2"}, array({"c", "b"}));
  check({"LPOP", "list", "9223372036854775807"}, array({"a"}));
  check({"DBSIZE"}, number(0));
}

TEST_F(Lists, PopCountsMustBePositive) {
  check({"RPUSH", "list", "a"}, number(1));
  for (const char* count : {"-1", "abc", "", "1.5", "9223372036854775808"}) {
    check({"LPOP", "list", count}, kMustBePositive);
    check({"RPOP", "list", count}, kMustBePositive);
  }
  check({"LPOP", "nosuch", "-1"}, kMustBePositive);
  check({"LLEN", "list"}, number(1));
}

TEST_F(Lists, Range) {
  check({"RPUSH", "list", "0", "1", "2", "3"}, number(4));
  check({"LRANGE", "list", "1", "2"}, array({"1", "2"}));
  check({"LRANGE", "list", "0", "0"}, array({"0"}));
  check({"LRANGE", "list", "-2", "-1"}, array({"2", "3"}));
  check({"LRANGE", "list", "-100", "100"}, array({"0", "1", "2", "3"}));
  check({"LRANGE", "list", "3", "2"}, kEmpty);
  check({"LRANGE", "list", "4", "9"}, kEmpty);
  check({"LRANGE", "list", "0", "-5"}, kEmpty);
  check({"LRANGE", "list", "-9223372036854775808", "9223372036854775807"},
        array({"0", "1", "2", "3"}));
  check({"LRANGE", "list", "9223372036854775807", "-9223372036854775808"},
        kEmpty);
  check({"LRANGE", "nosuch", "0", "-1"}, kEmpty);
  check({"LRANGE", "list", "0", "x"}, kNotAnInteger);
  check({"LRANGE", "nosuch", "x", "0"}, kNotAnInteger);
  check({"LRANGE", "list", "0", "9223372036854775808"}, kNotAnInteger);
}

TEST_F(Lists, Index) {
  check({"RPUSH", "list", "a", "b", "c"}, number(3));
  check({"LINDEX", "list", "0"}, bulk("a"));
  check({"LINDEX", "list", "2"}, bulk("c"));
  check({"LINDEX", "list", "-1"}, bulk("c"));
  check({"LINDEX", "list", "-3"}, bulk("a"));
  for (const char* index :
       {"3", "-4", "9223372036854775807", "-9223372036854775808"}) {
    check({"LINDEX", "list", index}, kNull);
  }
  check({"LINDEX", "list", "x"}, kNotAnInteger);
}

// Redis looks for the key first: without one, any index will do.
TEST_F(Lists, IndexLooksForTheKeyFirst) {
  check({"LINDEX", "nosuch", "x"}, kNull);
  check({"SET", "string", "a"}, "+OK\r\n");
  check({"LINDEX", "string", "x"}, kWrongType);
}

TEST_F(Lists, HoldAnyBytes) {
  const std::string bytes = every_byte();
  check({"RPUSH", bytes, bytes, "", "\r\n"}, number(3));
  check({"LRANGE", bytes, "0", "-1"}, array({bytes, "", "\r\n"}));
  check({"RPOP", bytes}, bulk("\r\n"));
  check({"RPOP", bytes}, bulk(""));
  check({"RPOP", bytes}, bulk(bytes));
}

TEST_F(Lists, CountTheirArguments) {
  check({"LPUSH", "a"}, wrong_arity("lpush"));
  check({"RPUSH"}, wrong_arity("rpush"));
  check({"LPOP"}, wrong_arity("lpop"));
  check({"LPOP", "a", "1", "2"}, wrong_arity("lpop"));
  check({"RPOP", "a", "1", "2"}, wrong_arity("rpop"));
  check({"LLEN"}, wrong_arity("llen"));
  check({"LRANGE", "a", "0"}, wrong_arity("lrange"));
  check({"LINDEX", "a"}, wrong_arity("lindex"));
}

TEST_F(Lists, RefuseOtherTypes) {
  check({"SET", "string", "a"}, "+OK\r\n");
  check({"HSET", "hash", "a", "b"}, number(1));
  for (const char* key : {"string", "hash"}) {
    check({"LPUSH", key, "x"}, kWrongType);
    check({"RPUSH", key, "x"}, kWrongType);
    check({"LPOP", key}, kWrongType);
    check({"RPOP", key, "1"}, kWrongType);
    check({"LPOP", key, "0"}, kWrongType);
    check({"LLEN", key}, kWrongType);
    check({"LRANGE", key, "0", "-1"}, kWrongType);
    check({"LINDEX", key, "0"}, kWrongType);
  }
  check({"DBSIZE"}, number(2));
}

TEST_F(Lists, EqualADeque) {
  std::mt19937 generator(1);
  std::deque<std::string> model;
  std::string requests;
  std::string replies;
  const auto add = [&](const Words& words, const std::string& reply) {
    requests += encode(Dialect::resp, words);
    replies += reply;
  };
  for (int step = 0; step < 5000; ++step) {
    const std::string element(generator() % 40, static_cast<char>(step));
    const auto size = static_cast<int64_t>(model.size());
    switch (generator() % 6) {
      case 0:
        model.push_front(element);
        add({"LPUSH", "list", element}, number(size + 1));
        break;
      case 1:
        model.push_back(element);
        add({"RPUSH", "list", element}, number(size + 1));
        break;
      case 2:
        add({"LPOP", "list"}, model.empty() ? kNull : bulk(model.front()));
        if (!model.empty()) model.pop_front();
        break;
      case 3:
        add({"RPOP", "list"}, model.empty() ? kNull : bulk(model.back()));
        if (!model.empty()) model.pop_back();
        break;
      default: {
        const auto last = static_cast<int64_t>(generator() % 9) - 4;
        const int64_t end = std::min(last < 0 ? last + size : last, size - 1);
        std::vector<std::string> range;
        for (int64_t i = 0; i <= end; ++i) {
          range.push_back(model[static_cast<size_t>(i)]);
        }
        add({"LRANGE", "list", "0", std::to_string(last)}, array(range));
      }
    }
  }
  check_bytes(requests, replies);
}

}  // namespace

}  // namespace klh::test
