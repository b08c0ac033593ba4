// A file is refused, or what is in it is saved and loaded again unchanged.
//
// No fuzzer guesses a checksum. So a first byte that is odd asks for the rest
// to be put between a header and the footer that fits.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "persistence/crc32c.h"
#include "unit/contents.h"
#include "unit/dumps.h"
#include "unit/scratch_directory.h"

namespace klh {
namespace {

std::string framed(std::string_view lines) {
  std::string bytes = "# klh 1\n" + std::string(lines);
  size_t records = 0;
  bool begins_line = true;
  for (const char byte : lines) {
    if (begins_line && byte != '#') ++records;
    begins_line = byte == '\n';
  }
  char footer[64];
  std::snprintf(footer, sizeof footer, "# end %zu %08X\n", records,
                crc32c(bytes));
  return bytes + footer;
}

void check(std::string_view input) {
  static const test::ScratchDirectory directory;
  if (input.empty()) return;
  const bool frames = (input[0] & 1) != 0;
  input.remove_prefix(1);
  directory.clear();
  directory.write("dump-1.klh", frames ? framed(input) : std::string(input));
  Store store;
  auto snapshots = std::make_unique<test::Dumps>(directory.path());
  const std::string complaint = snapshots->load(store);
  if (!complaint.empty()) {
    const std::string place = directory.path() + "/dump-1.klh:";
    if (!complaint.starts_with(place)) std::abort();
    if (complaint.find('\n') != complaint.npos) std::abort();
    return;
  }
  if (!snapshots->save(store).empty()) std::abort();
  snapshots.reset();  // and with it the lock
  Store again;
  if (!test::Dumps(directory.path()).load(again).empty()) std::abort();
  if (test::contents_of(again, INT64_MIN) !=
      test::contents_of(store, INT64_MIN)) {
    std::abort();
  }
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  klh::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
