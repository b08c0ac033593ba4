#include "states/table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "common/net.h"

namespace klh::test {

namespace {

using Row = std::vector<std::string>;

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return "";
  return std::string(
      text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

// "| a | b |" has two cells; another line has none.
Row cells_of(const std::string& line) {
  Row cells;
  size_t begin = 1;
  if (!line.starts_with('|')) return cells;
  for (size_t end; (end = line.find('|', begin)) != line.npos;) {
    cells.push_back(trimmed(std::string_view(line).substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

// What stands in backticks.
Row quoted_in(const std::string& cell) {
  Row quoted;
  size_t begin = 0;
  while ((begin = cell.find('`', begin)) != cell.npos) {
    const size_t end = cell.find('`', begin + 1);
    quoted.push_back(cell.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return quoted;
}

template <class Value>
Value find_word(const std::map<std::string, Value>& words,
                const std::string& word) {
  const auto found = words.find(word);
  if (found == words.end()) die_plainly("docs/states.md: '" + word + "'?");
  return found->second;
}

Expectation expectation_of(const Row& row) {
  using Reply = Expectation::Reply;
  using Files = Expectation::Files;
  static const std::map<std::string, Reply> kReplies = {
      {"none", Reply::nothing},
      {"the connection ends", Reply::connection_ends}};
  static const std::map<std::string, int> kEnds = {
      {"goes on", Expectation::kGoesOn},
      {"ends, status 0", 0},
      {"ends, status 1", 1}};
  static const std::map<std::string, Files> kFiles = {
      {"", Files::any},
      {"as they were", Files::as_they_were},
      {"a new dump", Files::new_dump}};
  const Row texts = quoted_in(row.at(1));
  Expectation expected{.code = quoted_in(row.at(0)).at(0)};
  if (texts.empty()) {
    expected.reply = find_word(kReplies, row[1]);
  } else {
    expected.text = texts[0];
  }
  expected.status = find_word(kEnds, row.at(2));
  expected.files = find_word(kFiles, row.at(3));
  return expected;
}

class Reader {
 public:
  std::vector<Cell> read(std::istream& page) {
    for (std::string line; std::getline(page, line);) take(cells_of(line));
    return std::move(cells_);
  }

 private:
  // A table begins with its heading, and ends with a line that is no row.
  void take(const Row& row) {
    if (row.empty()) {
      heading_.clear();
    } else if (heading_.empty()) {
      heading_ = row;
    } else if (row[0].starts_with('`')) {
      heading_[0] == "code" ? take_code(row) : take_commands(row);
    }
  }

  void take_code(const Row& row) {
    const Expectation expected = expectation_of(row);
    codes_[expected.code] = expected;
  }

  void take_commands(const Row& row) {
    if (heading_[0] != "command") return;
    for (size_t i = 1; i < row.size(); ++i) {
      const Expectation& expected = find_word(codes_, row[i]);
      for (const std::string& command : quoted_in(row[0])) {
        cells_.push_back({command, heading_.at(i), expected});
      }
    }
  }

  Row heading_;
  std::map<std::string, Expectation> codes_;
  std::vector<Cell> cells_;
};

}  // namespace

const std::vector<Cell>& table_of_states() {
  static const std::vector<Cell> cells = [] {
    const auto build =
        std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const auto path = build.parent_path().parent_path() / "docs/states.md";
    std::ifstream page(path);
    if (!page) die(path.string());
    return Reader().read(page);
  }();
  return cells;
}

}  // namespace klh::test
