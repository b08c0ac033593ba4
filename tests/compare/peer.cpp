#include "compare/peer.h"

#include <charconv>

namespace klh::test {

namespace {

// "$-1" and "*-1" have no bytes and no elements.
int64_t number_in(std::string_view line) {
  int64_t number = 0;
  std::from_chars(line.data() + 1, line.data() + line.size(), number);
  return number;
}

bool has_bytes(char type) {
  return type == '$' || type == '=' || type == '!';
}

// How many values follow the line.
int64_t element_count(std::string_view line) {
  switch (line[0]) {
    case '*':
    case '~':
    case '>': return number_in(line);
    case '%': return 2 * number_in(line);
    // An attribute comes before the value that it belongs to.
    case '|': return 2 * number_in(line) + 1;
    default: return 0;
  }
}

Value take_value(std::string_view& rest) {
  const size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  Value value;
  value.type = line[0];
  if (has_bytes(line[0]) && number_in(line) >= 0) {
    const auto size = static_cast<size_t>(number_in(line));
    value.text = rest.substr(0, size);
    rest.remove_prefix(size + 2);
  } else if (has_bytes(line[0]) || line == "*-1") {
    value.type = '_';
  } else if (element_count(line) == 0) {
    value.text = line.substr(1);
  }
  for (int64_t left = element_count(line); left > 0; --left) {
    value.elements.push_back(take_value(rest));
  }
  return value;
}

}  // namespace

Value parse_reply(std::string_view reply) {
  return take_value(reply);
}

std::string text_of(const Value& value) {
  std::string text = value.type + std::to_string(value.text.size()) + ' ' +
                     value.text + std::to_string(value.elements.size()) + '(';
  for (const Value& each : value.elements) text += text_of(each);
  return text + ')';
}

std::string Peer::receive_line(Where where) {
  std::string line;
  while (!line.ends_with("\r\n")) line += client_.receive(1, where);
  return line;
}

std::string Peer::receive(Where where) {
  std::string reply = receive_line(where);
  const std::string_view line = reply;
  int64_t left = element_count(line);
  if (has_bytes(line[0]) && number_in(line) >= 0) {
    const auto size = static_cast<size_t>(number_in(line));
    reply += client_.receive(size + 2, where);
  }
  for (; left > 0; --left) reply += receive(where);
  return reply;
}

std::string Peer::ask(const Words& words, Where where) {
  client_.request(words, where);
  return receive(where);
}

}  // namespace klh::test
