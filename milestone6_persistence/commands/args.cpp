#include "commands/args.h"

#include <algorithm>

namespace klh {

namespace {

char upper(char byte) {
  return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte + 'A' - 'a')
                                    : byte;
}

}  // namespace

std::optional<Range> range_of(int64_t first, int64_t last, size_t size) {
  const auto count = static_cast<int64_t>(size);
  if (first < 0) first = std::max<int64_t>(first + count, 0);
  if (last < 0) last += count;
  last = std::min(last, count - 1);
  if (first > last) return std::nullopt;
  return Range{static_cast<size_t>(first),
               static_cast<size_t>(last - first + 1)};
}

std::optional<int64_t> absolute_ms(int64_t amount, int64_t unit_ms,
                                   int64_t base_ms) {
  int64_t when_ms = 0;
  if (__builtin_mul_overflow(amount, unit_ms, &when_ms) ||
      __builtin_add_overflow(when_ms, base_ms, &when_ms)) {
    return std::nullopt;
  }
  return when_ms;
}

void reply_unknown_subcommand(Context& context) {
  constexpr size_t kQuotedBytes = 128;
  std::string text = "ERR unknown subcommand '";
  text += context.args[1].substr(0, kQuotedBytes);
  std::string name(context.args[0]);
  for (char& byte : name) byte = upper(byte);
  text += "'. Try " + name + " HELP.";
  context.reply.error(text);
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

double ArgReader::real() {
  const std::optional<double> value = parse_double(word());
  if (!value) fail(kNotAFloat);
  return value.value_or(0);
}

int64_t ArgReader::integer_in(int64_t least, int64_t most,
                              std::string_view complaint) {
  const int64_t value = integer();
  if (value < least || value > most) fail(complaint);
  return std::clamp(value, least, most);
}

void ArgReader::skip(size_t count) {
  if (count > context_.args.size() - next_) return fail(kSyntaxError);
  next_ += count;
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
