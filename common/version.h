// The version of the store and its client, as --version and the log tell it.
#pragma once

#include <string_view>

namespace klh {

inline constexpr std::string_view kVersion = "0.6.0";

}  // namespace klh
