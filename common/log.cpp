#include "common/log.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "common/clock.h"

namespace klh {

namespace {

bool is_control(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
}

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::verbose: return "verbose";
    case LogLevel::notice: return "notice";
    case LogLevel::warning: return "warning";
    case LogLevel::nothing: return "nothing";
  }
  return "";
}

std::string format_time(int64_t unix_ms) {
  constexpr int64_t kSecondMs = 1000;
  const std::time_t seconds = unix_ms / kSecondMs;
  std::tm date{};
  ::gmtime_r(&seconds, &date);
  char text[64];
  const size_t size = std::strftime(text, sizeof text, "%F %T", &date);
  std::snprintf(text + size, sizeof text - size, ".%03dZ",
                static_cast<int>(unix_ms % kSecondMs));
  return text;
}

void Log::write(LogLevel level, std::string_view text) {
  if (!writes(level)) return;
  std::string line = format_time(unix_ms()) + " ";
  line.append(name_of(level)).append(": ").append(text);
  std::replace_if(line.begin(), line.end(), is_control, '?');
  line += '\n';
  // There is nobody to tell that this failed.
  while (::write(fd_, line.data(), line.size()) < 0 && errno == EINTR) continue;
}

Incident::News Incident::look(uint64_t counter, int64_t now_ms) {
  const uint64_t more = counter > seen_ ? counter - seen_ : 0;
  seen_ = counter;
  if (more == 0) {
    if (now_ms < due_ms() || is_over_) return News::none;
    is_over_ = true;
    return News::over;
  }
  last_ms_ = now_ms;
  count_ = is_over_ ? more : count_ + more;
  return std::exchange(is_over_, false) ? News::begun : News::none;
}

}  // namespace klh
