// A client that asks for 128 MiB of replies and does not read them.
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>

#include "harness/process_info.h"
#include "harness/stage_test.h"

namespace klh::test {

class NeverReading : public StageTest {
 protected:
  static constexpr size_t kReplyBytes = 64 * 1000;
  static constexpr size_t kRequests = 2000;  // small: they fit any buffer
  static constexpr size_t kMiB = 1024 * 1024;

  // Far more than a bounded server needs for one client, far less than the
  // replies. What the kernel's buffers hold is no memory of the process.
  static constexpr size_t kBound = 32 * kMiB;

  // More than the kernel's buffers of both sides can hold. See tcp(7).
  static size_t more_than_buffers() {
    const size_t buffers =
        largest_buffer("tcp_rmem") + largest_buffer("tcp_wmem");
    return std::max(48 * kMiB, buffers + 8 * kMiB);
  }

  static const std::string& large() {
    static const std::string bytes(kReplyBytes, 'x');
    return bytes;
  }

  // A request that is large itself, with a small reply.
  static const std::string& more() {
    static const std::string bytes = bytes_of({"SET", "more", large()});
    return bytes;
  }

  Client prepare(Where where = Where::here()) {
    Client lazy = connect({.receive_buffer = 32 * 1024}, where);
    lazy.ask({"SET", "large", large()}, ok(), where);
    return lazy;
  }

  // Returns when the server has done with them what it will do.
  void ask_for_replies(Client& lazy, Where where = Where::here()) {
    std::string requests;
    for (size_t i = 0; i < kRequests; ++i) {
      requests += bytes_of({"GET", "large"});
    }
    lazy.send(requests, where);
    lazy.wait_until_delivered(where);
    server().wait_until_asleep(where);
  }

  // Sends more and more, until the server takes no more although it has nothing
  // else to do, or has taken all; returns how many bytes it took.
  size_t send_while_taken(Client& lazy, Where where = Where::here()) {
    const size_t enough = more_than_buffers();
    std::string requests;
    while (requests.size() < enough) requests += more();
    return server().send_while_taken(lazy, requests, where);
  }

  // Sends what is missing of the request that send_while_taken cut off.
  void finish_request(Client& lazy, size_t taken, Where where = Where::here()) {
    lazy.send(more().substr(taken % more().size()), where);
  }

  size_t growth_while(const std::function<void()>& what) {
    const size_t before = peak_memory(server().pid());
    what();
    return peak_memory(server().pid()) - before;
  }

  // The last of three numbers: the smallest, the default, the largest.
  static size_t largest_buffer(const std::string& name) {
    std::ifstream file("/proc/sys/net/ipv4/" + name);
    size_t smallest = 0, usual = 0, largest = 0;
    file >> smallest >> usual >> largest;
    return largest;
  }

  static std::string text_of_growth(size_t bytes) {
    return "it grows by " + std::to_string(bytes / kMiB) + " MiB for " +
           std::to_string(kRequests * kReplyBytes / kMiB) +
           " MiB of replies that nobody reads";
  }
};

}  // namespace klh::test
