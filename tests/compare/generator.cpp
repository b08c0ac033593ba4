#include "compare/generator.h"

#include <algorithm>
#include <cctype>
#include <span>

namespace klh::test {

namespace {

struct Row {
  char family;  // which keys it takes mostly: s, l, h, z or any; y: see below
  unsigned weight;
  std::string_view pattern;
};

// Relative times stand without GT and LT: the two servers' clocks may tick in
// between.
constexpr Row kRows[] = {
    {'s', 6, "SET key value"},
    {'s', 4,
     "SET key value [ ( NX | XX ) ] [ GET ] [ ( EX seconds | PX lifetime | "
     "EXAT at_seconds | PXAT at | KEEPTTL ) ]"},
    {'s', 1, "SET key value { ( NX | XX | GET | KEEPTTL | PXAT at ) }"},
    {'s', 3, "GET key"},
    {'s', 1, "GETSET key value"},
    {'s', 1, "GETDEL key"},
    {'s', 2,
     "GETEX key [ ( EX seconds | PX lifetime | EXAT at_seconds | PXAT at | "
     "PERSIST ) ]"},
    {'s', 1, "SETNX key value"},
    {'s', 1, "SETEX key seconds value"},
    {'s', 1, "PSETEX key lifetime value"},
    {'s', 2, "MSET { key value }"},
    {'s', 1, "MSETNX { key value }"},
    {'s', 1, "MGET { key }"},
    {'s', 2, "APPEND key value"},
    {'s', 1, "STRLEN key"},
    {'s', 1, "INCR key"},
    {'s', 1, "DECR key"},
    {'s', 2, "INCRBY key integer"},
    {'s', 1, "DECRBY key integer"},
    {'s', 3, "INCRBYFLOAT key float"},
    {'s', 2, "( GETRANGE | SUBSTR ) key index index"},
    {'s', 2, "SETRANGE key offset value"},

    {'l', 5, "( LPUSH | RPUSH ) key { element }"},
    {'l', 1, "( LPUSH | RPUSH ) key { element }*"},
    {'l', 2, "( LPUSHX | RPUSHX ) key { element }"},
    {'l', 3, "( LPOP | RPOP ) key [ count ]"},
    {'l', 1, "LLEN key"},
    {'l', 3, "LRANGE key index index"},
    {'l', 2, "LINDEX key index"},
    {'l', 2, "LSET key index element"},
    {'l', 2, "LREM key index element"},
    {'l', 2, "LTRIM key index index"},
    {'l', 2, "LINSERT key ( BEFORE | AFTER ) element element"},
    {'l', 4,
     "LPOS key element [ RANK index ] [ COUNT count ] [ MAXLEN count ]"},
    {'l', 2, "LMOVE key key ( LEFT | RIGHT ) ( LEFT | RIGHT )"},
    {'l', 1, "RPOPLPUSH key key"},
    {'l', 2, "LMPOP keys ( LEFT | RIGHT ) [ COUNT count ]"},

    {'h', 5, "( HSET | HMSET ) key { field value }"},
    {'h', 1, "HSET key { wide value }*"},
    {'h', 1, "HSETNX key field value"},
    {'h', 2, "HGET key field"},
    {'h', 1, "HMGET key { field }"},
    {'h', 2, "( HGETALL | HKEYS | HVALS ) key"},
    {'h', 2, "HDEL key { field }"},
    {'h', 1, "HLEN key"},
    {'h', 1, "HEXISTS key field"},
    {'h', 2, "HINCRBY key field integer"},
    {'h', 2, "HINCRBYFLOAT key field float"},
    {'h', 1, "HSTRLEN key field"},
    {'h', 1, "HSCAN key cursor [ MATCH pattern ] [ COUNT count ]"},
    {'h', 2, "HRANDFIELD key [ index [ WITHVALUES ] ]"},

    {'z', 6,
     "ZADD key [ ( NX | XX ) ] [ ( GT | LT ) ] [ CH ] { score member }"},
    {'z', 4, "ZADD key { score member }"},
    {'z', 1, "ZADD key { score wide }*"},
    {'z', 2, "ZADD key [ ( NX | XX | GT | LT ) ] [ CH ] INCR score member"},
    {'z', 1, "ZREM key { member }"},
    {'z', 1, "ZSCORE key member"},
    {'z', 1, "ZMSCORE key { member }"},
    {'z', 2, "ZINCRBY key score member"},
    {'z', 1, "ZCARD key"},
    {'z', 2, "ZCOUNT key bound bound"},
    {'z', 1, "( ZRANK | ZREVRANK ) key member"},
    {'z', 2, "ZRANGE key index index [ REV ] [ WITHSCORES ]"},
    {'z', 2,
     "ZRANGE key bound bound BYSCORE [ REV ] [ LIMIT index index ] "
     "[ WITHSCORES ]"},
    {'z', 1,
     "ZRANGE key index index { ( BYSCORE | BYLEX | REV | WITHSCORES | LIMIT "
     "index index ) }"},
    {'z', 1, "ZRANGESTORE key key index index [ REV ]"},
    {'z', 1,
     "ZRANGESTORE key key bound bound BYSCORE [ REV ] [ LIMIT index index ]"},
    {'z', 3,
     "( ZRANGEBYSCORE | ZREVRANGEBYSCORE ) key bound bound [ WITHSCORES ] "
     "[ LIMIT index index ]"},
    {'z', 1, "ZREVRANGE key index index [ WITHSCORES ]"},
    {'z', 2, "( ZPOPMIN | ZPOPMAX ) key [ count ]"},
    {'z', 2, "ZMPOP keys ( MIN | MAX ) [ COUNT count ]"},
    {'z', 1, "ZREMRANGEBYRANK key index index"},
    {'z', 1, "ZREMRANGEBYSCORE key bound bound"},
    {'z', 1, "ZSCAN key cursor [ MATCH pattern ] [ COUNT count ]"},
    {'z', 2, "ZRANDMEMBER key [ index [ WITHSCORES ] ]"},
    {'z', 3,
     "( ZUNION | ZINTER ) keys [ WEIGHTS weights ] [ AGGREGATE ( SUM | MIN | "
     "MAX ) ] [ WITHSCORES ]"},
    {'z', 1, "ZDIFF keys [ WITHSCORES ]"},
    {'z', 2, "ZINTERCARD keys [ LIMIT count ]"},
    {'z', 3,
     "( ZUNIONSTORE | ZINTERSTORE ) key keys [ WEIGHTS weights ] [ AGGREGATE "
     "( SUM | MIN | MAX ) ]"},
    {'z', 1, "ZDIFFSTORE key keys"},

    // The order by bytes is defined among equal scores only: these keys are
    // nobody else's.
    {'y', 5, "ZADD key { 0 member }"},
    {'y', 1, "ZREM key member"},
    {'y', 2, "ZLEXCOUNT key lex lex"},
    {'y', 2, "ZRANGE key lex lex BYLEX [ REV ] [ LIMIT index index ]"},
    {'y', 2, "( ZRANGEBYLEX | ZREVRANGEBYLEX ) key lex lex"},
    {'y', 2, "( ZRANGEBYLEX | ZREVRANGEBYLEX ) key lex lex LIMIT index index"},
    {'y', 2, "ZRANGESTORE key key lex lex BYLEX [ REV ] [ LIMIT index index ]"},
    {'y', 1, "ZREMRANGEBYLEX key lex lex"},

    {'*', 2, "( DEL | UNLINK ) { key }"},
    {'*', 1, "( EXISTS | TOUCH ) { key }"},
    {'*', 2, "TYPE key"},
    {'*', 1, "KEYS pattern"},
    {'*', 1,
     "SCAN cursor [ MATCH pattern ] [ COUNT count ] [ TYPE ( string | list | "
     "hash | zset | set ) ]"},
    {'*', 2, "( RENAME | RENAMENX ) key key"},
    {'*', 3, "COPY key key [ DB 0 ] [ REPLACE ]"},
    {'*', 1, "RANDOMKEY"},
    {'*', 1, "EXPIRE key seconds [ ( NX | XX ) ]"},
    {'*', 1, "PEXPIRE key lifetime [ ( NX | XX ) ]"},
    {'*', 2, "EXPIREAT key at_seconds { ( NX | XX | GT | LT ) }"},
    {'*', 2, "EXPIREAT key at_seconds [ ( NX | XX | GT | LT ) ]"},
    {'*', 2, "PEXPIREAT key at [ ( NX | XX | GT | LT ) ]"},
    {'*', 2, "( TTL | PTTL | EXPIRETIME | PEXPIRETIME ) key"},
    {'*', 2, "PERSIST key"},
    {'*', 2, "OBJECT ( ENCODING | REFCOUNT ) key"},
    {'*', 1, "DBSIZE"},
    {'*', 1, "ECHO value"},
};

// A thousandth of the commands.
constexpr Row kRareRow = {'*', 1,
                          "( FLUSHALL | FLUSHDB ) [ ( SYNC | ASYNC ) ]"};

constexpr std::string_view kLong =
    "a value of more than sixty-four bytes, which is too long for a listpack";

constexpr std::string_view kValues[] = {
    "",  "a",   "Hello", "1",      "5",    "-3",  "10.5",
    "0", "1e3", " 1 ",   "a\r\nb", "%:~ ", kLong, "9223372036854775807"};
constexpr std::string_view kElements[] = {
    "a", "b",   "c",      "d",  "e",   "",           "1",
    "2", "-70", "300000", "\n", kLong, "10000000000"};
constexpr std::string_view kFields[] = {"f1", "f2",  "f3",  "1",
                                        "",   "a:b", "f:%", kLong};
constexpr std::string_view kMembers[] = {"a", "b", "c",  "d", "e",  "f",
                                         "1", "",  "aa", "B", kLong};
constexpr std::string_view kScores[] = {"0",
                                        "1",
                                        "1",
                                        "2",
                                        "3",
                                        "-1",
                                        "1.5",
                                        "2.5",
                                        "10",
                                        "inf",
                                        "-inf",
                                        "+inf",
                                        "0.1",
                                        "1e3",
                                        "1e20",
                                        "3.14159265358979",
                                        "5",
                                        "7",
                                        "4",
                                        "-2",
                                        "100",
                                        "1e-7",
                                        "123456789012",
                                        "0.30000000001"};
constexpr std::string_view kBounds[] = {
    "-inf", "+inf", "inf", "0",  "1",   "(1",    "2",    "(2",
    "3",    "(3",   "-1",  "10", "1.5", "(-inf", "(+inf"};
constexpr std::string_view kLexBounds[] = {"-",  "+",  "[a", "(a", "[b", "(c",
                                           "[d", "(e", "[",  "(",  "[aa"};
constexpr std::string_view kIntegers[] = {"0",
                                          "1",
                                          "-1",
                                          "2",
                                          "7",
                                          "-100",
                                          "9223372036854775807",
                                          "-9223372036854775808"};
constexpr std::string_view kFloats[] = {"0.1", "-1.5", "3",    "1e3",  "0.3",
                                        "-3",  "2.5",  "1e-5", "1e17", "5.0e3"};
constexpr std::string_view kPatterns[] = {
    "*", "a*", "?", "[a-c]", "[^a]", "s*", "*1", "f?", "l1", "\\a", "nosuch"};
constexpr std::string_view kOdd[] = {"",
                                     "abc",
                                     "1.5",
                                     "-1",
                                     "nan",
                                     "inf",
                                     " 1",
                                     "+1",
                                     "0",
                                     "0x10",
                                     "1e400",
                                     "99999999999999999999",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "NX",
                                     "COUNT"};

// The words of a row, one after another.
std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

bool is_name(std::string_view word) {
  return !word.empty() && std::isupper(static_cast<unsigned char>(word[0]));
}

unsigned total_weight() {
  unsigned total = 0;
  for (const Row& row : kRows) total += row.weight;
  return total;
}

}  // namespace

struct Generator::Pattern {
  std::string_view rest;

  bool at_end() const { return rest.empty(); }
  std::string_view peek() const { return first_word(rest); }
  std::string_view take() {
    const std::string_view word = peek();
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
  }
};

Words Generator::next() {
  constexpr uint64_t kRareOneIn = 1000;
  static const unsigned total = total_weight();
  const Row* row = &kRareRow;
  if (below(kRareOneIn) != 0) {
    auto left = static_cast<unsigned>(below(total));
    for (row = kRows; left >= row->weight; ++row) left -= row->weight;
  }
  family_ = row->family;
  Words words;
  Pattern pattern{row->pattern};
  while (!pattern.at_end()) expand(pattern, &words);
  constexpr uint64_t kDamagedOneIn = 25;
  if (below(kDamagedOneIn) == 0) damage(words);
  return words;
}

// One word, or one group in brackets. Without `words` it is skipped.
void Generator::expand(Pattern& pattern, Words* words) {
  const std::string_view word = pattern.peek();
  if (word == "[") {
    pattern.take();
    if (below(2) == 0) words = nullptr;
    while (pattern.peek() != "]") expand(pattern, words);
    pattern.take();
  } else if (word == "(") {
    expand_choice(pattern, words);
  } else if (word == "{") {
    repeat(pattern, words);
  } else {
    pattern.take();
    if (words) append(word, *words);
  }
}

// Each alternative takes the place of those before it with the probability
// that makes all of them equally likely.
void Generator::expand_choice(Pattern& pattern, Words* words) {
  pattern.take();
  Words chosen;
  uint64_t seen = 0;
  do {
    Words alternative;
    while (pattern.peek() != "|" && pattern.peek() != ")") {
      expand(pattern, &alternative);
    }
    if (below(++seen) == 0) chosen = alternative;
  } while (pattern.take() == "|");
  if (words) words->insert(words->end(), chosen.begin(), chosen.end());
}

void Generator::repeat(Pattern& pattern, Words* words) {
  pattern.take();
  const Pattern body = pattern;
  Pattern end = body;
  while (!end.peek().starts_with("}")) expand(end, nullptr);
  const bool often = end.take() == "}*";
  const uint64_t times = often ? 20 + below(120) : 1 + below(3);
  for (uint64_t i = 0; i < times; ++i) {
    pattern = body;
    while (!pattern.peek().starts_with("}")) expand(pattern, words);
  }
  pattern = end;
}

void Generator::append(std::string_view kind, Words& words) {
  constexpr uint64_t kOddOneIn = 60;
  if (kind == "keys") {
    key_count_ = 1 + below(3);
    words.push_back(std::to_string(key_count_));
    for (uint64_t i = 0; i < key_count_; ++i) words.push_back(key(family_));
  } else if (kind == "weights") {
    for (uint64_t i = 0; i < key_count_; ++i) {
      words.push_back(any_of(kScores));
    }
  } else if (!is_name(kind) && family_ != 'y' && below(kOddOneIn) == 0) {
    words.push_back(kind == "key" ? prefix_ + odd_word() : odd_word());
  } else {
    words.push_back(argument(kind));
  }
}

std::string Generator::argument(std::string_view kind) {
  if (kind == "key") return key(family_);
  if (kind == "value") return any_of(kValues);
  if (kind == "element") return any_of(kElements);
  if (kind == "field") return any_of(kFields);
  if (kind == "member") return any_of(kMembers);
  if (kind == "wide") return "w" + std::to_string(below(1000));
  if (kind == "score") return any_of(kScores);
  if (kind == "bound") return any_of(kBounds);
  if (kind == "lex") return any_of(kLexBounds);
  if (kind == "integer") return any_of(kIntegers);
  if (kind == "float") return any_of(kFloats);
  if (kind == "pattern") return any_of(kPatterns);
  if (kind == "cursor") return below(8) == 0 ? "3" : "0";
  if (kind == "count") return std::to_string(below(6));
  if (kind == "offset") return std::to_string(below(30));
  if (kind == "index") return std::to_string(static_cast<int>(below(14)) - 6);
  if (kind == "seconds") return time(1000, false);
  if (kind == "lifetime") return time(1, false);
  if (kind == "at_seconds") return time(1000, true);
  if (kind == "at") return time(1, true);
  return std::string(kind);  // the word itself
}

// Mostly one of its own family; y is left to itself.
std::string Generator::key(char family) {
  constexpr std::string_view kFamilies = "slhz";
  constexpr uint64_t kKeysOfAFamily = 3;
  constexpr uint64_t kForeignOneIn = 12;
  const bool is_foreign = family != 'y' && below(kForeignOneIn) == 0;
  if (family == '*' || is_foreign) {
    family = kFamilies[below(kFamilies.size())];
  }
  return prefix_ + family + std::to_string(below(kKeysOfAFamily));
}

std::string Generator::odd_word() {
  return any_of(kOdd);
}

std::string Generator::time(int64_t unit_ms, bool is_absolute) {
  const int64_t span = times_.most_lifetime_ms - times_.least_lifetime_ms;
  const int64_t lifetime_ms =
      times_.least_lifetime_ms +
      static_cast<int64_t>(below(static_cast<uint64_t>(span)));
  const int64_t time_ms = lifetime_ms + (is_absolute ? times_.now_ms : 0);
  return std::to_string((time_ms + unit_ms - 1) / unit_ms);
}

// With a prefix the name of the command stays: behind another one it would be
// taken for a key.
void Generator::damage(Words& words) {
  const size_t first = prefix_.empty() ? 0 : 1;
  if (words.size() == first) return;
  const size_t at = first + below(words.size() - first);
  const auto place = words.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(4)) {
    case 0:
      if (words.size() > 1) words.pop_back();
      break;
    case 1: words.insert(place, words[at]); break;
    case 2: words.push_back(odd_word()); break;
    default:
      for (char& byte : words[at]) {
        byte =
            static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
      }
  }
}

std::set<std::string> Generator::names() {
  std::set<std::string> names;
  const auto add = [&](const Row& row) {
    Pattern pattern{row.pattern};
    // The name, or the choice of names that the row begins with.
    const bool is_choice = pattern.peek() == "(";
    if (is_choice) pattern.take();
    do {
      std::string name(pattern.take());
      for (char& byte : name) byte = static_cast<char>(byte | 0x20);
      names.insert(name);
    } while (is_choice && pattern.take() == "|");
  };
  for (const Row& row : kRows) add(row);
  add(kRareRow);
  return names;
}

}  // namespace klh::test
