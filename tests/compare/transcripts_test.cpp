// Each line of the files in transcripts/ is sent to both servers; the replies
// must be equal. In RESP2, and again in RESP3.
#include <filesystem>
#include <fstream>
#include <string>

#include "compare/compare_test.h"

namespace klh::test {

namespace {

// This program is tests/build…/compare_test.
std::string path_of(const std::string& name) {
  const auto build =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return build.parent_path() / "compare/transcripts" / (name + ".txt");
}

class Transcripts : public CompareTest {
 protected:
  void run(const std::string& name, int protocol);
};

// One difference may bring about more: the first counts most.
void Transcripts::run(const std::string& name, int protocol) {
  constexpr int kDifferencesShown = 20;
  std::ifstream file(path_of(name));
  ASSERT_TRUE(file.is_open()) << path_of(name);
  speak(protocol);
  int line_number = 0;
  int differences = 0;
  std::string report;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    if (line.empty() || line[0] == '#') continue;
    const auto difference = compare_line(line);
    if (!difference || ++differences > kDifferencesShown) continue;
    report += name + ".txt:" + std::to_string(line_number) + "\n" +
              difference->text();
  }
  EXPECT_EQ(differences, 0) << "in RESP" << protocol << "\n" << report;
}

TEST_F(Transcripts, Strings2) {
  run("strings", 2);
}
TEST_F(Transcripts, Strings3) {
  run("strings", 3);
}
TEST_F(Transcripts, Lists2) {
  run("lists", 2);
}
TEST_F(Transcripts, Lists3) {
  run("lists", 3);
}
TEST_F(Transcripts, Hashes2) {
  run("hashes", 2);
}
TEST_F(Transcripts, Hashes3) {
  run("hashes", 3);
}
TEST_F(Transcripts, SortedSets2) {
  run("sorted_sets", 2);
}
TEST_F(Transcripts, SortedSets3) {
  run("sorted_sets", 3);
}
TEST_F(Transcripts, Keys2) {
  run("keys", 2);
}
TEST_F(Transcripts, Keys3) {
  run("keys", 3);
}
TEST_F(Transcripts, Statistics2) {
  run("statistics", 2);
}
TEST_F(Transcripts, Statistics3) {
  run("statistics", 3);
}
TEST_F(Transcripts, Connection2) {
  run("connection", 2);
}
TEST_F(Transcripts, Connection3) {
  run("connection", 3);
}

}  // namespace

}  // namespace klh::test
