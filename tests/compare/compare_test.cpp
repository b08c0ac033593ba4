#include "compare/compare_test.h"

#include <algorithm>

#include "common/words.h"
#include "harness/diagnosis.h"

namespace klh::test {

namespace {

constexpr size_t kColumns = 66;
constexpr size_t kBytesBefore = 20;

// Both replies from a little before their first difference on.
std::string shown(const std::string& label, std::string_view bytes,
                  size_t begin) {
  const std::string dots = begin > 0 ? "..." : "";
  return "    " + label + dots + escaped(bytes.substr(begin), kColumns) + "\n";
}

bool ends_the_connection(const Words& command, std::string_view reply) {
  if (reply.starts_with("-ERR Protocol error")) return true;
  std::string name = command.empty() ? "" : command[0];
  for (char& byte : name) byte = static_cast<char>(byte | 0x20);
  return name == "quit" && reply == "+OK\r\n";
}

}  // namespace

std::string readable(const Words& command) {
  std::string text;
  for (const std::string& word : command) {
    if (!text.empty()) text += ' ';
    const std::string plain = escaped(word, 60);
    const bool needs_quotes =
        word.empty() || plain != word || word.find(' ') != std::string::npos;
    text += needs_quotes ? '"' + plain + '"' : plain;
  }
  return text;
}

std::string Difference::text() const {
  const auto [a, b] =
      std::mismatch(ours.begin(), ours.end(), redis.begin(), redis.end());
  const auto at = static_cast<size_t>(a - ours.begin());
  const size_t begin = at > kBytesBefore ? at - kBytesBefore : 0;
  const std::string before = escaped(ours.substr(begin, at - begin), kColumns);
  const size_t column = at == begin ? 0 : before.size() + (begin > 0 ? 3 : 0);
  return "  " + readable(command) + "\n" + shown("redis  ", redis, begin) +
         shown("ours   ", ours, begin) + "           " +
         std::string(column, ' ') + "^ byte " + std::to_string(at) + "\n";
}

void CompareTest::SetUp() {
  our_server_.emplace();
  redis_server_.emplace();
  connect();
}

void CompareTest::TearDown() {
  if (our_server_ && !HasFailure()) our_server_->end();
}

void CompareTest::connect() {
  ours_.emplace(our_server_->port());
  redis_.emplace(redis_server_->port());
  if (protocol_ != 2) speak(protocol_);
}

void CompareTest::speak(int protocol) {
  protocol_ = protocol;
  ours_->ask({"HELLO", std::to_string(protocol)});
  redis_->ask({"HELLO", std::to_string(protocol)});
}

std::optional<Difference> CompareTest::compare(const Words& command) {
  return compare_bytes(command, encode(Dialect::resp, command));
}

std::optional<Difference> CompareTest::compare_line(const std::string& line) {
  std::string copy = line;
  std::vector<std::string_view> views;
  Words command;
  if (split_words(copy.data(), copy.size(), views)) {
    command.assign(views.begin(), views.end());
  }
  return compare_bytes(command, line + "\r\n");
}

std::optional<Difference> CompareTest::compare_bytes(const Words& command,
                                                     const std::string& bytes) {
  ours_->send(bytes);
  redis_->send(bytes);
  const std::string redis = redis_->receive();
  const std::string ours = ours_->receive();
  const bool ends = ends_the_connection(command, redis);
  if (ends && ends_the_connection(command, ours)) {
    ours_->expect_closed();
    redis_->expect_closed();
  }
  if (ends) connect();
  if (agrees(command, ours, redis)) return std::nullopt;
  return Difference{command.empty() ? Words{bytes} : command, ours, redis};
}

bool CompareTest::agrees(const Words& command, const std::string& ours,
                         const std::string& redis) {
  const Rule rule = rule_for(command);
  if (ours == redis && rule != Rule::scan) return true;
  if (rule == Rule::table_order && command.size() > 1) {
    const std::string encoding =
        redis_->ask({"OBJECT", "ENCODING", command[1]});
    if (encoding != "$9\r\nhashtable\r\n") return false;
  }
  if (rule == Rule::scan && ours[0] == '*' && redis[0] == '*') {
    const size_t at = cursor_position(command);
    // The cursors of one server mean nothing to the other.
    if (command[at] != "0") return true;
    return agree(rule, command, scan_to_end(*ours_, command, ours),
                 scan_to_end(*redis_, command, redis));
  }
  return agree(rule, command, ours, redis);
}

// The reply to one scan that would have returned all at once.
std::string CompareTest::scan_to_end(Peer& peer, const Words& command,
                                     std::string reply) {
  Words next = command;
  std::string elements;
  size_t count = 0;
  for (;;) {
    const Value value = parse_reply(reply);
    const std::string& cursor = value.elements.at(0).text;
    count += value.elements.at(1).elements.size();
    const size_t header = reply.find('\n', reply.find('*', 1)) + 1;
    elements += reply.substr(header);
    if (cursor == "0") break;
    next[cursor_position(command)] = cursor;
    reply = peer.ask(next);
  }
  return "*2\r\n$1\r\n0\r\n*" + std::to_string(count) + "\r\n" + elements;
}

}  // namespace klh::test
