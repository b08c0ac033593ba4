// A directory whose files are written anew for each input.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace klh {

class Directory {
 public:
  Directory() {
    const bool made = mkdtemp(path_.data()) != nullptr;
    if (!made) std::abort();
  }
  ~Directory() { std::filesystem::remove_all(path_); }
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
                          ? "/dev/shm/klh-fuzz-XXXXXX"
                          : "/tmp/klh-fuzz-XXXXXX";
};

}  // namespace klh
