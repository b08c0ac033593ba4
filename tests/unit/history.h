// A directory with a dump and three journals, to be damaged.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "unit/node.h"

namespace klh::test {

inline const std::string kBinary("\0\n\r %:\x7f\xff~", 9);

// All four types, expiry, any bytes, effects that depend on the ones before.
inline const std::vector<std::vector<Words>> kChanges = {
    {{"SET", "name", "Alice"},
     {"SET", kBinary, kBinary, "PXAT", "1790000000000"},
     {"RPUSH", "color", "red", "", kBinary},
     {"HSET", "user:100", "a:b", "1", "", kBinary},
     {"ZADD", "board", "-inf", "a", "12.5", kBinary}},
    {{"APPEND", "name", "!"},
     {"PEXPIREAT", "color", "1790000000001"},
     {"LPOP", "color"},
     {"APPEND", "name", "!"}},
    {{"HINCRBY", "user:100", "a:b", "2"},
     {"INCRBYFLOAT", "number", "0.5"},
     {"ZINCRBY", "board", "1", kBinary}},
    {{"APPEND", "name", "?"},
     {"RENAME", "board", kBinary},
     {"APPEND", "name", "?"},
     {"DEL", "user:100"}}};

struct History {
  Files files;                   // dump-2, and journals 2, 3 and 4
  std::vector<Contents> states;  // before and after each change of the last
};

// As if two snapshots had been begun and not completed.
inline History make_history(const std::string& path) {
  History history;
  Node node(path);
  EXPECT_EQ(node.start(), "");
  for (size_t i = 0; i < kChanges.size(); ++i) {
    history.states = {node.contents()};
    for (const Words& change : kChanges[i]) {
      EXPECT_FALSE(node.run(change).starts_with('-')) << change[0];
      history.states.push_back(node.contents());
    }
    Status status;
    if (i == 0) status = node.snapshots().save(node.store());
    if (i == 1 || i == 2) status = node.journal().rotate();
    EXPECT_EQ(status.text(), "");
  }
  history.files = files_in(path);
  return history;
}

inline std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size() - 1) + 1;
    lines.push_back(bytes.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += line;
  return bytes;
}

}  // namespace klh::test
