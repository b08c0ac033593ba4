// DEL EXISTS TYPE KEYS SCAN DBSIZE FLUSHALL. The replies are those of Redis
// 7.0.15, but for the order of keys, which nobody promises.
#include <algorithm>

#include "store/store_test.h"

namespace klh::test {

namespace {

class Keys : public StoreTest {
 protected:
  using Names = std::set<std::string>;

  Names keys(const std::string& pattern) {
    const auto found = client().ask_list({"KEYS", pattern});
    Names names(found.begin(), found.end());
    EXPECT_EQ(names.size(), found.size());
    return names;
  }

  // One step of a scan: some keys, and the cursor to go on with.
  std::string scan_step(const std::string& cursor, const Words& options,
                        Names& names) {
    Words words = {"SCAN", cursor};
    words.insert(words.end(), options.begin(), options.end());
    Connected& connection = client();
    connection.client().request(words);
    EXPECT_EQ(connection.client().receive(4), "*2\r\n");
    const std::string next = connection.receive();
    const std::string found = connection.receive();
    size_t at = found.find('\n') + 1;
    while (at < found.size()) {  // $size CR LF bytes CR LF
      const size_t begin = found.find('\n', at) + 1;
      const size_t size = std::stoul(found.substr(at + 1));
      names.insert(found.substr(begin, size));
      at = begin + size + 2;
    }
    const size_t begin = next.find('\n') + 1;
    return next.substr(begin, next.size() - begin - 2);
  }

  Names scan(const Words& options) {
    Names names;
    std::string cursor = "0";
    do {
      cursor = scan_step(cursor, options, names);
    } while (cursor != "0");
    return names;
  }

  // Sets `prefix`0 … at once.
  Names set_many(const std::string& prefix, int count) {
    Words words = {"MSET"};
    Names names;
    for (int i = 0; i < count; ++i) {
      words.push_back(prefix + std::to_string(i));
      names.insert(words.back());
      words.push_back("x");
    }
    check(words, "+OK\r\n");
    return names;
  }
};

TEST_F(Keys, DeleteAndExists) {
  check({"MSET", "a", "1", "b", "2", "c", "3"}, "+OK\r\n");
  check({"EXISTS", "a"}, number(1));
  check({"EXISTS", "a", "nosuch", "b", "a"}, number(3));
  check({"DEL", "a", "nosuch", "b", "a"}, number(2));
  check({"EXISTS", "a", "b", "c"}, number(1));
  check({"DEL", "nosuch"}, number(0));
  check({"DBSIZE"}, number(1));
}

TEST_F(Keys, Type) {
  check({"SET", "s", "1"}, "+OK\r\n");
  check({"RPUSH", "l", "1"}, number(1));
  check({"HSET", "h", "a", "1"}, number(1));
  check({"TYPE", "s"}, "+string\r\n");
  check({"TYPE", "l"}, "+list\r\n");
  check({"TYPE", "h"}, "+hash\r\n");
  check({"TYPE", "nosuch"}, "+none\r\n");
}

TEST_F(Keys, Patterns) {
  check({"MSET", "firstname", "Jack", "lastname", "Stuntman", "age", "35", "k1",
         "", "k2", "", "k3", "", "k*", ""},
        "+OK\r\n");
  EXPECT_EQ(keys("*name*"), (Names{"firstname", "lastname"}));
  EXPECT_EQ(keys("a??"), (Names{"age"}));
  EXPECT_EQ(keys("k[1-2]"), (Names{"k1", "k2"}));
  EXPECT_EQ(keys("k[^1-2]"), (Names{"k3", "k*"}));
  EXPECT_EQ(keys("k\\*"), (Names{"k*"}));
  EXPECT_EQ(keys(""), Names{});
  EXPECT_EQ(keys("*").size(), 7u);
}

TEST_F(Keys, FlushAll) {
  check({"FLUSHALL"}, "+OK\r\n");
  for (const char* mode : {"ASYNC", "sync"}) {
    set_many("key", 1000);
    check({"FLUSHALL", mode}, "+OK\r\n");
    check({"DBSIZE"}, number(0));
    check({"KEYS", "*"}, "*0\r\n");
  }
  set_many("key", 3);
  check({"FLUSHALL", "NOW"}, kSyntaxError);
  check({"FLUSHALL", "SYNC", "ASYNC"}, kSyntaxError);
  check({"DBSIZE"}, number(3));
}

TEST_F(Keys, ScanFindsAll) {
  const Names all = set_many("key", 3000);
  EXPECT_EQ(scan({}), all);
  EXPECT_EQ(scan({"COUNT", "1"}), all);
  EXPECT_EQ(scan({"COUNT", "100000"}), all);
  EXPECT_EQ(scan({"count", "7", "match", "*"}), all);
}

TEST_F(Keys, ScanSelects) {
  set_many("a:", 200);
  const Names b = set_many("b:", 100);
  check({"RPUSH", "b:list", "x"}, number(1));
  check({"HSET", "b:hash", "x", "y"}, number(1));
  Names all_b = b;
  all_b.insert({"b:list", "b:hash"});
  EXPECT_EQ(scan({"MATCH", "b:*"}), all_b);
  EXPECT_EQ(scan({"MATCH", "b:*", "TYPE", "string"}), b);
  EXPECT_EQ(scan({"TYPE", "list"}), (Names{"b:list"}));
  EXPECT_EQ(scan({"TYPE", "HASH", "COUNT", "5"}), (Names{"b:hash"}));
  EXPECT_EQ(scan({"TYPE", "nosuch"}), Names{});
  EXPECT_EQ(scan({"MATCH", "nosuch"}), Names{});
}

// What is there from the first step to the last is found, however much comes
// and goes meanwhile: the table grows and shrinks under the cursor.
TEST_F(Keys, ScanFindsWhatStaysWhileOthersComeAndGo) {
  const Names stay = set_many("stay", 500);
  for (int round = 0; round < 3; ++round) {
    Names found;
    std::string cursor = "0";
    int step = 0;
    do {
      cursor = scan_step(cursor, {"COUNT", "10"}, found);
      const std::string prefix = "come" + std::to_string(step / 2) + ":";
      if (step % 2 == 0) {
        set_many(prefix, 400);
      } else {
        Words words = {"DEL"};
        for (int i = 0; i < 400; ++i) {
          words.push_back(prefix + std::to_string(i));
        }
        check(words, number(400));
      }
    } while (cursor != "0" && ++step < 10'000);
    EXPECT_EQ(cursor, "0");
    EXPECT_TRUE(
        std::includes(found.begin(), found.end(), stay.begin(), stay.end()));
  }
}

TEST_F(Keys, ScanOfAnEmptyStoreEndsAtOnce) {
  check({"SCAN", "0"}, "*2\r\n$1\r\n0\r\n*0\r\n");
  check({"SCAN", "0", "COUNT", "9223372036854775807"},
        "*2\r\n$1\r\n0\r\n*0\r\n");
}

// Hardly anything is left in a table that was large: no single step may visit
// all of it, and all steps together must still come to an end.
TEST_F(Keys, ScanOfASparseTableEnds) {
  set_many("key", 20'000);
  Words words = {"DEL"};
  for (int i = 3; i < 20'000; ++i) words.push_back("key" + std::to_string(i));
  check(words, number(19'997));
  EXPECT_EQ(scan({}), (Names{"key0", "key1", "key2"}));
}

TEST_F(Keys, ScanRefusesWhatItDoesNotKnow) {
  const char* bad_cursor = "-ERR invalid cursor\r\n";
  check({"SCAN", "x"}, bad_cursor);
  check({"SCAN", "1.5"}, bad_cursor);
  check({"SCAN", "18446744073709551616"}, bad_cursor);
  check({"SCAN", "0", "COUNT", "0"}, kSyntaxError);
  check({"SCAN", "0", "COUNT", "-1"}, kSyntaxError);
  check({"SCAN", "0", "COUNT", "x"}, kNotAnInteger);
  check({"SCAN", "0", "COUNT"}, kSyntaxError);
  check({"SCAN", "0", "MATCH"}, kSyntaxError);
  check({"SCAN", "0", "TYPE"}, kSyntaxError);
  check({"SCAN", "0", "NOSUCH", "1"}, kSyntaxError);
}

TEST_F(Keys, CountTheirArguments) {
  check({"DEL"}, wrong_arity("del"));
  check({"EXISTS"}, wrong_arity("exists"));
  check({"TYPE"}, wrong_arity("type"));
  check({"TYPE", "a", "b"}, wrong_arity("type"));
  check({"KEYS"}, wrong_arity("keys"));
  check({"KEYS", "a", "b"}, wrong_arity("keys"));
  check({"SCAN"}, wrong_arity("scan"));
  check({"DBSIZE", "a"}, wrong_arity("dbsize"));
}

}  // namespace

}  // namespace klh::test
