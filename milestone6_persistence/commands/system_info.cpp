#include "commands/system_info.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <random>

namespace klh {

namespace {

CpuTimes times_of(int who) {
  rusage usage{};
  if (getrusage(who, &usage) < 0) return {};
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

}  // namespace

uint64_t peak_memory() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) < 0) return 0;
  const auto peak = static_cast<uint64_t>(usage.ru_maxrss);
#ifdef __APPLE__
  return peak;
#else
  return peak * 1024;
#endif
}

// The second number of /proc/self/statm is in pages.
uint64_t resident_memory() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (!file) return peak_memory();
  unsigned long long size = 0;
  unsigned long long resident = 0;
  const int read = std::fscanf(file, "%llu %llu", &size, &resident);
  std::fclose(file);
  if (read != 2) return peak_memory();
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t total_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages < 0 || page_bytes < 0) return 0;
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
}

std::string system_name() {
  utsname name{};
  if (uname(&name) < 0) return "";
  return std::string(name.sysname) + ' ' + name.release + ' ' + name.machine;
}

std::string executable_path() {
  std::array<char, 4096> path;
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size < 0 ? "" : std::string(path.data(), static_cast<size_t>(size));
}

std::string make_run_id() {
  constexpr size_t kDigits = 40;
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  std::random_device random;
  std::string id;
  while (id.size() < kDigits) id += kHexadecimal[random() % 16];
  return id;
}

CpuTimes cpu_times() {
  return times_of(RUSAGE_SELF);
}

CpuTimes cpu_times_of_children() {
  return times_of(RUSAGE_CHILDREN);
}

}  // namespace klh
