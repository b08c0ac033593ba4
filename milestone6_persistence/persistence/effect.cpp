#include "persistence/effect.h"

#include <algorithm>
#include <charconv>

#include "persistence/crc32c.h"
#include "persistence/token.h"

namespace klh {

namespace {

constexpr size_t kChecksumBytes = 1 + 8;  // "~3FB6CFD0"

// By hand: snprintf(3) would take longer than the rest of a short line.
std::string text_of(uint32_t checksum) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string text(kChecksumBytes, '~');
  for (size_t i = kChecksumBytes - 1; i > 0; --i) {
    text[i] = kHexDigits[checksum & 0xF];
    checksum >>= 4;
  }
  return text;
}

// What stands before the checksum, its space included.
std::string_view command_in(std::string_view line) {
  return line.substr(0, line.size() - std::min(kChecksumBytes, line.size()));
}

}  // namespace

uint32_t append_effect(Buffer& output,
                       std::span<const std::string_view> command,
                       uint32_t before) {
  const size_t begin = output.size();
  for (const std::string_view word : command) {
    append_token(output, word);
    output.append(" ");
  }
  const uint32_t checksum = crc32c(output.view().substr(begin), before);
  output.append(text_of(checksum));
  output.append("\n");
  return checksum;
}

Status read_effect(std::string_view text, std::vector<std::string>& words,
                   uint32_t before) {
  words.clear();
  if (text.size() <= kChecksumBytes) {
    return Status::damaged("cut short: no checksum");
  }
  const std::string_view command = command_in(text);
  if (given_checksum(text) != right_checksum(text, before) ||
      !command.ends_with(' ')) {
    return Status::damaged("damaged: the line does not fit its checksum");
  }
  Line line(command.substr(0, command.size() - 1));
  while (!line.at_end()) {
    Status status =
        decode_token(line.next(), Token::plain, words.emplace_back());
    if (!status.ok()) return status;
  }
  return {};
}

std::optional<uint32_t> given_checksum(std::string_view line) {
  const std::string_view text = line.substr(command_in(line).size());
  uint32_t checksum = 0;
  if (text.size() < kChecksumBytes) return std::nullopt;
  std::from_chars(text.data() + 1, text.data() + text.size(), checksum, 16);
  if (text != text_of(checksum)) return std::nullopt;
  return checksum;
}

uint32_t right_checksum(std::string_view line, uint32_t before) {
  return crc32c(command_in(line), before);
}

}  // namespace klh
