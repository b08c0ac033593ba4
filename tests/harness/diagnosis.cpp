#include "harness/diagnosis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "harness/server_process.h"

namespace klh::test {

namespace {

constexpr size_t kColumns = 66;        // 80 less margin and label
constexpr size_t kColumnsBefore = 24;  // shown before the byte that differs

std::string cause_of_test;
std::string chapter_of_test;

std::string escaped_byte(char byte) {
  switch (byte) {
    case '\0': return "\\0";
    case '\r': return "\\r";
    case '\n': return "\\n";
    case '\\': return "\\\\";
    default: break;
  }
  if (byte >= ' ' && byte <= '~') return {byte};
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "\\x%02x", uint8_t(byte));
  return text.data();
}

std::string hex(std::string_view bytes, size_t at) {
  if (at >= bytes.size()) return "nothing more";
  return escaped_byte(bytes[at]);
}

// The index of the first byte at which the two differ.
size_t first_difference(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < common && a[i] == b[i]) ++i;
  return i;
}

// Where to begin so that byte `at` is seen with a little of what is before it.
size_t window_begin(std::string_view bytes, size_t at) {
  size_t begin = std::min(at, bytes.size());
  size_t columns = 0;
  while (begin > 0) {
    columns += escaped_byte(bytes[begin - 1]).size();
    if (columns > kColumnsBefore) break;
    --begin;
  }
  return begin;
}

void line(std::ostream& out, std::string_view label, std::string_view text) {
  std::string padded(label);
  padded.resize(10, ' ');
  out << "  " << padded << text << "\n";
}

// The two byte strings from a little before their first difference on, and a
// caret below it.
void compare(std::ostream& out, std::string_view expected,
             std::string_view received) {
  const size_t at = first_difference(expected, received);
  const size_t begin = window_begin(expected, at);
  const std::string dots = begin > 0 ? "..." : "";
  const auto shown = [&](std::string_view bytes) {
    if (bytes.empty()) return std::string("(nothing)");
    return dots + escaped(bytes.substr(std::min(begin, bytes.size())),
                          kColumns - dots.size());
  };
  line(out, "expected", shown(expected));
  line(out, "received", shown(received));
  if (received.empty()) return;

  size_t column = dots.size();
  for (size_t i = begin; i < at; ++i)
    column += escaped_byte(expected[i]).size();
  line(out, "",
       std::string(column, ' ') + "^ byte " + with_commas(at) + ": expected " +
           hex(expected, at) + ", received " + hex(received, at));
}

// Breaks prose into lines, indented by `indent` after the first.
std::string wrapped(std::string_view text, size_t indent) {
  constexpr size_t kWidth = 78;
  std::istringstream words{std::string(text)};
  std::string result;
  std::string word;
  size_t column = indent;
  while (words >> word) {
    if (!result.empty() && column + 1 + word.size() > kWidth) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!result.empty()) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

void prose(std::ostream& out, std::string_view label, std::string_view text) {
  if (!text.empty()) line(out, label, wrapped(text, 12));
}

void show_sent(std::ostream& out, const Observation& seen) {
  if (seen.sent.empty()) return;
  const std::string size = "  (" + counted(seen.sent_bytes, "byte") + ")";
  line(out, "sent", escaped(seen.sent, kColumns - size.size()) + size);
}

// Some symptoms tell more than a test can know beforehand.
std::string cause_by_symptom(const Observation& seen) {
  const std::string_view got = seen.received;
  if (!seen.shows_bytes) return "";
  // A length below 2^24 ends in a zero byte, and above 0 begins with none.
  const bool is_framed = seen.expected.size() > 4 && seen.expected[3] == '\0';
  if (is_framed && got.size() >= 4 && got[0] == '\0' && got[3] != '\0') {
    return "the length is in big-endian order; this protocol has the least "
           "significant byte first.";
  }
  if (is_framed && !got.empty() &&
      std::string_view(seen.expected).substr(4).starts_with(got)) {
    return "the reply has no length before it.";
  }
  return "";
}

std::string report(const Observation& seen) {
  std::ostringstream out;
  show_sent(out, seen);
  if (seen.shows_bytes) {
    compare(out, seen.expected, seen.received);
  } else {
    prose(out, "expected", seen.expected);
    prose(out, "observed", seen.received);
  }
  prose(out, "then", seen.then);
  prose(out, "where", seen.place);
  out << ServerProcess::describe_current();

  const std::string symptom = cause_by_symptom(seen);
  const std::string& cause = symptom.empty() ? cause_of_test : symptom;
  if (!cause.empty()) out << "\n  " << wrapped("Likely cause: " + cause, 2);
  if (!chapter_of_test.empty()) out << "\n  To read: " << chapter_of_test;
  out << "\n";
  return out.str();
}

[[noreturn]] void leave_test(const std::string& message, Where where) {
  GTEST_MESSAGE_AT_(where.file, where.line, message.c_str(),
                    testing::TestPartResult::kFatalFailure);
  throw testing::AssertionException(
      testing::TestPartResult(testing::TestPartResult::kFatalFailure,
                              where.file, where.line, message.c_str()));
}

}  // namespace

void likely_cause(std::string text) {
  cause_of_test = std::move(text);
}

void to_read(std::string chapter_and_section) {
  chapter_of_test = std::move(chapter_and_section);
}

void fail(const Observation& observation, Where where) {
  leave_test(report(observation), where);
}

void fail(const std::string& expected, const std::string& received,
          Where where) {
  Observation observation;
  observation.expected = expected;
  observation.received = received;
  observation.shows_bytes = false;
  fail(observation, where);
}

void require(bool holds, const std::string& expected,
             const std::string& received, Where where) {
  if (!holds) fail(expected, received, where);
}

std::string escaped(std::string_view bytes, size_t columns) {
  std::string text;
  size_t cut = 0;  // what still fits when dots follow
  for (const char byte : bytes) {
    text += escaped_byte(byte);
    if (text.size() + 3 <= columns) cut = text.size();
    if (text.size() > columns) return text.substr(0, cut) + "...";
  }
  return text;
}

std::string with_commas(size_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string counted(size_t number, std::string_view noun) {
  return with_commas(number) + " " + std::string(noun) +
         (number == 1 ? "" : "s");
}

}  // namespace klh::test
