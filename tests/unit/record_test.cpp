// Lines of a K/L/H file: what is written, what is read, what is refused.
#include "persistence/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace klh {
namespace {

std::string line_of(const Store& store) {
  Buffer output;
  store.for_each([&](const Entry& entry) { append_record(output, entry); });
  return std::string(output.view());
}

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

std::string string_line(std::string_view key, std::string_view value) {
  Store store;
  store.set_string(key, value);
  return line_of(store);
}

std::vector<std::string> elements_of(const List& list) {
  std::vector<std::string> elements;
  for (size_t i = 0; i < list.size(); ++i) elements.emplace_back(list.at(i));
  return elements;
}

std::map<std::string, std::string> fields_of(const Hash& hash) {
  std::map<std::string, std::string> fields;
  hash.for_each([&](std::string_view name, std::string_view value) {
    fields.emplace(name, value);
  });
  return fields;
}

// A line that was written is loaded without its '\n'.
std::string load_lines(std::string_view lines, Store& store) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string complaint =
        load_record(lines.substr(0, end), store).text();
    if (!complaint.empty()) return complaint;
    lines.remove_prefix(end + 1);
  }
  return "";
}

TEST(Record, PlainLinesAreWhatTheyLookLike) {
  Store store;
  ASSERT_EQ(load_record("K name Alice", store).text(), "");
  ASSERT_EQ(load_record("L color red blue orange", store).text(), "");
  ASSERT_EQ(load_record("H user:100 name:prem age:21", store).text(), "");
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.find("name")->value<String>()->view(), "Alice");
  EXPECT_EQ(elements_of(*store.find("color")->value<List>()),
            (std::vector<std::string>{"red", "blue", "orange"}));
  EXPECT_EQ(
      fields_of(*store.find("user:100")->value<Hash>()),
      (std::map<std::string, std::string>{{"age", "21"}, {"name", "prem"}}));
}

TEST(Record, PlainLinesAreWrittenAsTheyStood) {
  for (const std::string line :
       {"K name Alice", "L color red blue orange", "H user:100 name:prem",
        "K a:b c:d", "L a x:y", "H h a:b:c", "K gr\xc3\xbc\xc3\x9f \xff\x80",
        "K % %", "L l % %", "H % %:%"}) {
    Store store;
    ASSERT_EQ(load_record(line, store).text(), "") << line;
    EXPECT_EQ(line_of(store), line + "\n");
  }
}

// Of each byte whether it stands for itself: in a key, value or element, and
// in a field's name.
TEST(Record, EscapesWhatMustBeEscapedAndNothingElse) {
  for (int value = 0; value < 256; ++value) {
    const std::string byte(1, static_cast<char>(value));
    char escape[4];
    std::snprintf(escape, sizeof escape, "%%%02X", value);
    const bool special = value <= 0x20 || value == 0x7F || value == '%';
    const std::string plain = special ? escape : byte;
    const std::string field = special || value == ':' ? escape : byte;

    EXPECT_EQ(string_line(byte, byte), "K " + plain + " " + plain + "\n");
    Store list;
    list.find_or_create<List>(byte)->push_tail(byte);
    EXPECT_EQ(line_of(list), "L " + plain + " " + plain + "\n");
    Store hash;
    hash.find_or_create<Hash>(byte)->set(byte, byte);
    EXPECT_EQ(line_of(hash), "H " + plain + " " + field + ":" + plain + "\n");
  }
}

TEST(Record, AnEmptyTokenIsALonePercentSign) {
  EXPECT_EQ(string_line("", ""), "K % %\n");
  EXPECT_EQ(string_line("%", "%"), "K %25 %25\n");
  Store store;
  store.find_or_create<Hash>("h")->set("", "");
  EXPECT_EQ(line_of(store), "H h %:%\n");
}

TEST(Record, AFieldIsSplitAtItsFirstColon) {
  Store store;
  ASSERT_EQ(load_record("H h a:b:c %3A::", store).text(), "");
  EXPECT_EQ(fields_of(*store.find("h")->value<Hash>()),
            (std::map<std::string, std::string>{{"a", "b:c"}, {":", ":"}}));
}

// Only what must be escaped is; but more may be, by hand.
TEST(Record, TakesEscapesThatWereNotNeeded) {
  Store store;
  ASSERT_EQ(load_record("K %41%3A %FF", store).text(), "");
  EXPECT_EQ(store.find("A:")->value<String>()->view(), "\xff");
}

class Bytes {
 public:
  explicit Bytes(unsigned seed) : generator_(seed) {}
  size_t below(size_t end) { return generator_() % end; }
  std::string any() {
    const size_t size = below(10) == 0 ? below(300) : below(12);
    std::string bytes(size, '\0');
    constexpr std::string_view kNasty("% :\n\r\t\0\x7F\x20#KLH%4", 15);
    for (char& byte : bytes) {
      byte = below(2) == 0 ? kNasty[below(kNasty.size())]
                           : static_cast<char>(below(256));
    }
    return bytes;
  }

 private:
  std::mt19937 generator_;
};

TEST(Record, AnyStringSurvives) {
  Bytes bytes(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = bytes.any();
    const std::string value = bytes.any();
    const std::string line = string_line(key, value);
    ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    Store store;
    ASSERT_EQ(load_lines(line, store), "") << line;
    ASSERT_EQ(store.size(), 1u);
    ASSERT_EQ(store.find(key)->value<String>()->view(), value);
    ASSERT_EQ(line_of(store), line);
  }
}

TEST(Record, AnyListSurvives) {
  Bytes bytes(2);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = bytes.any();
    std::vector<std::string> elements;
    Store written;
    List* const list = written.find_or_create<List>(key);
    for (size_t n = 1 + bytes.below(20); n > 0; --n) {
      elements.push_back(bytes.any());
      list->push_tail(elements.back());
    }
    Store store;
    ASSERT_EQ(load_lines(line_of(written), store), "");
    ASSERT_EQ(elements_of(*store.find(key)->value<List>()), elements);
  }
}

TEST(Record, AnyHashSurvives) {
  Bytes bytes(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = bytes.any();
    std::map<std::string, std::string> fields;
    Store written;
    Hash* const hash = written.find_or_create<Hash>(key);
    for (size_t n = 1 + bytes.below(20); n > 0; --n) {
      const std::string name = bytes.any();
      fields[name] = bytes.any();
      hash->set(name, fields[name]);
    }
    Store store;
    ASSERT_EQ(load_lines(line_of(written), store), "");
    ASSERT_EQ(fields_of(*store.find(key)->value<Hash>()), fields);
  }
}

TEST(Record, EveryByteSurvivesInOneOfEach) {
  Store written;
  const std::string all = every_byte();
  written.set_string("k" + all, all);
  written.find_or_create<List>("l" + all)->push_tail(all);
  written.find_or_create<Hash>("h" + all)->set(all, all);
  Store store;
  ASSERT_EQ(load_lines(line_of(written), store), "");
  EXPECT_EQ(store.find("k" + all)->value<String>()->view(), all);
  EXPECT_EQ(store.find("l" + all)->value<List>()->at(0), all);
  EXPECT_EQ(store.find("h" + all)->value<Hash>()->get(all), all);
}

struct Bad {
  std::string line;
  std::string reason;
};

TEST(Record, SaysWhatIsWrongWithALine) {
  const std::string type = "a record begins with K, L, H, Z or E and a space";
  const std::string empty = "an empty token must be written %";
  const std::string escape =
      "% must be followed by two upper-case hexadecimal digits";
  for (const Bad& each : std::vector<Bad>{
           {"", type},
           {" ", type},
           {" K a b", type},
           {"X a b", type},
           {"k a b", type},
           {"Ka b", type},
           {"KK a b", type},
           {"K\ta b", type},
           {"%4B a b", type},
           {"K", "no key"},
           {"L", "no key"},
           {"H", "no key"},
           {"K ", empty},
           {"K  b", empty},
           {"K a", "no value"},
           {"K a ", empty},
           {"K a  b", empty},
           {"K a b c", "more than one value"},
           {"K a b ", "more than one value"},
           {"L a", "no elements"},
           {"L a ", empty},
           {"L a b ", empty},
           {"L a b  c", empty},
           {"H a", "no fields"},
           {"H a ", "no ':' between field and value"},
           {"H a b", "no ':' between field and value"},
           {"H a b:c d", "no ':' between field and value"},
           {"H a :c", empty},
           {"H a b:", empty},
           {"H a :", empty},
           {"H a b:c b:d", "a field comes twice"},
           {"H a %62:c b:d", "a field comes twice"},
           {"K a %4", escape},
           {"K a %4a", escape},
           {"K a %zz", escape},
           {"K a b%", escape},
           {"K a %%", escape},
           {"K a %2 ", escape},
           {"K a % 20", "more than one value"},
           {"K %g0 b", escape},
           {"H a b%:c", escape},
           {"H a b:%a0", escape},
           {"L a b %1", escape},
           {"K a b\r", "byte 0x0D must be written %0D"},
           {"K a\tb c", "byte 0x09 must be written %09"},
           {std::string("K a \0", 5), "byte 0x00 must be written %00"},
           {"L a b\x7F", "byte 0x7F must be written %7F"},
           {"H a b:c\x1F", "byte 0x1F must be written %1F"},
       }) {
    Store store;
    EXPECT_EQ(load_record(each.line, store).text(), each.reason)
        << "'" << each.line << "'";
  }
}

TEST(Record, RefusesAKeyThatIsThere) {
  for (const char* line : {"K a 2", "L a 2", "H a f:2", "K %61 2"}) {
    Store store;
    ASSERT_EQ(load_record("K a 1", store).text(), "");
    EXPECT_EQ(load_record(line, store).text(), "the key is there already")
        << line;
    EXPECT_EQ(store.find("a")->value<String>()->view(), "1");
  }
}

// Whatever a line is, it is refused or it comes back.
TEST(Record, IsRefusedOrComesBack) {
  std::mt19937 generator(4);
  constexpr std::string_view kBytes("KLH a%20:4F\n\x7F", 13);
  int loaded = 0;
  for (int i = 0; i < 500'000; ++i) {
    std::string line(generator() % 14, '\0');
    for (char& byte : line) byte = kBytes[generator() % kBytes.size()];
    if (generator() % 4 != 0) line = "KLH"[generator() % 3] + (" " + line);
    Store store;
    if (!load_record(line, store).ok()) {
      ASSERT_EQ(store.size(), 0u) << line << " was refused, but left a key";
      continue;
    }
    ++loaded;
    ASSERT_EQ(store.size(), 1u);
    const std::string written = line_of(store);
    Store again;
    ASSERT_EQ(load_lines(written, again), "") << line;
    // Fields may come in another order.
    const std::string rewritten = line_of(again);
    ASSERT_EQ(rewritten.size(), written.size()) << line;
    ASSERT_TRUE(line[0] == 'H' || rewritten == written) << line;
  }
  EXPECT_GT(loaded, 1000);
}

}  // namespace
}  // namespace klh
