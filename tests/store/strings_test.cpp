// SET GET INCR MGET MSET APPEND STRLEN. The replies are those of Redis 7.0.15.
#include "store/store_test.h"

namespace klh::test {

namespace {

class Strings : public StoreTest {};

TEST_F(Strings, SetAndGet) {
  check({"GET", "mykey"}, kNull);
  check({"SET", "mykey", "Hello"}, "+OK\r\n");
  check({"GET", "mykey"}, bulk("Hello"));
  check({"set", "mykey", ""}, "+OK\r\n");
  check({"gEt", "mykey"}, bulk(""));
  check({"SET", "", "empty key"}, "+OK\r\n");
  check({"GET", ""}, bulk("empty key"));
}

TEST_F(Strings, HoldAnyBytes) {
  const std::string bytes = every_byte();
  check({"SET", bytes, bytes}, "+OK\r\n");
  check({"GET", bytes}, bulk(bytes));
  check({"STRLEN", bytes}, number(256));
  check({"GET", bytes.substr(1)}, kNull);
}

TEST_F(Strings, HoldAnySizeAndChangeIt) {
  for (const int64_t size : {0, 1, 14, 15, 16, 17, 100, 70'000, 5, 16, 0, 17}) {
    const std::string value(static_cast<size_t>(size), static_cast<char>(size));
    check({"SET", "key", value}, "+OK\r\n");
    check({"GET", "key"}, bulk(value));
    check({"STRLEN", "key"}, number(size));
  }
}

TEST_F(Strings, Hold64Megabytes) {
  std::string value(64 * 1024 * 1024, 'x');
  for (size_t i = 0; i < value.size(); i += 4093) {
    value[i] = static_cast<char>(i / 4093);
  }
  check({"SET", "large", value}, "+OK\r\n");
  check({"STRLEN", "large"}, number(64 * 1024 * 1024));
  check({"GET", "large"}, bulk(value));
  check({"APPEND", "large", "!"}, number(64 * 1024 * 1024 + 1));
  check({"GET", "large"}, bulk(value + "!"));
  check({"DEL", "large"}, number(1));
}

TEST_F(Strings, SetTakesThePlaceOfAnyType) {
  check({"RPUSH", "key", "a", "b"}, number(2));
  check({"SET", "key", "now a string"}, "+OK\r\n");
  check({"GET", "key"}, bulk("now a string"));
  check({"HSET", "hash", "a", "b"}, number(1));
  check({"MSET", "hash", "1", "key", "2"}, "+OK\r\n");
  check({"MGET", "hash", "key"}, array({"1", "2"}));
  check({"TYPE", "hash"}, "+string\r\n");
}

TEST_F(Strings, SetTakesNoOptionsYet) {
  check({"SET", "key", "value", "NOSUCH"}, kSyntaxError);
  check({"SET", "key", "value", "NX", "XX"}, kSyntaxError);
  check({"GET", "key"}, kNull);
}

TEST_F(Strings, Incr) {
  check({"INCR", "counter"}, number(1));
  check({"INCR", "counter"}, number(2));
  check({"GET", "counter"}, bulk("2"));
  check({"SET", "counter", "-1"}, "+OK\r\n");
  check({"INCR", "counter"}, number(0));
  check({"GET", "counter"}, bulk("0"));
  check({"SET", "counter", "-9223372036854775808"}, "+OK\r\n");
  check({"INCR", "counter"}, number(-9223372036854775807));
  check({"SET", "counter", "9223372036854775806"}, "+OK\r\n");
  check({"INCR", "counter"}, number(INT64_MAX));
  check({"INCR", "counter"}, "-ERR increment or decrement would overflow\r\n");
  check({"GET", "counter"}, bulk("9223372036854775807"));
}

TEST_F(Strings, IncrTakesIntegersOnly) {
  for (const std::string text :
       {"", " 1", "1 ", "+1", "01", "-0", "1.0", "abc", "0x1", "--1", "-",
        "9223372036854775808", "-9223372036854775809", "1\n"}) {
    check({"SET", "key", text}, "+OK\r\n");
    check({"INCR", "key"}, kNotAnInteger);
    check({"GET", "key"}, bulk(text));
  }
  check({"SET", "key", std::string("1\0", 2)}, "+OK\r\n");
  check({"INCR", "key"}, kNotAnInteger);
}

TEST_F(Strings, Append) {
  check({"APPEND", "key", "Hello"}, number(5));
  check({"APPEND", "key", " World, longer than fifteen"}, number(32));
  check({"GET", "key"}, bulk("Hello World, longer than fifteen"));
  check({"APPEND", "key", ""}, number(32));
  check({"APPEND", "new", ""}, number(0));
  check({"EXISTS", "new"}, number(1));
  check({"SET", "number", "1"}, "+OK\r\n");
  check({"APPEND", "number", "2"}, number(2));
  check({"INCR", "number"}, number(13));
}

TEST_F(Strings, MSetAndMGet) {
  check({"MSET", "a", "1", "b", "2", "a", "3"}, "+OK\r\n");
  check({"RPUSH", "list", "x"}, number(1));
  check({"MGET", "a", "nosuch", "b", "list", "a"},
        "*5\r\n$1\r\n3\r\n$-1\r\n$1\r\n2\r\n$-1\r\n$1\r\n3\r\n");
}

TEST_F(Strings, CountTheirArguments) {
  check({"SET", "a"}, wrong_arity("set"));
  check({"GET"}, wrong_arity("get"));
  check({"GeT", "a", "b"}, wrong_arity("get"));
  check({"INCR"}, wrong_arity("incr"));
  check({"INCR", "a", "b"}, wrong_arity("incr"));
  check({"MGET"}, wrong_arity("mget"));
  check({"MSET", "a"}, wrong_arity("mset"));
  check({"MSET", "a", "1", "b"}, wrong_arity("mset"));
  check({"APPEND", "a"}, wrong_arity("append"));
  check({"STRLEN"}, wrong_arity("strlen"));
  check({"EXISTS", "a", "b"}, number(0));
}

TEST_F(Strings, RefuseOtherTypes) {
  check({"RPUSH", "list", "a"}, number(1));
  check({"HSET", "hash", "a", "b"}, number(1));
  for (const char* key : {"list", "hash"}) {
    check({"GET", key}, kWrongType);
    check({"INCR", key}, kWrongType);
    check({"APPEND", key, "x"}, kWrongType);
    check({"STRLEN", key}, kWrongType);
  }
  check({"LRANGE", "list", "0", "-1"}, array({"a"}));
  check({"HGETALL", "hash"}, array({"a", "b"}));
}

}  // namespace

}  // namespace klh::test
