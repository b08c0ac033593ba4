// A client for this server, and for Redis: sends requests, prints replies as
// redis-cli prints them.
//
//   client SET name Alice      one request
//   client                     a request a line, typed or from a file
//   client --pipe < requests   raw requests, as fast as they go; counts replies
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/buffer.h"
#include "common/flags.h"
#include "common/net.h"
#include "common/version.h"
#include "common/words.h"
#include "line_input.h"
#include "network/unix_socket.h"
#include "protocol/reply_reader.h"

namespace klh {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

// Reads what has come, at least one byte, to the end of `input`. False at the
// end of the stream.
bool read_more(int fd, Buffer& input) {
  const ssize_t got = ::read(fd, input.prepare(kReadBytes), kReadBytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got < 0) die("read");
  input.commit(static_cast<size_t>(got));
  return got > 0;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) die("write");
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

std::string encode(const std::vector<std::string_view>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n";
    bytes += word;
    bytes += "\r\n";
  }
  return bytes;
}

// Any bytes, between double quotes, such that they can be typed in again.
std::string quoted(std::string_view bytes) {
  constexpr std::string_view kPlain = "\"\\\n\r\t\a\b";
  constexpr std::string_view kLetters = "\"\\nrtab";
  std::string text = "\"";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    const size_t escape = kPlain.find(byte);
    if (escape != kPlain.npos) {
      text += '\\';
      text += kLetters[escape];
    } else if (value < 0x20 || value >= 0x7F) {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", value);
      text += hex;
    } else {
      text += byte;
    }
  }
  return text + '"';
}

// What a reply says that is a line, or a line and bytes.
std::string text_of(const ReplyLine& line, std::string_view bytes) {
  const std::string text(line.text);
  if (line.count < 0 || line.type == '_') return "(nil)";
  const auto count = static_cast<size_t>(line.count);
  switch (line.type) {
    case '-': return "(error) " + text;
    case ':': return "(integer) " + text;
    case ',': return "(double) " + text;
    case '#': return text == "t" ? "(true)" : "(false)";
    case '$': return quoted(bytes.substr(0, count));
    case '!': return "(error) " + std::string(bytes.substr(0, count));
    case '=': {  // "txt:" and a text for people
      constexpr size_t kFormatBytes = 4;
      std::string_view whole = bytes.substr(0, count);
      whole.remove_prefix(std::min(whole.size(), kFormatBytes));
      if (whole.ends_with('\n')) whole.remove_suffix(1);
      return std::string(whole);
    }
    default: return text;
  }
}

std::string_view print_reply(std::string_view bytes, const std::string& indent,
                             std::string_view end = "\n");

// Does a reply with replies in it come next? As a value of a map it begins on a
// line of its own.
bool is_nested(std::string_view bytes) {
  const ReplyLine line = reply_line(bytes);
  return has_replies(line.type) && line.count > 0;
}

//   1) "first"
//   2) 1) "an array in the array"
// A map has "1# key => value", a set "1~ member".
std::string_view print_replies(const ReplyLine& line, std::string_view rest,
                               const std::string& indent) {
  if (line.count < 0) std::cout << "(nil)\n";
  if (line.count == 0) {
    std::cout << (line.type == '%'   ? "(empty hash)\n"
                  : line.type == '~' ? "(empty set)\n"
                                     : "(empty array)\n");
  }
  const char mark = line.type == '%' ? '#' : line.type == '~' ? '~' : ')';
  const size_t width = std::to_string(line.count).size();
  const std::string deeper = indent + std::string(width + 2, ' ');
  for (int64_t i = 1; i <= line.count; ++i) {
    const std::string number = std::to_string(i);
    if (i > 1) std::cout << indent;
    std::cout << std::string(width - number.size(), ' ') << number << mark
              << ' ';
    if (line.type == '%') {
      rest = print_reply(rest, deeper, " => ");
      if (is_nested(rest)) std::cout << '\n' << deeper;
    }
    rest = print_reply(rest, deeper);
  }
  return rest;
}

// Prints the whole reply at the front of `bytes` and returns what is behind it;
// `indent` stands before its further lines, `end` behind it if it is but one.
std::string_view print_reply(std::string_view bytes, const std::string& indent,
                             std::string_view end) {
  const ReplyLine line = reply_line(bytes);
  bytes.remove_prefix(line.size);
  if (has_replies(line.type)) return print_replies(line, bytes, indent);
  std::cout << text_of(line, bytes) << end;
  if (has_bytes(line.type) && line.count >= 0) {
    bytes.remove_prefix(static_cast<size_t>(line.count) + 2);
  }
  return bytes;
}

// Ends the program: the bytes up to where the reader has stopped, with some that
// follow, are no reply.
[[noreturn]] void die_of(const ReplyReader& reader, std::string_view bytes) {
  constexpr size_t kBefore = 40;
  constexpr size_t kShown = 60;
  const size_t begin = reader.size() - std::min(reader.size(), kBefore);
  die_plainly("not a reply: " + std::string(reader.error()) + ": byte " +
              std::to_string(reader.size()) + ", in " +
              quoted(bytes.substr(begin, kShown)));
}

// Sends one request and prints its reply.
void ask(int server, const std::vector<std::string_view>& words,
         Buffer& input) {
  write_all(server, encode(words));
  ReplyReader reader;
  ReplyState state;
  while ((state = reader.read(input.view())) == ReplyState::need_more) {
    if (!read_more(server, input)) {
      die_plainly("the server closed the connection");
    }
  }
  if (state == ReplyState::malformed) die_of(reader, input.view());
  print_reply(input.view(), "");
  input.consume(reader.size());
}

// --pipe: sends what comes from stdin, counts what comes back.

struct PipeCount {
  ReplyReader reader;  // of the reply that is coming
  uint64_t replies = 0;
  uint64_t errors = 0;
};

// Counts the whole replies of `input`. True when the last one is the echo of
// `token`, which is not counted.
bool count_replies(Buffer& input, std::string_view token, PipeCount& count) {
  for (;;) {
    const ReplyState state = count.reader.read(input.view());
    if (state == ReplyState::need_more) return false;
    if (state == ReplyState::malformed) die_of(count.reader, input.view());
    const size_t size = count.reader.size();
    const std::string_view reply = input.view().substr(0, size);
    count.reader.reset();
    if (reply.find(token) != reply.npos) return true;
    ++count.replies;
    if (reply[0] == '-') {
      ++count.errors;
      std::cerr << text_of({'-', reply.substr(1, size - 3), 0, size}, {})
                << '\n';
    }
    input.consume(size);
  }
}

// Sends as much as the socket takes without waiting.
void send_some(int server, Buffer& output) {
  const ssize_t put = ::write(server, output.data(), output.size());
  if (put >= 0) return output.consume(static_cast<size_t>(put));
  if (errno != EAGAIN && errno != EINTR) die("write");
}

// Reads replies while it sends: a server that cannot get rid of its replies
// stops reading requests. The end of the replies is told by an ECHO of
// something that nobody has sent.
void pipe_all(int server) {
  if (!set_nonblocking(server)) die("fcntl");
  std::random_device random;
  const std::string token =
      "klh-" + std::to_string(random()) + "-" + std::to_string(random());
  Buffer output;
  Buffer input;
  PipeCount count;
  bool has_more = true;
  do {
    if (output.empty() && has_more) {
      has_more = read_more(STDIN_FILENO, output);
      if (!has_more) output.append(encode({"ECHO", token}));
    }
    const short wanted = output.empty() ? POLLIN : POLLIN | POLLOUT;
    pollfd polled{server, wanted, 0};
    if (::poll(&polled, 1, -1) < 0 && errno != EINTR) die("poll");
    if (polled.revents & POLLOUT) send_some(server, output);
    if ((polled.revents & (POLLIN | POLLHUP | POLLERR)) &&
        !read_more(server, input)) {
      die_plainly("the server closed the connection");
    }
  } while (!count_replies(input, token, count));
  std::cout << "replies: " << count.replies << ", errors: " << count.errors
            << '\n';
  if (count.errors > 0) std::exit(1);
}

void ask_lines(int server, const std::string& prompt) {
  Buffer input;
  std::string line;
  while (read_line(prompt, line)) {
    std::vector<std::string_view> words;
    if (!split_words(line.data(), line.size(), words)) {
      std::cout << "Invalid argument(s)\n";
    } else if (words.size() == 1 &&
               (words[0] == "quit" || words[0] == "exit")) {
      return;
    } else if (!words.empty()) {
      ask(server, words, input);
    }
    std::cout << std::flush;
  }
}

struct Address {
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  std::string path;  // of a unix socket, which goes before
};

void run(const Address& address, const std::vector<std::string>& words,
         bool pipes) {
  const bool is_unix = !address.path.empty();
  const FileDescriptor server = is_unix
                                    ? connect_unix(address.path)
                                    : connect_tcp(address.host, address.port);
  if (pipes) return pipe_all(server.get());
  if (words.empty()) {
    const std::string name =
        is_unix ? "klh " + address.path
                : address.host + ":" + std::to_string(address.port);
    return ask_lines(server.get(), name + "> ");
  }
  Buffer input;
  ask(server.get(), {words.begin(), words.end()}, input);
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  klh::Address address;
  bool pipes = false;
  bool tells_version = false;
  const std::vector<std::string> words =
      klh::parse_flags_and_words(argc, argv,
                                 {{"--host", &address.host},
                                  {"--port", &address.port},
                                  {"--unixsocket", &address.path},
                                  {"-s", &address.path},
                                  {"--pipe", &pipes},
                                  {"--version", &tells_version}});
  if (tells_version) {
    std::cout << "klh-client " << klh::kVersion << '\n';
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed connection: EPIPE
  klh::run(address, words, pipes);
}
