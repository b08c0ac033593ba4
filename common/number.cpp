#include "common/number.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/ascii.h"

namespace klh {

namespace {

// "-2.2250738585072014e-308" has 24.
using Digits = std::array<char, 32>;

// Tells whether all digits of this number are an integer's: at most 17, so it
// fits an int64_t. -0 is none, since it has to keep its sign.
bool prints_as_integer(double value) {
  return std::abs(value) < 1e17 && std::trunc(value) == value &&
         !(value == 0 && std::signbit(value));
}

// The usual scores are integers, which are printed five times faster as such.
template <class... Format>
std::string format(double value, Format... format) {
  Digits digits;
  char* const begin = digits.data();
  char* const end = begin + digits.size();
  const std::to_chars_result result =
      prints_as_integer(value)
          ? std::to_chars(begin, end, static_cast<int64_t>(value))
          : std::to_chars(begin, end, value, format...);
  assert(result.ec == std::errc());
  return std::string(begin, result.ptr);
}

bool is_blank(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

// This calls strtod and not from_chars: it takes just what Redis takes, which
// calls it too, and the C++ library of macOS has no from_chars for these types.
template <class Real>
std::optional<Real> parse(std::string_view text,
                          Real (*convert)(const char*, char**)) {
  if (text.empty() || is_blank(text.front())) return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const Real value = convert(terminated.c_str(), &end);
  if (end != terminated.data() + terminated.size()) return std::nullopt;
  if (std::isnan(value)) return std::nullopt;
  // The numbers next to 0 that have lost digits have the same errno, but they
  // are taken.
  const bool is_lost = std::isinf(value) || value == 0;
  if (errno == ERANGE && is_lost) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {
    {"", 1},          {"b", 1},        {"k", 1000},       {"kb", 1 << 10},
    {"m", 1'000'000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30},
};

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

std::optional<uint64_t> parse_digits(std::string_view text, int base) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_memory(std::string_view text) {
  constexpr uint64_t kMost = INT64_MAX;
  const size_t size =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> number = parse_digits(text.substr(0, size));
  if (!number) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (!same_word(text.substr(size), unit.name)) continue;
    if (*number > kMost / unit.bytes) return std::nullopt;
    return *number * unit.bytes;
  }
  return std::nullopt;
}

std::string format_score_as_redis(double value) {
  return format(value, std::chars_format::general, 17);
}

std::string format_shortest(double value) {
  return format(value);
}

std::optional<double> parse_double(std::string_view text) {
  return parse<double>(text, std::strtod);
}

std::optional<long double> parse_long_double(std::string_view text) {
  return parse<long double>(text, std::strtold);
}

std::string format_long_double(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 5 * 1024> digits;  // the largest has 4933 before its point
  const int size = std::snprintf(digits.data(), digits.size(), "%.17Lf", value);
  std::string text(digits.data(), static_cast<size_t>(size));
  text.erase(text.find_last_not_of('0') + 1);  // there is a point before them
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace klh
