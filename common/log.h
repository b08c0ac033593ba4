// What a server tells of itself: one dated line on stderr for each event.
//
//   2026-11-28 22:40:13.123Z notice: ready: 3 keys, loaded in 0.02 s
//   `-- date and time, UTC -' level: text
//
//   debug    what only helps to find a fault
//   verbose  a line for each client: connected, closed, why
//   notice   the life of the server: start, load, snapshot, shutdown
//   warning  what its owner should look at: a disk that fails, no descriptors
//   nothing  no line at all
//
// The levels bear the names that Redis has for them. At notice and above there
// is no line for each request or client, so that nobody can fill a disk by
// asking; what can happen often is an Incident: a line when it begins and one
// when it is over.
//
// A failed start is not told here: it ends the program with one line that
// begins with "klh: ", whatever the level; see die() in net.h.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace klh {

enum class LogLevel { debug, verbose, notice, warning, nothing };

// Its name in Redis: "notice".
std::string_view name_of(LogLevel level);

// A time in milliseconds since 1970 as the lines begin: UTC, 24 bytes.
std::string format_time(int64_t unix_ms);

// Small enough to be copied. Each line is one write(2), which waits if stderr
// is a pipe that nobody reads. For the thread of the loop only.
class Log {
 public:
  // Lines below `level` are left out. It is looked at for each line, so that it
  // can be changed meanwhile, and must outlive the log.
  explicit Log(const LogLevel& level, int fd = STDERR_FILENO)
      : level_(&level), fd_(fd) {}

  // Is a line of this level written? For a text that is costly to build.
  bool writes(LogLevel level) const { return level >= *level_; }

  // Each writes one line; control characters of `text` become '?'.
  void debug(std::string_view text) { write(LogLevel::debug, text); }
  void verbose(std::string_view text) { write(LogLevel::verbose, text); }
  void notice(std::string_view text) { write(LogLevel::notice, text); }
  void warning(std::string_view text) { write(LogLevel::warning, text); }

 private:
  void write(LogLevel level, std::string_view text);

  const LogLevel* level_;
  int fd_;
};

// Something that may happen a million times a second, and is told of twice:
// when it begins, and when it has not happened for a minute. It watches a
// counter.
class Incident {
 public:
  static constexpr int64_t kQuietMs = 60'000;

  enum class News { none, begun, over };

  // Looks at the counter at a time of a clock that never goes back. A counter
  // that has become smaller was set back, and tells nothing.
  News look(uint64_t counter, int64_t now_ms);

  // How often it happened, from its begin on.
  uint64_t count() const { return count_; }

  // When look() has to be called for the end to be told in time; INT64_MAX
  // while nothing is going on.
  int64_t due_ms() const { return is_over_ ? INT64_MAX : last_ms_ + kQuietMs; }

 private:
  uint64_t seen_ = 0;
  uint64_t count_ = 0;
  int64_t last_ms_ = 0;  // when it happened last
  bool is_over_ = true;
};

}  // namespace klh
