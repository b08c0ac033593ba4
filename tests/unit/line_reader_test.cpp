// Lines of any length, however the bytes come.
#include "persistence/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "harness/process.h"
#include "unit/node.h"

namespace klh::test {
namespace {

using Result = LineReader::Result;

class LineReaderTest : public testing::Test {
 protected:
  FileDescriptor file_of(const std::string& bytes) {
    const std::string path = directory_.path() + "/file";
    write_file(path, bytes);
    return FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }

  // All lines; numbers and offsets are checked.
  std::vector<std::string> lines_of(int fd) {
    const Progress progress;
    LineReader reader(fd, progress);
    std::vector<std::string> lines;
    std::string_view line;
    uint64_t offset = 0;
    while (reader.next(line) == Result::line) {
      lines.emplace_back(line);
      EXPECT_EQ(reader.number(), lines.size());
      EXPECT_EQ(reader.offset(), offset);
      offset += line.size();
    }
    EXPECT_EQ(reader.number(), lines.size() + 1);
    EXPECT_EQ(reader.offset(), offset);
    EXPECT_EQ(reader.next(line), Result::end) << "and again";
    return lines;
  }

  TemporaryDirectory directory_;
};

TEST_F(LineReaderTest, GivesLinesWithTheirEnds) {
  using Lines = std::vector<std::string>;
  const std::pair<std::string, Lines> cases[] = {
      {"", {}},
      {"\n", {"\n"}},
      {"a", {"a"}},
      {"a\n", {"a\n"}},
      {"a\n\nb", {"a\n", "\n", "b"}},
      {std::string("\0\n\0", 3), {std::string("\0\n", 2), std::string(1, 0)}}};
  for (const auto& [bytes, lines] : cases) {
    const FileDescriptor fd = file_of(bytes);
    EXPECT_EQ(lines_of(fd.get()), lines);
  }
}

TEST_F(LineReaderTest, GivesLinesLongerThanARead) {
  const std::string large(3'000'000, 'x');
  const FileDescriptor fd = file_of("a\n" + large + "\nb\n" + large);
  const auto lines = lines_of(fd.get());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(lines[1] == large + "\n");
  EXPECT_EQ(lines[2], "b\n");
  EXPECT_TRUE(lines[3] == large);
}

TEST_F(LineReaderTest, GivesLinesThatComeByteByByte) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor reads(ends[0]);
  std::thread writer([fd = ends[1]] {
    for (const char byte : std::string_view("one\ntwo\nthree")) {
      EXPECT_EQ(write(fd, &byte, 1), 1);
    }
    close(fd);
  });
  EXPECT_EQ(lines_of(reads.get()),
            (std::vector<std::string>{"one\n", "two\n", "three"}));
  writer.join();
}

TEST_F(LineReaderTest, SaysWhyItFails) {
  const FileDescriptor fd(open(directory_.path().c_str(), O_RDONLY));
  const Progress progress;
  LineReader reader(fd.get(), progress);
  std::string_view line;
  EXPECT_EQ(reader.next(line), Result::failed);
  EXPECT_EQ(errno, EISDIR);
}

TEST_F(LineReaderTest, TellsWhatItHasReadAndStops) {
  const FileDescriptor fd = file_of(std::string(2'500'000, '\n'));
  size_t bytes = 0;
  const Progress progress = [&](size_t more) {
    bytes += more;
    return bytes < 2'000'000;
  };
  LineReader reader(fd.get(), progress);
  std::string_view line;
  uint64_t lines = 0;
  Result result;
  while ((result = reader.next(line)) == Result::line) ++lines;
  EXPECT_EQ(result, Result::stopped);
  EXPECT_GE(bytes, 2'000'000u);
  EXPECT_LT(bytes, 2'500'000u);
  EXPECT_LT(lines, 2'000'000u);
}

}  // namespace
}  // namespace klh::test
