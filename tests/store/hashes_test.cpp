// HSET HGET HDEL HGETALL HLEN HEXISTS HKEYS HVALS. The replies are those of
// Redis 7.0.15, but for the order of fields, which nobody promises.
#include <algorithm>

#include "store/store_test.h"

namespace klh::test {

namespace {

class Hashes : public StoreTest {
 protected:
  std::vector<std::string> sorted(const Words& words) {
    std::vector<std::string> elements = client().ask_list(words);
    std::sort(elements.begin(), elements.end());
    return elements;
  }

  std::map<std::string, std::string> fields(const std::string& key) {
    const std::vector<std::string> all = client().ask_list({"HGETALL", key});
    std::map<std::string, std::string> fields;
    for (size_t i = 0; i + 1 < all.size(); i += 2) fields[all[i]] = all[i + 1];
    EXPECT_EQ(all.size(), 2 * fields.size());
    return fields;
  }
};

using Fields = std::map<std::string, std::string>;

TEST_F(Hashes, SetAndGet) {
  check({"HSET", "user:100", "name", "prem", "age", "21"}, number(2));
  check({"HSET", "user:100", "age", "22", "town", "Ulm", "town", "Bonn"},
        number(1));
  check({"HGET", "user:100", "age"}, bulk("22"));
  check({"HGET", "user:100", "town"}, bulk("Bonn"));
  check({"HGET", "user:100", "nosuch"}, kNull);
  check({"HGET", "nosuch", "age"}, kNull);
  check({"HLEN", "user:100"}, number(3));
  check({"HLEN", "nosuch"}, number(0));
  check({"HEXISTS", "user:100", "age"}, number(1));
  check({"HEXISTS", "user:100", "AGE"}, number(0));
  check({"HEXISTS", "nosuch", "age"}, number(0));
  check({"TYPE", "user:100"}, "+hash\r\n");
}

TEST_F(Hashes, GetAll) {
  check({"HSET", "hash", "a", "1", "b", "2", "c", "1"}, number(3));
  EXPECT_EQ(fields("hash"), (Fields{{"a", "1"}, {"b", "2"}, {"c", "1"}}));
  EXPECT_EQ(sorted({"HKEYS", "hash"}),
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(sorted({"HVALS", "hash"}),
            (std::vector<std::string>{"1", "1", "2"}));
  for (const char* command : {"HGETALL", "HKEYS", "HVALS"}) {
    check({command, "nosuch"}, "*0\r\n");
  }
}

TEST_F(Hashes, Delete) {
  check({"HSET", "hash", "a", "1", "b", "2"}, number(2));
  check({"HDEL", "hash", "nosuch"}, number(0));
  check({"HDEL", "hash", "a", "a", "nosuch"}, number(1));
  check({"HDEL", "nosuch", "a"}, number(0));
  check({"EXISTS", "hash"}, number(1));
  check({"HDEL", "hash", "b"}, number(1));
  check({"EXISTS", "hash"}, number(0));
  check({"DBSIZE"}, number(0));
}

TEST_F(Hashes, HoldAnyBytes) {
  const std::string bytes = every_byte();
  check({"HSET", bytes, bytes, bytes, "", ":", ":", ""}, number(3));
  check({"HGET", bytes, bytes}, bulk(bytes));
  EXPECT_EQ(fields(bytes), (Fields{{bytes, bytes}, {"", ":"}, {":", ""}}));
}

TEST_F(Hashes, HoldManyFields) {
  Fields model;
  Words words = {"HSET", "hash"};
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "field" + std::to_string(i);
    model[name] = std::string(static_cast<size_t>(i % 40), 'x');
    words.push_back(name);
    words.push_back(model[name]);
  }
  check(words, number(5000));
  EXPECT_EQ(fields("hash"), model);
  words = {"HDEL", "hash"};
  for (int i = 0; i < 5000; i += 2) {
    words.push_back("field" + std::to_string(i));
    model.erase(words.back());
  }
  check(words, number(2500));
  EXPECT_EQ(fields("hash"), model);
}

TEST_F(Hashes, CountTheirArguments) {
  check({"HSET", "h"}, wrong_arity("hset"));
  check({"HSET", "h", "a"}, wrong_arity("hset"));
  check({"HSET", "h", "a", "b", "c"}, wrong_arity("hset"));
  check({"HGET", "h"}, wrong_arity("hget"));
  check({"HDEL", "h"}, wrong_arity("hdel"));
  check({"HGETALL"}, wrong_arity("hgetall"));
  check({"HGETALL", "h", "a"}, wrong_arity("hgetall"));
  check({"HLEN"}, wrong_arity("hlen"));
  check({"HEXISTS", "h"}, wrong_arity("hexists"));
  check({"HKEYS"}, wrong_arity("hkeys"));
  check({"HVALS", "h", "a"}, wrong_arity("hvals"));
  check({"EXISTS", "h"}, number(0));
}

TEST_F(Hashes, RefuseOtherTypes) {
  check({"SET", "string", "a"}, "+OK\r\n");
  check({"RPUSH", "list", "a"}, number(1));
  for (const char* key : {"string", "list"}) {
    check({"HSET", key, "a", "b"}, kWrongType);
    check({"HGET", key, "a"}, kWrongType);
    check({"HDEL", key, "a"}, kWrongType);
    check({"HGETALL", key}, kWrongType);
    check({"HLEN", key}, kWrongType);
    check({"HEXISTS", key, "a"}, kWrongType);
    check({"HKEYS", key}, kWrongType);
    check({"HVALS", key}, kWrongType);
  }
  check({"HSET", "string", "a"}, wrong_arity("hset"));
}

}  // namespace

}  // namespace klh::test
