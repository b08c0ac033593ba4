// Where in the tests a check stands, so that a helper can report its caller.
//
// std::source_location would be the standard's way; clang 14 lacks it.
#pragma once

namespace klh::test {

struct Where {
  const char* file;
  int line;

  // As a default argument this is evaluated at the place of the call.
  static constexpr Where here(const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace klh::test
