// A line of a journal is refused, or its words give an equivalent line again.
//
// No fuzzer guesses a checksum. So an odd first byte asks for the rest to be
// given the one that fits. The four bytes behind it are what it goes on from.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/framed_line.h"
#include "persistence/effect.h"

namespace klh {
namespace {

void check(std::string_view input) {
  uint32_t before = 0;
  if (input.size() <= sizeof before) return;
  const bool frames = (input[0] & 1) != 0;
  std::memcpy(&before, input.data() + 1, sizeof before);
  input.remove_prefix(1 + sizeof before);
  if (input.find('\n') != input.npos) return;  // files are cut at these
  std::string line(input);
  if (frames) {
    uint32_t checksum = before;
    line = test::framed_line(line, checksum);
  }
  std::vector<std::string> words;
  if (!read_effect(line, words, before).ok()) return;
  if (words.empty()) std::abort();
  if (given_checksum(line) != right_checksum(line, before)) std::abort();

  Buffer output;
  const std::vector<std::string_view> views(words.begin(), words.end());
  const uint32_t checksum = append_effect(output, views, before);
  std::string_view written = output.view();
  if (!written.ends_with('\n')) std::abort();
  written.remove_suffix(1);
  if (written.find('\n') != written.npos) std::abort();
  if (given_checksum(written) != checksum) std::abort();
  std::vector<std::string> again;
  if (!read_effect(written, again, before).ok()) std::abort();
  if (again != words) std::abort();
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  klh::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
