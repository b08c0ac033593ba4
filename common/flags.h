// Command lines: `--name VALUE` pairs, then, for a client, the words of a
// request. A mistake ends the program with one clear line and exit status 1;
// --help lists the flags and exits with status 0. A flag that is a bool stands
// alone, without a value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace klh {

// A flag says where its value goes; what stands there before is the default. A
// number is decimal and must fit its type.
struct Flag {
  std::string_view name;  // with its dashes: "--port"
  std::variant<uint16_t*, uint32_t*, std::string*, bool*> value;
};

// Sets what the flags say, for servers: anything but these flags is refused.
void parse_flags(int argc, char** argv, std::initializer_list<Flag> flags);

// Does the same for clients: the first word that is no flag ends the flags; it
// and all that follow are returned.
std::vector<std::string> parse_flags_and_words(
    int argc, char** argv, std::initializer_list<Flag> flags);

}  // namespace klh
