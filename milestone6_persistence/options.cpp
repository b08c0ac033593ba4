#include "options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "common/net.h"

namespace klh {

namespace {

template <class Number>
std::string_view set_number(Number& number, std::string_view text,
                            Number least = 0) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least) {
    return "not a number in range";
  }
  number = value;
  return "";
}

std::string_view set_text(std::string& option, std::string_view text) {
  if (text.empty()) return "empty";
  option = text;
  return "";
}

constexpr bool kFixed = true;

const OptionRow kOptionRows[] = {
    {"appendonly", [](const Options&) { return std::string("no"); },
     [](Options&, std::string_view value) -> std::string_view {
       return value == "no" ? "" : "can only be no, there is no journal yet";
     }},
    {"bind", [](const Options& options) { return options.bind; },
     [](Options& options, std::string_view value) {
       return set_text(options.bind, value);
     },
     kFixed},
    {"dir", [](const Options& options) { return options.dir; },
     [](Options& options, std::string_view value) {
       return set_text(options.dir, value);
     },
     kFixed},
    {"maxclients",
     [](const Options& options) { return std::to_string(options.maxclients); },
     [](Options& options, std::string_view value) {
       return set_number(options.maxclients, value, 1u);
     }},
    {"port",
     [](const Options& options) { return std::to_string(options.port); },
     [](Options& options, std::string_view value) {
       return set_number(options.port, value);
     },
     kFixed},
    {"requirepass", [](const Options& options) { return options.requirepass; },
     [](Options& options, std::string_view value) -> std::string_view {
       options.requirepass = value;
       return "";
     }},
    {"save", [](const Options&) { return std::string(); },
     [](Options& options, std::string_view value) -> std::string_view {
       if (!value.empty()) {
         return "can only be empty, there are no save points yet";
       }
       options.save_at_end = false;
       return "";
     }},
    {"timeout",
     [](const Options& options) { return std::to_string(options.timeout); },
     [](Options& options, std::string_view value) {
       return set_number(options.timeout, value);
     }},
};

[[noreturn]] void print_help(const char* program) {
  std::printf("usage: %s", program);
  for (const OptionRow& row : kOptionRows) {
    std::printf(" [--%s VALUE]", row.name.data());
  }
  std::printf("\n");
  std::exit(0);
}

}  // namespace

std::span<const OptionRow> option_rows() {
  return kOptionRows;
}

const OptionRow* find_option(std::string_view name) {
  for (const OptionRow& row : kOptionRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--help") print_help(argv[0]);
    if (!flag.starts_with("--")) die_plainly("unknown word '" + flag + "'");
    const OptionRow* const row = find_option(flag.substr(2));
    if (!row) die_plainly("unknown flag '" + flag + "'");
    if (i + 1 == argc) die_plainly("no value for " + flag);
    const std::string_view complaint = row->set(options, argv[i + 1]);
    if (!complaint.empty()) {
      die_plainly("bad value '" + std::string(argv[i + 1]) + "' for " + flag +
                  ": " + std::string(complaint));
    }
  }
  return options;
}

}  // namespace klh
