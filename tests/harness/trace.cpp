#include "harness/trace.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "harness/diagnosis.h"

namespace klh::test {

const char* const kTraceWaits =
    "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait";
const char* const kTraceAll =
    "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,"
    "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg";

namespace {

bool is_one_of(std::string_view name, std::string_view names) {
  std::istringstream list{std::string(names)};
  for (std::string each; std::getline(list, each, ',');) {
    if (each == name) return true;
  }
  return false;
}

long number_at(std::string_view text) {
  long number = 0;
  std::from_chars(text.begin(), text.end(), number);
  return number;
}

// "1234  poll([{…}], 2, -1) = 1 (…)", and, when another thread's call came in
// between, "1234  <... poll resumed>…) = 1". Anything else is no call.
bool parse(std::string_view line, SystemCall& call) {
  const size_t equals = line.rfind(" = ");
  size_t begin = line.find_first_not_of("0123456789 ");
  if (equals == std::string_view::npos || begin == std::string_view::npos) {
    return false;
  }
  if (line.substr(begin).starts_with("<... ")) begin += 5;
  const size_t end = line.find_first_of("( ", begin);
  if (end == std::string_view::npos) return false;
  call.name = line.substr(begin, end - begin);
  call.text = line;
  call.result = number_at(line.substr(equals + 3));
  return true;
}

}  // namespace

bool SystemCall::is_wait() const {
  return is_one_of(name, kTraceWaits);
}

bool SystemCall::is_write() const {
  return is_one_of(name, "write,writev,sendto,sendmsg");
}

bool SystemCall::is_read() const {
  return is_one_of(name, "read,readv,recvfrom,recvmsg");
}

long SystemCall::descriptors() const {
  if (name == "poll" || name == "ppoll") {  // poll([…], 102, -1) = 1 ([…])
    const size_t end = text.rfind(" = ");
    const size_t array_end = text.rfind("], ", end);
    if (array_end == std::string::npos) return 0;
    return number_at(std::string_view(text).substr(array_end + 3));
  }
  if (name == "select" || name == "pselect6") {
    return number_at(std::string_view(text).substr(text.find('(') + 1));
  }
  return 0;  // epoll: the kernel has them
}

std::vector<SystemCall> parse_trace(const std::string& trace) {
  std::vector<SystemCall> calls;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    SystemCall call;
    if (parse(line, call)) calls.push_back(std::move(call));
  }
  return calls;
}

size_t find_reply(const std::vector<SystemCall>& calls, std::string_view bytes,
                  size_t from) {
  for (size_t i = from; i < calls.size(); ++i) {
    if (!calls[i].is_write()) continue;
    const size_t at = calls[i].text.find(bytes);
    if (at != std::string::npos && calls[i].text[at - 1] != ' ') return i;
  }
  return calls.size();
}

std::vector<SystemCall> calls_between(const std::vector<SystemCall>& calls,
                                      std::string_view from,
                                      std::string_view to) {
  const size_t begin = find_reply(calls, from);
  const size_t end = find_reply(calls, to, begin + 1);
  if (begin == calls.size() || end == calls.size()) {
    fail("strace sees the server write \"" + std::string(from) + "\", then \"" +
             std::string(to) + "\"",
         "not so in the " + counted(calls.size(), "call") + " it recorded");
  }
  const auto at = [&](size_t i) {
    return calls.begin() + static_cast<ptrdiff_t>(i);
  };
  return {at(begin + 1), at(end + 1)};
}

}  // namespace klh::test
