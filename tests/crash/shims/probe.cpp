// Does with files what its arguments say, for the tests of the shims:
//   probe DIRECTORY create:A write:A:text sync:A names rename:A:B …
// What ends in "-below" is done as redis-server does it: by paths that begin in
// the directory, which may have others in them.
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

std::map<std::string, int>& files() {
  static std::map<std::string, int> instance;
  return instance;
}

int sync_names(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY);
  return fdatasync(fd) + close(fd);
}

int step(int directory, const std::vector<std::string>& words) {
  const std::string& what = words[0];
  const char* const name = words[1].c_str();
  int& fd = files()[words[1]];
  if (what == "create") {
    fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    return fd;
  }
  if (what == "write") {
    return static_cast<int>(write(fd, words[2].data(), words[2].size()));
  }
  if (what == "cut") return ftruncate(fd, std::atoi(words[2].c_str()));
  if (what == "sync") return fsync(fd);
  if (what == "names") return fsync(directory);
  if (what == "remove") return unlinkat(directory, name, 0);
  if (what == "rename") {
    return renameat(directory, name, directory, words[2].c_str());
  }
  return -1;
}

int step_below(const std::vector<std::string>& words) {
  const std::string& what = words[0];
  const char* const name = words[1].c_str();
  int& fd = files()[words[1]];
  if (what == "make-below") return mkdir(name, 0755);
  if (what == "create-below") return fd = open(name, O_WRONLY | O_CREAT, 0644);
  if (what == "stream-below") return fd = fileno(std::fopen(name, "w"));
  if (what == "cut-below") return truncate(name, std::atoi(words[2].c_str()));
  if (what == "names-below") return sync_names(words[1]);
  if (what == "remove-below") return unlink(name);
  if (what == "rename-below") return rename(name, words[2].c_str());
  return -1;
}

}  // namespace

int main(int, char** arguments) {
  const int directory = open(arguments[1], O_RDONLY | O_DIRECTORY);
  if (chdir(arguments[1]) < 0) return 1;
  for (char** each = arguments + 2; *each; ++each) {
    const std::vector<std::string> words = split(*each);
    const bool is_below = words[0].ends_with("-below");
    if ((is_below ? step_below(words) : step(directory, words)) >= 0) continue;
    std::perror(*each);
    return 1;
  }
  return 0;
}
