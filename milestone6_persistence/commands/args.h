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
#include <string_view>

#include "commands/command.h"

namespace klh {

inline constexpr std::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";

// A decimal integer in the one form that prints back as it came: no blanks, no
// "+", no leading zeros. As Redis takes it.
std::optional<int64_t> parse_integer(std::string_view text);

// Equal but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

class ArgReader {
 public:
  // Reads from args[first] on.
  ArgReader(Context& context, size_t first) : context_(context), next_(first) {}

  bool at_end() const { return next_ == context_.args.size(); }

  // The next argument; "" and a syntax error when there is none.
  std::string_view word();
  int64_t integer();

  // Is the next argument this option? Then it is read.
  bool accept(std::string_view option);

  void fail(std::string_view error);

  // All has been read, and all was well? If not, replies the first mistake.
  [[nodiscard]] bool finish();

 private:
  Context& context_;
  size_t next_;
  std::string_view error_;
};

}  // namespace klh
