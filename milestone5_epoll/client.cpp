// The client of a server of framed messages: write a request, read its reply.
//
//   connect_tcp -> write_message -> read_message -> close
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/flags.h"
#include "common/net.h"
#include "framing.h"

namespace klh {

namespace {

std::string ask(int server, std::string_view request);

void run(const std::string& address, uint16_t port,
         const std::vector<std::string>& words) {
  const FileDescriptor server = connect_tcp(address, port);
  std::string request;
  for (const std::string& word : words) {
    request += (request.empty() ? "" : " ") + word;
  }
  if (!words.empty()) {
    std::cout << ask(server.get(), request) << '\n';
    return;
  }
  const char* const prompt = isatty(STDIN_FILENO) ? "> " : "";
  while (std::cout << prompt << std::flush, std::getline(std::cin, request)) {
    if (!request.empty()) std::cout << ask(server.get(), request) << '\n';
  }
}

// Sends one request and returns its reply: one message.
std::string ask(int server, std::string_view request) {
  if (request.size() > kMaxMessageBytes) die_plainly("request too long");
  if (write_message(server, request) != Io::complete) die("write");

  std::string reply;
  switch (read_message(server, reply)) {
    case Io::complete: return reply;
    case Io::closed: die_plainly("the server closed the connection");
    case Io::too_long: die_plainly("the reply is too long");
    case Io::failed: break;
  }
  die("read");
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
