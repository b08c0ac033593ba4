// Takes a server's directory away from under it.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "harness/deadline.h"
#include "harness/settings.h"

namespace klh::test {

// A server that notices the first file gone may write another one before the
// last is: so it is done again until nothing is left.
inline void remove_directory(const std::string& path) {
  const Deadline deadline(settings().deadline_ms);
  std::error_code error;
  while (std::filesystem::exists(path) && !deadline.has_passed()) {
    std::filesystem::remove_all(path, error);
  }
}

}  // namespace klh::test
