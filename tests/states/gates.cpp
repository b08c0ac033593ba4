#include "states/gates.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/net.h"

namespace klh::test {

Gates::Gates(const std::string& path) : path_(path) {
  std::ofstream(path) << std::string(sizeof(GatePage), '\0');
  const FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  void* const memory = mmap(nullptr, sizeof(GatePage), PROT_READ | PROT_WRITE,
                            MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) die("mmap " + path);
  page_ = static_cast<GatePage*>(memory);
  page_->freezes_clock = 1;
}

Gates::~Gates() {
  munmap(page_, sizeof(GatePage));
}

// AddressSanitizer wants to be the first library; ours before it is fine, since
// it hands on each call.
std::vector<std::string> Gates::environment() const {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  const std::string library = program.parent_path() / "states/shims/gates.so";
  return {"LD_PRELOAD=" + library, "KLH_GATES=" + path_,
          "ASAN_OPTIONS=quarantine_size_mb=1:verify_asan_link_order=0:"
          "detect_leaks=0"};
}

void Gates::open_all() {
  for (size_t i = 0; i < kGates; ++i) open(static_cast<Gate>(i));
}

// The count begins anew before the gate closes: what it counts then has met it.
void Gates::set(Gate gate, int mode) {
  const auto index = static_cast<size_t>(gate);
  page_->met[index] = 0;
  page_->mode[index] = mode;
}

}  // namespace klh::test
