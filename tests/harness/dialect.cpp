#include "harness/dialect.h"

#include <algorithm>

namespace klh::test {

namespace {

std::string join(const Words& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  return line;
}

std::string bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) +
         "\r\n";
}

std::string resp_request(const Words& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) bytes += bulk(word);
  return bytes;
}

std::string resp_reply(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::ok: return "+OK\r\n";
    case Reply::Kind::value: return bulk(reply.text);
    case Reply::Kind::none: return "$-1\r\n";
    case Reply::Kind::integer: return ":" + reply.text + "\r\n";
    case Reply::Kind::error: return "-ERR" + reply.text;
  }
  return {};
}

// The tag byte and text of milestones 1 to 5.
std::string tagged_reply(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::ok: return "+OK";
    case Reply::Kind::value: return "$" + reply.text;
    case Reply::Kind::none: return "_";
    case Reply::Kind::integer: return ":" + reply.text;
    case Reply::Kind::error: return "-ERR" + reply.text;
  }
  return {};
}

// How `text`, the part of a reply that has come, compares with its known start.
Matched match_start(std::string_view start, std::string_view text,
                    size_t offset) {
  const size_t common = std::min(start.size(), text.size());
  const auto [ours, theirs] = std::mismatch(
      start.begin(), start.begin() + static_cast<ptrdiff_t>(common),
      text.begin());
  const auto equal = static_cast<size_t>(ours - start.begin());
  if (equal < common) return {Match::different, 0, offset + equal};
  if (text.size() < start.size()) return {Match::need_more, 0, 0};
  return {Match::complete, offset + text.size(), 0};
}

uint32_t little_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    number |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  return number;
}

Matched match_framed_error(std::string_view start, std::string_view received) {
  constexpr uint32_t kLongestErrorText = 4096;
  if (received.size() < 4) return {Match::need_more, 0, 0};
  const uint32_t size = little_endian(received);
  if (size < start.size()) return {Match::different, 0, 0};
  if (size > kLongestErrorText) return {Match::different, 0, 3};
  const Matched matched = match_start(start, received.substr(4, size), 4);
  const bool all = received.size() >= 4 + size;
  if (matched.match == Match::complete && !all) return {Match::need_more, 0, 0};
  return matched;
}

Matched match_resp_error(std::string_view start, std::string_view received) {
  const size_t end = received.find("\r\n");
  const Matched matched = match_start(start, received.substr(0, end), 0);
  if (matched.match != Match::complete) {
    const bool too_short = end != std::string_view::npos;
    if (matched.match == Match::need_more && too_short) {
      return {Match::different, 0, end};
    }
    return matched;
  }
  if (end == std::string_view::npos) return {Match::need_more, 0, 0};
  return {Match::complete, end + 2, 0};
}

}  // namespace

Reply ok() {
  return {Reply::Kind::ok, ""};
}
Reply value(std::string text) {
  return {Reply::Kind::value, std::move(text)};
}
Reply none() {
  return {Reply::Kind::none, ""};
}
Reply integer(int64_t number) {
  return {Reply::Kind::integer, std::to_string(number)};
}
Reply error(std::string text_begins_with) {
  return {Reply::Kind::error, std::move(text_begins_with)};
}

std::string frame_header(uint32_t payload_size) {
  std::string header;
  for (int shift = 0; shift < 32; shift += 8) {
    header += static_cast<char>((payload_size >> shift) & 0xff);
  }
  return header;
}

std::string frame(std::string_view payload) {
  return frame_header(static_cast<uint32_t>(payload.size())) +
         std::string(payload);
}

std::string encode(Dialect dialect, const Words& request) {
  if (dialect == Dialect::resp) return resp_request(request);
  if (dialect == Dialect::framed) return frame(join(request));
  return join(request);
}

std::string encode(Dialect dialect, const Reply& reply) {
  if (dialect == Dialect::resp) return resp_reply(reply);
  // How long an error is, is up to the server: no header can be foretold.
  const bool has_header =
      dialect == Dialect::framed && reply.kind != Reply::Kind::error;
  return has_header ? frame(tagged_reply(reply)) : tagged_reply(reply);
}

Matched match_error(Dialect dialect, const Reply& error,
                    std::string_view received) {
  const std::string start = "-ERR" + error.text;
  if (dialect == Dialect::framed) return match_framed_error(start, received);
  if (dialect == Dialect::resp) return match_resp_error(start, received);
  return match_start(start, received, 0);
}

Words message_of_size(Dialect dialect, size_t size, const std::string& key) {
  Words words = {"SET", key, ""};
  const size_t around =
      dialect == Dialect::resp ? 0 : encode(Dialect::raw, words).size();
  words[2].assign(size - around, 'x');
  return words;
}

}  // namespace klh::test
