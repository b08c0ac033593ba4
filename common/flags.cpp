#include "common/flags.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "common/net.h"

namespace klh {

namespace {

bool parse_value(std::string_view, bool*) {
  return false;
}

template <class Number>
bool parse_value(std::string_view text, Number* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

bool parse_value(std::string_view text, std::string* value) {
  *value = text;
  return true;
}

void set_flag(const Flag& flag, std::string_view text) {
  const bool ok = std::visit(
      [&](auto* value) { return parse_value(text, value); }, flag.value);
  if (!ok) {
    die_plainly("bad value '" + std::string(text) + "' for " +
                std::string(flag.name));
  }
}

[[noreturn]] void print_help(const char* program,
                             std::initializer_list<Flag> flags,
                             const char* words) {
  std::printf("usage: %s", program);
  for (const Flag& flag : flags) {
    const bool is_text = std::holds_alternative<std::string*>(flag.value);
    const bool is_alone = std::holds_alternative<bool*>(flag.value);
    std::printf(" [%s%s]", flag.name.data(),
                is_alone  ? ""
                : is_text ? " TEXT"
                          : " NUMBER");
  }
  std::printf("%s\n", words);
  std::exit(0);
}

// Sets what the flags say and returns the index of the first other word.
int parse_leading_flags(int argc, char** argv,
                        std::initializer_list<Flag> flags, const char* words) {
  int i = 1;
  while (i < argc) {
    const std::string_view name = argv[i];
    if (name == "--help") print_help(argv[0], flags, words);
    const Flag* found = nullptr;
    for (const Flag& flag : flags) {
      if (flag.name == name) found = &flag;
    }
    if (!found && !name.starts_with("--")) break;
    if (!found) die_plainly("unknown flag '" + std::string(name) + "'");
    if (bool* const* is_set = std::get_if<bool*>(&found->value)) {
      **is_set = true;
      ++i;
      continue;
    }
    if (i + 1 == argc) die_plainly("no value for " + std::string(name));
    set_flag(*found, argv[i + 1]);
    i += 2;
  }
  return i;
}

}  // namespace

void parse_flags(int argc, char** argv, std::initializer_list<Flag> flags) {
  const int end = parse_leading_flags(argc, argv, flags, "");
  if (end < argc) die_plainly("unknown word '" + std::string(argv[end]) + "'");
}

std::vector<std::string> parse_flags_and_words(
    int argc, char** argv, std::initializer_list<Flag> flags) {
  const int end = parse_leading_flags(argc, argv, flags, " [word ...]");
  return {argv + end, argv + argc};
}

}  // namespace klh
