#include "store/store_test.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace klh::test {

std::string bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) +
         "\r\n";
}

std::string number(int64_t value) {
  return ":" + std::to_string(value) + "\r\n";
}

std::string array(const std::vector<std::string>& bulks) {
  std::string reply = "*" + std::to_string(bulks.size()) + "\r\n";
  for (const std::string& each : bulks) reply += bulk(each);
  return reply;
}

std::string wrong_arity(const std::string& command) {
  return "-ERR wrong number of arguments for '" + command + "' command\r\n";
}

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

// A byte at a time: the client keeps what it has read from the socket.
std::string Connected::receive_line(Where where) {
  std::string line;
  while (!line.ends_with("\r\n")) line += client_.receive(1, where);
  return line;
}

std::string Connected::receive(Where where) {
  std::string reply = receive_line(where);
  int64_t size = 0;
  std::from_chars(reply.data() + 1, reply.data() + reply.size(), size);
  if (reply[0] == '$' && size >= 0) {
    reply += client_.receive(static_cast<size_t>(size) + 2, where);
  } else if (reply[0] == '*') {
    for (int64_t i = 0; i < size; ++i) reply += receive(where);
  }
  return reply;
}

std::vector<std::string> Connected::ask_list(const Words& words, Where where) {
  client_.request(words, where);
  const std::string header = receive_line(where);
  require(header[0] == '*', "an array", escaped(header), where);
  std::vector<std::string> elements;
  for (int left = std::stoi(header.substr(1)); left > 0; --left) {
    const std::string element = receive(where);
    if (element[0] == '$') {
      const size_t begin = element.find('\n') + 1;
      elements.push_back(element.substr(begin, element.size() - begin - 2));
    } else {
      elements.push_back(element);
    }
  }
  return elements;
}

void StoreTest::TearDown() {
  if (server_ && !HasFailure()) server_->end();
}

ServerProcess& StoreTest::start(const std::vector<std::string>& flags,
                                Where where) {
  client_.reset();
  if (server_) server_->end(where);
  server_.reset();
  std::vector<std::string> all = flags_;
  all.insert(all.end(), flags.begin(), flags.end());
  server_.emplace(ServerOptions{.flags = all,
                                .directory = directory(),
                                .configuration = configuration_},
                  where);
  return *server_;
}

ServerProcess& StoreTest::server(Where where) {
  return server_ ? *server_ : start({}, where);
}

Connected& StoreTest::client(Where where) {
  if (!client_) client_.emplace(server(where).port(), where);
  return *client_;
}

Connected StoreTest::another(Where where) {
  return Connected(server(where).port(), where);
}

void StoreTest::check(const Words& words, std::string_view reply, Where where) {
  const std::string bytes = encode(Dialect::resp, words);
  check_bytes(bytes, reply, where);
}

void StoreTest::check_bytes(std::string_view bytes, std::string_view replies,
                            Where where) {
  Client& client = this->client(where).client();
  client.send(bytes, where);
  // Something that comes behind the replies, so that one too many is noticed.
  client.request({"ECHO", "the end"}, where);
  const std::string expected = std::string(replies) + bulk("the end");
  // Short replies byte by byte, so that a wrong one fails the test at once and
  // not at the deadline, when the rest has not come.
  constexpr size_t kShort = 4096;
  std::string received;
  while (received.size() < expected.size() &&
         std::string_view(expected).starts_with(received)) {
    const size_t left = expected.size() - received.size();
    received += client.receive(left > kShort ? left : 1, where);
  }
  if (received == expected) return;
  Observation seen;
  seen.sent = bytes.substr(0, 200);
  seen.sent_bytes = bytes.size();
  seen.expected = expected;
  seen.received = received;
  fail(seen, where);
}

void StoreTest::end(int signal_number, Where where) {
  client_.reset();
  server(where).end_cleanly(signal_number, where);
  server_.reset();
}

void StoreTest::kill_server() {
  client_.reset();
  server().signal(SIGKILL);
  server().wait_until_ended();
  server_.reset();
}

std::string StoreTest::refusal(const std::vector<std::string>& flags,
                               Where where) {
  std::vector<std::string> command = {
      course_program(settings().milestone, "server"), "--port", "0", "--dir",
      directory()};
  command.insert(command.end(), flags.begin(), flags.end());
  const Outcome outcome = run_program(command);
  const std::string line = complaints_in(outcome.errors);
  require(outcome.ending.with(1), "exit status 1", outcome.ending.text(),
          where);
  require(std::count(line.begin(), line.end(), '\n') == 1 &&
              line.ends_with('\n') && line.starts_with("klh: "),
          "one line on stderr that begins with \"klh: \"", escaped(line),
          where);
  require(outcome.output.empty(), "nothing on stdout", escaped(outcome.output),
          where);
  return line.substr(5, line.size() - 6);
}

}  // namespace klh::test
