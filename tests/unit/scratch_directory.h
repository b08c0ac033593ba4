// A directory in memory, where the system has that: for files that are written
// again and again.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace klh::test {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    const bool made = mkdtemp(path_.data()) != nullptr;
    if (!made) std::abort();
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

  void clear() const {
    for (const auto& each : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove(each.path());
    }
  }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
  }

 private:
  std::string path_ = std::filesystem::exists("/dev/shm")
                          ? "/dev/shm/klh-test-XXXXXX"
                          : "/tmp/klh-test-XXXXXX";
};

}  // namespace klh::test
