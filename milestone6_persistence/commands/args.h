// Reads the arguments of a command one after another.
//
// The first mistake stays: whatever is read after it gives a harmless value,
// and the handler asks once, when it has read all, whether all was well.
//
//   ArgReader in(context, 2);
//   const int64_t start = in.integer();
//   const int64_t stop = in.integer();
//   if (!in.finish()) return;              // the error has been replied
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/command.h"
#include "common/ascii.h"
#include "common/number.h"

namespace klh {

inline constexpr std::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotAnInt32 =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";

struct Range {
  size_t begin;
  size_t size;
};

// Returns the part of a sequence that two positions name, both included, as
// GETRANGE and LRANGE take them: negative ones count from its end. There is
// none if nothing lies between them.
std::optional<Range> range_of(int64_t first, int64_t last, size_t size);

// Returns the time `amount` units of `unit_ms` after `base_ms`, or nullopt if
// that does not fit.
std::optional<int64_t> absolute_ms(int64_t amount, int64_t unit_ms,
                                   int64_t base_ms);

// Replies "ERR unknown subcommand …", for a command whose args[1] is not one.
void reply_unknown_subcommand(Context& context);

class ArgReader {
 public:
  // Reads from args[first] on.
  ArgReader(Context& context, size_t first) : context_(context), next_(first) {}

  bool at_end() const { return next_ == context_.args.size(); }

  // Return the next argument; "" or 0, and an error, when there is none.
  std::string_view word();
  int64_t integer();
  double real();

  // Returns an integer from `least` to `most`; the error is `complaint` if it
  // is none.
  int64_t integer_in(int64_t least, int64_t most, std::string_view complaint);

  // Skips to args[index], for arguments whose number is told before them.
  size_t position() const { return next_; }
  void skip(size_t count);

  // Reads the next argument and returns true if it is this option.
  bool accept(std::string_view option);

  void fail(std::string_view error);
  bool failed() const { return !error_.empty(); }

  // Returns whether all has been read and all was well; if not, it replies the
  // first mistake.
  [[nodiscard]] bool finish();

 private:
  Context& context_;
  size_t next_;
  std::string error_;
};

}  // namespace klh
