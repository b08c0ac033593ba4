#include "persistence/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace klh {

namespace {

constexpr uint32_t kReflectedPolynomial = 0x82F63B78;
constexpr size_t kSlices = 8;

using Table = std::array<uint32_t, 256>;

// tables[0][b] is the checksum of the byte b; tables[k][b] that of b followed
// by k zero bytes. So 8 bytes need 8 independent look-ups, not 8 in a row.
constexpr std::array<Table, kSlices> make_tables() {
  std::array<Table, kSlices> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? crc >> 1 ^ kReflectedPolynomial : crc >> 1;
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = crc >> 8 ^ tables[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, kSlices> kTables = make_tables();

uint32_t byte_at(std::string_view bytes, size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

#ifdef __x86_64__
// The instruction that SSE 4.2 has for this polynomial: three cycles for eight
// bytes. Not every processor has it, so it is asked for when the program runs.
// https://gcc.gnu.org/onlinedocs/gcc/x86-Built-in-Functions.html
__attribute__((target("sse4.2"))) uint32_t crc_by_instruction(
    std::string_view bytes, uint32_t crc) {
  size_t i = 0;
  uint64_t word = crc;
  for (; i + sizeof word <= bytes.size(); i += sizeof word) {
    uint64_t next;
    std::memcpy(&next, bytes.data() + i, sizeof next);
    word = __builtin_ia32_crc32di(word, next);
  }
  crc = static_cast<uint32_t>(word);
  for (; i < bytes.size(); ++i) {
    crc = __builtin_ia32_crc32qi(crc, static_cast<uint8_t>(bytes[i]));
  }
  return crc;
}

const bool kHasInstruction = __builtin_cpu_supports("sse4.2");
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t before) {
#ifdef __x86_64__
  if (kHasInstruction) return ~crc_by_instruction(bytes, ~before);
#endif
  return crc32c_by_tables(bytes, before);
}

uint32_t crc32c_by_tables(std::string_view bytes, uint32_t before) {
  uint32_t crc = ~before;
  size_t i = 0;
  for (; i + kSlices <= bytes.size(); i += kSlices) {
    uint32_t next = 0;
    for (size_t k = 0; k < kSlices; ++k) {
      const uint32_t mixed = k < 4 ? crc >> (8 * k) & 0xFF : 0;
      next ^= kTables[kSlices - 1 - k][byte_at(bytes, i + k) ^ mixed];
    }
    crc = next;
  }
  for (; i < bytes.size(); ++i) {
    crc = crc >> 8 ^ kTables[0][(crc ^ byte_at(bytes, i)) & 0xFF];
  }
  return ~crc;
}

}  // namespace klh
