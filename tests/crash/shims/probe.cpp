// Does with files what its arguments say, for the tests of the shims:
//   probe DIRECTORY create:A write:A:text sync:A names rename:A:B …
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char byte : text) {
    if (byte == ':') {
      words.emplace_back();
    } else {
      words.back() += byte;
    }
  }
  words.resize(3);
  return words;
}

int step(int directory, const std::vector<std::string>& words) {
  static std::map<std::string, int> files;
  const std::string& what = words[0];
  int& fd = files[words[1]];
  if (what == "create") {
    fd = openat(directory, words[1].c_str(),
                O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    return fd;
  }
  if (what == "write") {
    return static_cast<int>(write(fd, words[2].data(), words[2].size()));
  }
  if (what == "cut") return ftruncate(fd, std::atoi(words[2].c_str()));
  if (what == "sync") return fsync(fd);
  if (what == "names") return fsync(directory);
  if (what == "remove") return unlinkat(directory, words[1].c_str(), 0);
  if (what == "rename") {
    return renameat(directory, words[1].c_str(), directory, words[2].c_str());
  }
  return -1;
}

}  // namespace

int main(int, char** arguments) {
  const int directory = open(arguments[1], O_RDONLY | O_DIRECTORY);
  for (char** each = arguments + 2; *each; ++each) {
    if (step(directory, split(*each)) >= 0) continue;
    std::perror(*each);
    return 1;
  }
  return 0;
}
