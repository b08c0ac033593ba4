// The words of a line stand in it, one behind the other, and can be quoted and
// read again.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/words.h"

namespace klh {
namespace {

std::string quoted(std::string_view word) {
  std::string text = "\"";
  for (const char byte : word) {
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x",
                  static_cast<unsigned char>(byte));
    text += escape;
  }
  return text + "\"";
}

void check(const uint8_t* data, size_t size) {
  // Exactly as long as the line, so that AddressSanitizer sees a byte too far.
  std::vector<char> line(data, data + size);
  std::vector<std::string_view> words;
  if (!split_words(line.data(), line.size(), words)) return;
  const char* at = line.data();
  std::string all;
  for (const std::string_view word : words) {
    if (word.data() < at) std::abort();
    at = word.data() + word.size();
    all += quoted(word) + " ";
  }
  if (at > line.data() + line.size()) std::abort();

  const std::vector<std::string> before(words.begin(), words.end());
  std::vector<std::string_view> again;
  if (!split_words(all.data(), all.size(), again)) std::abort();
  if (std::vector<std::string>(again.begin(), again.end()) != before) {
    std::abort();
  }
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  klh::check(data, size);
  return 0;
}
