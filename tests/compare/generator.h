// Random commands of all families, over few keys, fields, members and elements,
// so that they meet; now and then with something wrong. The same seed gives the
// same commands.
//
// A row of the table in generator.cpp is a pattern:
//   WORD         itself
//   key          lower case: an argument of this kind, chosen at random
//   [ … ]        or nothing
//   ( a | b )    one of them, each of one or more words
//   { … }        one to three times
//   { … }*       often, to make the value large
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/dialect.h"

namespace klh::test {

class Generator {
 public:
  // Times that are told as such are `now_ms` and a lifetime; both are left to
  // whoever knows the clock of the store.
  struct Times {
    int64_t now_ms;
    int64_t least_lifetime_ms;
    int64_t most_lifetime_ms;
  };

  // All keys begin with `prefix`, in lower case, so that generators which have
  // different ones do not meet. A key that is wrong in some way does so too.
  Generator(uint64_t seed, Times times, std::string prefix = "")
      : random_(seed), times_(times), prefix_(std::move(prefix)) {}

  void set_now(int64_t now_ms) { times_.now_ms = now_ms; }

  Words next();

  // 0 to `limit` - 1.
  uint64_t below(uint64_t limit) { return random_() % limit; }

  // The names, in lower case, of all commands that the table has rows for.
  static std::set<std::string> names();

 private:
  struct Pattern;  // of a row, from the next word on

  void expand(Pattern& pattern, Words* words);
  void expand_choice(Pattern& pattern, Words* words);
  void repeat(Pattern& pattern, Words* words);
  void append(std::string_view kind, Words& words);
  std::string argument(std::string_view kind);
  std::string key(char family);
  std::string odd_word();
  std::string time(int64_t unit_ms, bool is_absolute);
  void damage(Words& words);

  template <size_t kSize>
  std::string any_of(const std::string_view (&words)[kSize]) {
    return std::string(words[below(kSize)]);
  }

  std::mt19937_64 random_;
  Times times_;
  std::string prefix_;
  char family_ = 's';
  uint64_t key_count_ = 0;  // of the last "keys", for "weights"
};

}  // namespace klh::test
