// The client of a blocking server: write a request, read its reply.
//
//   socket -> connect -> write -> read -> close
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/flags.h"
#include "common/net.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

int open_connection(const std::string& address, uint16_t port);
std::string ask(int server, std::string_view request);

void run(const std::string& address, uint16_t port,
         const std::vector<std::string>& words) {
  const int server = open_connection(address, port);
  std::string request;
  for (const std::string& word : words) {
    request += (request.empty() ? "" : " ") + word;
  }
  if (!words.empty()) {
    std::cout << ask(server, request) << '\n';
    return;
  }
  const char* const prompt = isatty(STDIN_FILENO) ? "> " : "";
  while (std::cout << prompt << std::flush, std::getline(std::cin, request)) {
    if (!request.empty()) std::cout << ask(server, request) << '\n';
  }
}

// Returns a socket that is connected to the server. See connect(2), ip(7).
int open_connection(const std::string& address, uint16_t port) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  if (server < 0) die("socket");

  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) {
    die_plainly("address '" + address + "' is not of the form 127.0.0.1");
  }
  if (connect(server, reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) {
    die("connect to " + address + ":" + std::to_string(port));
  }
  return server;
}

// Sends one request and returns its reply, for which it takes what one read
// returns.
std::string ask(int server, std::string_view request) {
  const ssize_t put = write(server, request.data(), request.size());
  if (put < 0) die("write");
  if (put != static_cast<ssize_t>(request.size())) die_plainly("short write");

  std::string reply(kReadBytes, '\0');
  const ssize_t got = read(server, reply.data(), reply.size());
  if (got < 0) die("read");
  if (got == 0) die_plainly("the server closed the connection");
  reply.resize(static_cast<size_t>(got));
  return reply;
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::string address = "127.0.0.1";
  uint16_t port = 7379;
  const std::vector<std::string> words = klh::parse_flags_and_words(
      argc, argv, {{"--host", &address}, {"--port", &port}});
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed connection: EPIPE
  klh::run(address, port, words);
}
