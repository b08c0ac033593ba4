#include "persistence/effect.h"

#include <cstdio>

#include "persistence/crc32c.h"
#include "persistence/token.h"

namespace klh {

namespace {

constexpr size_t kChecksumBytes = 1 + 8;  // "~4F9A1C07"

std::string checksum_of(std::string_view bytes) {
  char text[kChecksumBytes + 1];
  std::snprintf(text, sizeof text, "~%08X", crc32c(bytes));
  return text;
}

}  // namespace

void append_effect(Buffer& output, std::span<const std::string_view> command) {
  const size_t begin = output.size();
  for (const std::string_view word : command) {
    append_token(output, word);
    output.append(" ");
  }
  output.append(checksum_of(output.view().substr(begin)));
  output.append("\n");
}

std::string read_effect(std::string_view text,
                        std::vector<std::string>& words) {
  words.clear();
  if (text.size() <= kChecksumBytes) return "cut short: no checksum";
  const std::string_view command = text.substr(0, text.size() - kChecksumBytes);
  if (text.substr(command.size()) != checksum_of(command) ||
      !command.ends_with(' ')) {
    return "damaged: the line does not fit its checksum";
  }
  Line line(command.substr(0, command.size() - 1));
  while (!line.at_end()) {
    const std::string complaint =
        decode_token(line.next(), Token::plain, words.emplace_back());
    if (!complaint.empty()) return complaint;
  }
  return "";
}

}  // namespace klh
