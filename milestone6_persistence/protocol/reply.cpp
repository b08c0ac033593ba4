#include "protocol/reply.h"

#include <charconv>
#include <cstring>
#include <string>

#include "common/number.h"

namespace klh {

namespace {

// A type byte, the longest int64_t and CRLF.
constexpr size_t kMaxNumberBytes = 1 + 20 + 2;

// Writes type, number and CRLF to `begin` and returns the end.
template <class Number>
char* write_number(char* begin, char type, Number value) {
  *begin = type;
  char* end = std::to_chars(begin + 1, begin + kMaxNumberBytes, value).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return end;
}

}  // namespace

void Reply::status(std::string_view text) {
  output_.append("+");
  output_.append(text);
  output_.append("\r\n");
}

void Reply::error(std::string_view text) {
  output_.append("-");
  char* const begin = output_.prepare(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool ends_line = text[i] == '\r' || text[i] == '\n';
    begin[i] = ends_line ? ' ' : text[i];
  }
  output_.commit(text.size());
  output_.append("\r\n");
}

void Reply::integer(int64_t value) {
  char* const begin = output_.prepare(kMaxNumberBytes);
  char* const end = write_number(begin, ':', value);
  output_.commit(static_cast<size_t>(end - begin));
}

void Reply::bulk(std::string_view bytes) {
  char* const begin = output_.prepare(kMaxNumberBytes + bytes.size() + 2);
  char* end = write_number(begin, '$', bytes.size());
  if (!bytes.empty()) std::memcpy(end, bytes.data(), bytes.size());
  end += bytes.size();
  *end++ = '\r';
  *end++ = '\n';
  output_.commit(static_cast<size_t>(end - begin));
}

void Reply::real(double value) {
  const std::string text = format_score_as_redis(value);
  if (!is_resp3_) return bulk(text);
  output_.append(",");
  output_.append(text);
  output_.append("\r\n");
}

void Reply::text(std::string_view text) {
  if (!is_resp3_) return bulk(text);
  constexpr std::string_view kFormat = "txt:";
  header('=', kFormat.size() + text.size());
  output_.append(kFormat);
  output_.append(text);
  output_.append("\r\n");
}

void Reply::header(char type, size_t size) {
  char* const begin = output_.prepare(kMaxNumberBytes);
  char* const end = write_number(begin, type, size);
  output_.commit(static_cast<size_t>(end - begin));
}

}  // namespace klh
