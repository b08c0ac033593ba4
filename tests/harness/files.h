// Files of a test: whole contents, the names in a directory, a disk that is
// full. All of it in the header: the fuzz targets use it without the harness.
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace klh::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator(directory)) {
    names.insert(each.path().filename().string());
  }
  return names;
}

// Names and contents of the files in a directory.
using FileContents = std::map<std::string, std::string>;

inline FileContents files_in(const std::string& directory) {
  FileContents files;
  for (const std::string& name : names_in(directory)) {
    files[name] = read_file(directory + "/" + name);
  }
  return files;
}

// A disk that is full, as far as a program can tell: no file may grow beyond
// some bytes. write(2) then fails with EFBIG as it does with ENOSPC. What is
// started while it holds inherits the limit.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

}  // namespace klh::test
