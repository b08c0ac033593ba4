#include "command_line.h"

#include <gtest/gtest.h>

#include <string>

#include "options.h"

namespace klh {
namespace {

// What is set after this file was read, or what is wrong with it.
std::string after(std::string_view text, std::string_view option) {
  Options options;
  const Status status = read_configuration(text, options);
  if (!status.ok()) return status.text();
  return find_option(option)->get(options);
}

TEST(Configuration, ALineSetsAnOption) {
  EXPECT_EQ(after("port 7000\ntimeout 5\n", "port"), "7000");
  EXPECT_EQ(after("port 7000\ntimeout 5\n", "timeout"), "5");
  EXPECT_EQ(after("port 7000", "port"), "7000");
  EXPECT_EQ(after("PORT\t 7000 \r\n", "port"), "7000");
  EXPECT_EQ(after("  maxmemory 1GB\n", "maxmemory"), "1073741824");
  EXPECT_EQ(after("port 7000\nport 7001\n", "port"), "7001");
  EXPECT_EQ(after("", "port"), "6379");
}

TEST(Configuration, CommentsAndEmptyLinesSayNothing) {
  EXPECT_EQ(after("# port 1\n\n   # \"unclosed\n \t\r\nport 7000\n", "port"),
            "7000");
  EXPECT_EQ(after("requirepass a#b\n", "requirepass"), "a#b");
}

TEST(Configuration, WordsCanBeQuoted) {
  EXPECT_EQ(after("requirepass \"a b\\x22\\n#\"\n", "requirepass"), "a b\"\n#");
  EXPECT_EQ(after("requirepass 'it\\'s'\n", "requirepass"), "it's");
  EXPECT_EQ(after("requirepass \"\"\n", "requirepass"), "");
}

TEST(Configuration, SomeValuesAreManyWords) {
  EXPECT_EQ(after("bind 127.0.0.1 ::1\n", "bind"), "127.0.0.1 ::1");
  EXPECT_EQ(after("bind \"127.0.0.1 ::1\"\n", "bind"), "127.0.0.1 ::1");
  EXPECT_EQ(after("\nport 1 2\n", "port"), "2: more than one value for port");
}

TEST(Configuration, SaveLinesAddUp) {
  EXPECT_EQ(after("", "save"), "3600 1 300 100 60 10000");
  EXPECT_EQ(after("save 900 1\n", "save"), "900 1");
  EXPECT_EQ(after("save 900 1\nsave 60 100 10 1000\n", "save"),
            "900 1 60 100 10 1000");
  EXPECT_EQ(after("save \"\"\n", "save"), "");
  EXPECT_EQ(after("save 900 1\nsave ''\nsave 60 100\n", "save"), "60 100");
}

TEST(Configuration, AMistakeIsToldWithItsLine) {
  EXPECT_EQ(after("port 1\n\nprot 7000\n", "port"),
            "3: unknown directive 'prot'");
  EXPECT_EQ(after("--port 7000\n", "port"), "1: unknown directive '--port'");
  EXPECT_EQ(after("port\n", "port"), "1: no value for port");
  EXPECT_EQ(after("port \"7000\n", "port"),
            "1: a quote is not closed, or closed in a word");
  EXPECT_EQ(after("port 70000\n", "port"),
            "1: bad value '70000' for port: argument must be between 0 and "
            "65535 inclusive");
  EXPECT_EQ(after("save 60\n", "save"),
            "1: bad value '60' for save: Invalid save parameters");
  EXPECT_EQ(after("port 7000\n\"\" x\n", "port"), "2: unknown directive ''");
  EXPECT_EQ(after(std::string_view("port 1\0 2\n", 10), "port"),
            "1: a byte 0x00: this is no text");
}

TEST(Configuration, AFileThatIsMissingIsNamed) {
  Options options;
  const Status status = read_configuration_file("/no/such", options);
  EXPECT_EQ(status.text(), "/no/such: No such file or directory");
  EXPECT_EQ(read_configuration_file("/", options).text(), "/: Is a directory");
}

// The number of one option after it was given this value, or why not.
std::string set_to(std::string_view option, std::string_view value) {
  Options options;
  const OptionRow& row = *find_option(option);
  const std::string before = row.get(options);
  const Status status = row.set(options, value);
  if (status.ok()) return row.get(options);
  EXPECT_EQ(row.get(options), before);
  return "refused";
}

// Source: string2ll, memtoull and numericParseString of Redis 7.0.
TEST(OptionRows, NumbersHaveTheFormsOfRedis) {
  for (const char* value : {"05", "00", "-0", "+5", " 5", "5 ", "", "x"}) {
    EXPECT_EQ(set_to("timeout", value), "refused") << value;
  }
  EXPECT_EQ(set_to("timeout", "0"), "0");
  EXPECT_EQ(set_to("timeout", "2147483648"), "refused");
  EXPECT_EQ(set_to("maxmemory", "05kb"), "5120");
  EXPECT_EQ(set_to("maxmemory", "5K"), "5000");
  EXPECT_EQ(set_to("maxmemory", "kb"), "refused");
  EXPECT_EQ(set_to("maxmemory-clients", "5%"), "5%");
  EXPECT_EQ(set_to("maxmemory-clients", "05%"), "refused");
  EXPECT_EQ(set_to("maxmemory-clients", "1kb%"), "refused");
  EXPECT_EQ(set_to("unixsocketperm", "0770"), "770");
  EXPECT_EQ(set_to("unixsocketperm", "1000"), "refused");
}

// Each can be set to what it is.
TEST(OptionRows, TakeTheValuesThatTheyTell) {
  Options options;
  for (const OptionRow& row : option_rows()) {
    const std::string value = row.get(options);
    if (row.name == "unixsocket") continue;  // none by default
    EXPECT_TRUE(row.set(options, value).ok()) << row.name << ' ' << value;
    EXPECT_EQ(row.get(options), value);
  }
}

}  // namespace
}  // namespace klh
