// A journal beside a dump is refused, with its name and a line, or what it says
// is kept: a server goes on from there, makes a snapshot, and what is loaded
// then is the same. What is refused can be repaired.
//
// No fuzzer guesses a checksum. The first byte says what is put right: 1 the
// header, 2 the checksum of each line.
#include <unistd.h>

#include <fcntl.h>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/framed_line.h"
#include "persistence/check.h"
#include "persistence/crc32c.h"
#include "persistence/repair.h"
#include "persistence/restore.h"
#include "unit/node.h"
#include "unit/scratch_directory.h"

namespace klh {
namespace {

constexpr std::string_view kDump =
    "K name Alice\nL list a b c\nH hash a:1 b:2\nZ zset 1:a 2.5:b\n"
    "K old 1\nE old 1790000000000\n";

constexpr std::string_view kHeader =
    "# klh 1 journal-4.klh follows dump-4.klh\n";

std::string framed(std::string_view lines) {
  std::string bytes;
  uint32_t checksum = crc32c(kHeader);
  while (!lines.empty()) {
    const size_t size = std::min(lines.find('\n'), lines.size());
    bytes += test::framed_line(std::string(lines.substr(0, size)), checksum);
    bytes += '\n';
    lines.remove_prefix(std::min(size + 1, lines.size()));
  }
  return bytes;
}

// What --check or --repair returns; what they print is thrown away.
int run(int (*work)(const std::string&, Store&, const Apply&),
        const std::string& path) {
  test::Machine machine;
  return work(path, machine.store(), [&](Args effect) {
    return apply_effect(machine.host(), effect);
  });
}

void be_silent() {
  const int null = open("/dev/null", O_WRONLY);
  static std::FILE* const out = fdopen(null, "w");
  stdout = out;
}

void check_repair(const test::ScratchDirectory& directory) {
  if (run(repair_directory, directory.path()) != 0) std::abort();
  const std::string repaired = directory.path() + "/repaired.klh";
  const std::string dir = directory.path() + "-new";
  std::filesystem::remove_all(dir);
  uint64_t records = 0;
  if (!restore(repaired, dir, true, records).ok()) std::abort();
  if (!test::load(dir).complaint.empty()) std::abort();
  std::filesystem::remove_all(dir);
}

void check(std::string_view input) {
  static const test::ScratchDirectory directory;
  if (input.empty()) return;
  const int frames = input[0];
  input.remove_prefix(1);
  std::string bytes((frames & 1) ? kHeader : "");
  bytes += (frames & 2) ? framed(input) : std::string(input);
  directory.clear();
  directory.write("dump-4.klh", kDump);
  directory.write("journal-4.klh", bytes);

  const test::LoadOutcome outcome = test::load(directory.path());
  if (!outcome.complaint.empty()) {
    const std::string place = directory.path() + "/journal-";
    if (!outcome.complaint.starts_with(place)) std::abort();
    if (outcome.complaint.find('\n') != input.npos) std::abort();
    // Of another name, or leading to a file that is not there.
    if (outcome.complaint.find("/journal-4.klh:") == input.npos) return;
    if (outcome.complaint.find("by its header") != input.npos) return;
    return check_repair(directory);
  }
  test::Contents contents;
  {
    test::Node node(directory.path());
    if (!node.start().empty()) std::abort();
    if (node.run({"SET", "more", "1"}) != "+OK\r\n") std::abort();
    contents = node.contents();
  }
  if (test::load(directory.path()).contents != contents) std::abort();
  {
    test::Node node(directory.path());
    if (!node.start().empty()) std::abort();
    if (!node.snapshots().save(node.store()).ok()) std::abort();
  }
  if (test::load(directory.path()).contents != contents) std::abort();
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  klh::be_silent();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  klh::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
