// A line is refused, or what it says is written and loaded again unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "persistence/record.h"
#include "unit/contents.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (line.find('\n') != line.npos) return 0;  // files are cut at these
  klh::Store store;
  if (!klh::load_record(line, store).ok()) return 0;
  if (store.size() != 1) std::abort();

  klh::Buffer output;
  store.for_each(
      [&](const klh::Entry& entry) { klh::append_record(output, entry); });
  std::string_view written = output.view();
  if (!written.ends_with('\n')) std::abort();
  written.remove_suffix(1);
  if (written.find('\n') != written.npos) std::abort();

  klh::Store again;
  if (!klh::load_record(written, again).ok()) std::abort();
  using klh::test::contents_of;
  if (contents_of(again, INT64_MIN) != contents_of(store, INT64_MIN)) {
    std::abort();
  }
  return 0;
}
