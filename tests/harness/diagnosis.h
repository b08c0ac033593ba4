// What a learner reads when a test fails, on 80 columns:
//
//   sent      \x0e\0\0\0SET name Alice                             18 bytes
//   expected  \x03\0\0\0+OK
//   received  \x10\0\0\0-ERR empty request
//             ^ byte 0: expected 03, received 10
//   then      the server closed the connection
//
//   Likely cause: …
//   To read: docs/2-framing.md#shortwrites
//
// A failure ends its test at once: what follows would only confuse.
#pragma once

#include <string>
#include <string_view>

#include "harness/where.h"

namespace klh::test {

// What a client has seen go wrong. Parts that are empty are not shown.
struct Observation {
  std::string sent;       // its beginning is enough
  size_t sent_bytes = 0;  // how many there were
  std::string expected;
  std::string received;
  bool shows_bytes = true;  // expected and received are bytes, not prose
  std::string then;         // what came after the bytes received
  std::string place;        // "reply 3 of 10"
};

// What is usually wrong when the rest of this test fails. Holds until the next
// call or the end of the test.
void likely_cause(std::string text);

// The chapter for the tests to come, and its section:
// "docs/2-framing.md#shortwrites".
void to_read(std::string chapter_and_section);

// Fails the test, and leaves it: gtest's own exception is thrown.
[[noreturn]] void fail(const Observation& observation, Where where);

// The same in prose, for what is not about bytes.
[[noreturn]] void fail(const std::string& expected, const std::string& received,
                       Where where = Where::here());

// Fails with these two lines unless `holds`.
void require(bool holds, const std::string& expected,
             const std::string& received, Where where = Where::here());

// Bytes as C would write them, `columns` wide at most: the end is cut off.
std::string escaped(std::string_view bytes, size_t columns = 60);

// 1234567 as "1,234,567".
std::string with_commas(size_t number);

// "1 message", "2 messages".
std::string counted(size_t number, std::string_view noun);

}  // namespace klh::test
