// What the tour needs and the course's clients cannot do: send without waiting
// for a reply, and hold many connections open. Built and used by tour.sh.
//
//   tour_load together PORT          two requests, two writes, no length before
//                                    them (milestone 1); prints what comes back
//   tour_load pipeline PORT COUNT    COUNT framed requests before the first
//                                    reply is read; prints the seconds it took
//   tour_load idle PORT IDLE COUNT   COUNT framed requests, one after another,
//                                    beside IDLE silent connections; prints the
//                                    microseconds that one took
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/net.h"
#include "milestone5_epoll/framing.h"

namespace klh {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr const char* kHost = "127.0.0.1";

template <class Number>
Number to_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    die_plainly("not a number in range: '" + std::string(text) + "'");
  }
  return number;
}

void send(int server, std::string_view bytes) {
  const ssize_t put = ::write(server, bytes.data(), bytes.size());
  if (put != static_cast<ssize_t>(bytes.size())) die("write");
}

void together(uint16_t port) {
  const FileDescriptor server = connect_tcp(kHost, port);
  send(server.get(), "SET a 1");
  send(server.get(), "GET a");
  std::string reply(1024, '\0');
  const ssize_t got = ::read(server.get(), reply.data(), reply.size());
  if (got < 0) die("read");
  std::printf("%.*s\n", static_cast<int>(got), reply.data());
}

// The reply to each is `_`: its replies must fit into the socket buffers and
// the server, since nobody reads them before the last request is sent.
void pipeline(uint16_t port, uint32_t count) {
  const FileDescriptor server = connect_tcp(kHost, port);
  const std::string_view request = "GET nobody";
  char header[kHeaderBytes];
  encode_length(request.size(), header);
  std::string requests;
  for (uint32_t i = 0; i < count; ++i) {
    requests.append(header, sizeof header).append(request);
  }
  std::string replies(count * (kHeaderBytes + 1), '\0');
  const auto begin = Clock::now();
  if (write_all(server.get(), requests.data(), requests.size()) !=
      Io::complete) {
    die("write");
  }
  if (read_full(server.get(), replies.data(), replies.size()) != Io::complete) {
    die_plainly("no reply");
  }
  std::printf("%.3f\n", Seconds(Clock::now() - begin).count());
}

void receive(int server) {
  std::string reply;
  if (read_message(server, reply) != Io::complete) die_plainly("no reply");
}

double seconds_for(int server, uint32_t count) {
  const auto begin = Clock::now();
  for (uint32_t i = 0; i < count; ++i) {
    if (write_message(server, "GET nobody") != Io::complete) die("write");
    receive(server);
  }
  return Seconds(Clock::now() - begin).count();
}

// The best of several rounds is the one that other programs disturbed least.
void idle(uint16_t port, uint32_t idle_count, uint32_t count) {
  constexpr int kRounds = 20;
  std::vector<FileDescriptor> silent;
  for (uint32_t i = 0; i < idle_count; ++i) {
    silent.push_back(connect_tcp(kHost, port));
  }
  // The last to connect is the last to be accepted: once it has been answered,
  // all of them are connected.
  const FileDescriptor server = connect_tcp(kHost, port);
  double best = seconds_for(server.get(), count);
  for (int i = 1; i < kRounds; ++i) {
    best = std::min(best, seconds_for(server.get(), count));
  }
  std::printf("%.0f\n", best / count * 1e6);
}

void run(const std::vector<std::string_view>& words) {
  const std::string_view what = words.empty() ? "" : words[0];
  if (what == "together" && words.size() == 2) {
    together(to_number<uint16_t>(words[1]));
  } else if (what == "pipeline" && words.size() == 3) {
    pipeline(to_number<uint16_t>(words[1]), to_number<uint32_t>(words[2]));
  } else if (what == "idle" && words.size() == 4) {
    idle(to_number<uint16_t>(words[1]), to_number<uint32_t>(words[2]),
         to_number<uint32_t>(words[3]));
  } else {
    die_plainly("usage: tour_load together|pipeline|idle PORT NUMBERS");
  }
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed connection: EPIPE
  klh::run({argv + 1, argv + argc});
}
