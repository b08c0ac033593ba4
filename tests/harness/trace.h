// What strace has recorded of a server, call by call, in the order in which
// the calls returned.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace klh::test {

struct SystemCall {
  std::string name;  // "poll"
  std::string text;  // the whole line
  long result;

  // Waiting for one of many descriptors, in any of the kernel's ways.
  bool is_wait() const;
  bool is_write() const;
  bool is_read() const;

  // How many descriptors a waiting call hands to the kernel.
  long descriptors() const;
};

// For ServerOptions::trace: every way to wait, to read and to write.
extern const char* const kTraceWaits;
extern const char* const kTraceAll;

// Calls that have not returned are left out.
std::vector<SystemCall> parse_trace(const std::string& trace);

// The calls after the one that sends `from`, up to the one that sends `to`.
std::vector<SystemCall> calls_between(const std::vector<SystemCall>& calls,
                                      std::string_view from,
                                      std::string_view to);

// The index of the first call that sends these bytes in a reply; calls.size()
// if none. Where a space stands before them they are written to a file.
size_t find_reply(const std::vector<SystemCall>& calls, std::string_view bytes,
                  size_t from = 0);

}  // namespace klh::test
