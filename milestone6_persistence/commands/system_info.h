// What INFO tells of the process and the machine it runs on.
#pragma once

#include <cstdint>
#include <string>

namespace klh {

// The most memory that the process has had, in bytes: getrusage(2).
uint64_t peak_memory();

// What it has now; where the system does not tell, the peak. O(1).
uint64_t resident_memory();

// What the machine has, in bytes; 0 where the system does not tell.
uint64_t total_memory();

// "Linux 6.1.0 x86_64": uname(2).
std::string system_name();

// The path of the program that runs, or "" where the system does not tell.
std::string executable_path();

// 40 random hexadecimal digits, which tell one run of a server from another.
std::string make_run_id();

// Seconds of processor time.
struct CpuTimes {
  double user_s = 0;
  double system_s = 0;
};
CpuTimes cpu_times();              // of all threads of the process
CpuTimes cpu_times_of_children();  // of those that have ended

}  // namespace klh
