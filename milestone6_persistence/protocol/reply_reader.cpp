#include "protocol/reply_reader.h"

#include <charconv>

namespace klh {

namespace {

constexpr std::string_view kTypes = "+-:,#(_$=!*~>%";
constexpr std::string_view kTypesWithBytes = "$=!";
constexpr std::string_view kTypesWithReplies = "*~>%";
constexpr size_t kLineEnd = 2;

}  // namespace

bool has_bytes(char type) {
  return kTypesWithBytes.find(type) != kTypesWithBytes.npos;
}

bool has_replies(char type) {
  return kTypesWithReplies.find(type) != kTypesWithReplies.npos;
}

ReplyState read_reply_line(std::string_view bytes, ReplyLine& line) {
  if (bytes.empty()) return ReplyState::need_more;
  if (kTypes.find(bytes[0]) == kTypes.npos) return ReplyState::malformed;
  const size_t end = bytes.find("\r\n");
  if (end == bytes.npos) return ReplyState::need_more;
  line = {bytes[0], bytes.substr(1, end - 1), 0, end + kLineEnd};
  if (!has_bytes(line.type) && !has_replies(line.type)) {
    return ReplyState::complete;
  }
  const char* const stop = line.text.data() + line.text.size();
  const auto [last, error] =
      std::from_chars(line.text.data(), stop, line.count);
  const bool is_count = error == std::errc() && last == stop &&
                        line.count >= -1 && line.count <= INT32_MAX;
  return is_count ? ReplyState::complete : ReplyState::malformed;
}

// A reply in a reply is one more to measure: no recursion, however deep.
ReplyState measure_reply(std::string_view bytes, size_t& size) {
  size = 0;
  for (int64_t missing = 1; missing > 0; --missing) {
    ReplyLine line{};
    const ReplyState state = read_reply_line(bytes.substr(size), line);
    if (state != ReplyState::complete) return state;
    size += line.size;
    if (line.count < 0) continue;
    if (has_bytes(line.type)) {
      size += static_cast<size_t>(line.count) + kLineEnd;
      if (size > bytes.size()) return ReplyState::need_more;
    } else if (has_replies(line.type)) {
      missing += line.type == '%' ? 2 * line.count : line.count;
    }
  }
  return ReplyState::complete;
}

}  // namespace klh
