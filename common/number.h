// Numbers as text, as Redis 7.0 reads and writes them: integers, sizes, and
// floating-point numbers, these also in the shortest form for files.
//
//   value       as a score in a reply      shortest
//   3           3                          3
//   0.1         0.10000000000000001        0.1
//   12.5        12.5                       12.5
//   1e21        1e+21                      1e+21
//   5e-324      4.9406564584124654e-324    5e-324
//   infinity    inf                        inf
//
// Both read back as the same number, to the bit. They depend on the locale's
// decimal point, as strtod does, which is '.' until somebody calls setlocale:
// nobody does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace klh {

// Reads a decimal integer in the one form that prints back as it came: no
// blanks, no "+", no leading zeros, no "-0". O(size).
// Source: string2ll of Redis 7.0.
std::optional<int64_t> parse_integer(std::string_view text);

// Reads digits of this base and nothing else; leading zeros are allowed.
// O(size).
std::optional<uint64_t> parse_digits(std::string_view text, int base = 10);

// Reads a size in bytes, "100" or "100mb": a k is 1000, a kb 1024, in any case;
// at most INT64_MAX. O(size).
// Source: memtoull of Redis 7.0.
std::optional<uint64_t> parse_memory(std::string_view text);

// Writes 17 significant digits, as printf's "%.17g" does.
// Source: addReplyDouble of Redis 7.0, for RESP2 and RESP3. From 7.2 on it
// replies a shortest form.
std::string format_score_as_redis(double value);

// Writes as few characters as read back as the same number, but integers below
// 10^17 in full: 100000, not 1e+05.
std::string format_shortest(double value);

// Reads a number as Redis does for a score: decimal or hexadecimal ("0x1.8p3"),
// with a sign or without, "inf" or "infinity" in any case; no blanks, nothing
// behind it. Returns none if it is no number, NaN, or one that a double cannot
// hold: 1e400, or 1e-400, which would become 0. O(size).
// Source: string2d of Redis 7.0.
std::optional<double> parse_double(std::string_view text);

// Does the same in the precision that INCRBYFLOAT calculates in.
// Source: string2ld of Redis 7.0.
std::optional<long double> parse_long_double(std::string_view text);

// Writes no exponent, up to 17 digits behind the point, no zeros at the end.
// Source: ld2string of Redis 7.0, LD_STR_HUMAN.
std::string format_long_double(long double value);

}  // namespace klh
