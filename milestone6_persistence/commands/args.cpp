#include "commands/args.h"

#include <charconv>

namespace klh {

namespace {

char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 'a' - 'A')
                                    : byte;
}

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  const std::string_view digits = text.substr(text[0] == '-' ? 1 : 0);
  if (digits[0] == '0' && text != "0") return std::nullopt;
  return value;
}

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view ArgReader::word() {
  if (at_end()) {
    fail(kSyntaxError);
    return {};
  }
  return context_.args[next_++];
}

int64_t ArgReader::integer() {
  const std::optional<int64_t> value = parse_integer(word());
  if (!value) fail(kNotAnInteger);
  return value.value_or(0);
}

bool ArgReader::accept(std::string_view option) {
  if (at_end() || !same_word(context_.args[next_], option)) return false;
  ++next_;
  return true;
}

void ArgReader::fail(std::string_view error) {
  if (error_.empty()) error_ = error;
}

bool ArgReader::finish() {
  if (!at_end()) fail(kSyntaxError);
  if (!error_.empty()) context_.reply.error(error_);
  return error_.empty();
}

}  // namespace klh
