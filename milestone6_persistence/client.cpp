// A client for this server, and for Redis: sends one request, prints its reply
// as redis-cli prints it.
//
//   connect_tcp -> write the words as an array of bulk strings
//               -> read the reply, whatever its type -> print
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"
#include "common/flags.h"
#include "common/net.h"
#include "protocol/request.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

// The connection to the server: writes requests, reads lines and bytes.
class Session {
 public:
  explicit Session(FileDescriptor fd) : fd_(std::move(fd)) {}

  void send(const std::vector<std::string_view>& words);
  std::string read_line();             // without its CR LF
  std::string read_bulk(size_t size);  // and the CR LF behind it

 private:
  void read_more();

  FileDescriptor fd_;
  Buffer input_;
};

void Session::send(const std::vector<std::string_view>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n";
    bytes += word;
    bytes += "\r\n";
  }
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t put = ::write(fd_.get(), rest.data(), rest.size());
    if (put < 0) die("write");
    rest.remove_prefix(static_cast<size_t>(put));
  }
}

std::string Session::read_line() {
  size_t end;
  while ((end = input_.view().find("\r\n")) == std::string_view::npos) {
    read_more();
  }
  std::string line(input_.view().substr(0, end));
  input_.consume(end + 2);
  return line;
}

std::string Session::read_bulk(size_t size) {
  while (input_.size() < size + 2) read_more();
  std::string bytes(input_.view().substr(0, size));
  input_.consume(size + 2);
  return bytes;
}

void Session::read_more() {
  char* const room = input_.prepare(kReadBytes);
  const ssize_t got = ::read(fd_.get(), room, kReadBytes);
  if (got < 0) die("read");
  if (got == 0) die_plainly("the server closed the connection");
  input_.commit(static_cast<size_t>(got));
}

// Any bytes, between double quotes, such that they can be typed in again.
std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      text += '\\';
      text += byte;
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\t') {
      text += "\\t";
    } else if (byte == '\a') {
      text += "\\a";
    } else if (byte == '\b') {
      text += "\\b";
    } else if (value < 0x20 || value >= 0x7F) {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\x%02x", value);
      text += escape;
    } else {
      text += byte;
    }
  }
  return text + '"';
}

int64_t to_number(const std::string& line) {
  int64_t number = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + 1, end, number);
  if (error != std::errc() || stop != end) {
    die_plainly("not a reply: " + quoted(line));
  }
  return number;
}

void print_reply(Session& session, const std::string& indent);

//   1) "first"
//   2) 1) "an array in the array"
void print_array(Session& session, int64_t size, const std::string& indent) {
  if (size <= 0) std::cout << (size < 0 ? "(nil)\n" : "(empty array)\n");
  const size_t width = std::to_string(size).size();
  for (int64_t i = 1; i <= size; ++i) {
    const std::string number = std::to_string(i);
    if (i > 1) std::cout << indent;
    std::cout << std::string(width - number.size(), ' ') << number << ") ";
    print_reply(session, indent + std::string(width + 2, ' '));
  }
}

// Reads one reply and prints it; `indent` stands before its further lines.
void print_reply(Session& session, const std::string& indent) {
  const std::string line = session.read_line();
  if (line.empty()) die_plainly("not a reply: an empty line");
  const std::string text = line.substr(1);
  switch (line[0]) {
    case '+': std::cout << text << '\n'; return;
    case '-': std::cout << "(error) " << text << '\n'; return;
    case ':': std::cout << "(integer) " << to_number(line) << '\n'; return;
    case '$': {
      const int64_t size = to_number(line);
      std::cout << (size < 0
                        ? "(nil)"
                        : quoted(session.read_bulk(static_cast<size_t>(size))))
                << '\n';
      return;
    }
    case '*': return print_array(session, to_number(line), indent);
    default: die_plainly("not a reply: " + quoted(line));
  }
}

void ask(Session& session, const std::vector<std::string_view>& words) {
  session.send(words);
  print_reply(session, "");
}

void run(const std::string& address, uint16_t port,
         const std::vector<std::string>& words) {
  Session session(connect_tcp(address, port));
  if (!words.empty()) return ask(session, {words.begin(), words.end()});

  const std::string endpoint = address + ":" + std::to_string(port);
  const std::string prompt = isatty(STDIN_FILENO) ? endpoint + "> " : "";
  std::string line;
  while (std::cout << prompt << std::flush, std::getline(std::cin, line)) {
    std::vector<std::string_view> typed;
    if (!split_words(line.data(), line.size(), typed)) {
      std::cout << "(error) unbalanced quotes\n";
    } else if (typed.size() == 1 &&
               (typed[0] == "quit" || typed[0] == "exit")) {
      return;
    } else if (!typed.empty()) {
      ask(session, typed);
    }
  }
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  std::string address = "127.0.0.1";
  uint16_t port = 6379;
  const std::vector<std::string> words = klh::parse_flags_and_words(
      argc, argv, {{"--host", &address}, {"--port", &port}});
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed connection: EPIPE
  klh::run(address, port, words);
}
