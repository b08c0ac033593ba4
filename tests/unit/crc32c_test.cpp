// CRC-32C against the vectors of RFC 3720 and against the definition.
#include "persistence/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace klh {
namespace {

// Bit by bit, as the polynomial says.
uint32_t crc32c_by_definition(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
    }
  }
  return ~crc;
}

std::string random_bytes(size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

// RFC 3720, B.4, in the byte order of the numbers there.
TEST(Crc32c, EqualsTheVectorsOfTheRfc) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  const std::string falling(rising.rbegin(), rising.rend());
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(crc32c(falling), 0x113FDB5Cu);

  std::string read_command(48, '\0');  // an iSCSI read (10) command PDU
  read_command.replace(0, 2, "\x01\xC0");
  read_command[16] = '\x14';
  read_command[22] = '\x04';
  read_command[27] = '\x14';
  read_command[31] = '\x18';
  read_command[32] = '\x28';
  read_command[40] = '\x02';
  EXPECT_EQ(crc32c(read_command), 0xD9963A56u);
}

TEST(Crc32c, EqualsTheCheckValueOfTheCatalogue) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string_view()), 0u);
}

TEST(Crc32c, EqualsItsDefinitionAtAnySizeAndAddress) {
  const std::string bytes = random_bytes(1100, 1);
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t size = 0; size < 1000; size += size < 64 ? 1 : 61) {
      const std::string_view part = std::string_view(bytes).substr(begin, size);
      ASSERT_EQ(crc32c(part), crc32c_by_definition(part))
          << size << " bytes from " << begin;
      ASSERT_EQ(crc32c_by_tables(part), crc32c(part)) << size << begin;
    }
  }
}

TEST(Crc32c, OfTheWholeIsThatOfItsPartsInARow) {
  const std::string bytes = random_bytes(100, 2);
  const std::string_view view(bytes);
  for (size_t cut = 0; cut <= view.size(); ++cut) {
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))),
              crc32c(view));
    EXPECT_EQ(crc32c_by_tables(view.substr(cut),
                               crc32c_by_tables(view.substr(0, cut))),
              crc32c(view));
  }
}

TEST(Crc32c, ChangesWithEachBit) {
  std::string bytes = random_bytes(200, 3);
  const uint32_t checksum = crc32c(bytes);
  for (char& byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      EXPECT_NE(crc32c(bytes), checksum);
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
}

}  // namespace
}  // namespace klh
