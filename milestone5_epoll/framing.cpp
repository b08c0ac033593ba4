#include "framing.h"

#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdint>

#include "common/signals.h"

namespace klh {

void encode_length(size_t length, void* header) {
  auto* const bytes = static_cast<uint8_t*>(header);
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    bytes[i] = static_cast<uint8_t>(length >> (8 * i));
  }
}

size_t decode_length(const void* header) {
  const auto* const bytes = static_cast<const uint8_t*>(header);
  size_t length = 0;
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    length |= static_cast<size_t>(bytes[i]) << (8 * i);
  }
  return length;
}

Io read_full(int fd, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, bytes, size);
    if (got == 0) return Io::closed;
    if (got < 0) {
      if (errno == EINTR && !stop_requested()) continue;
      return Io::failed;
    }
    bytes += got;
    size -= static_cast<size_t>(got);
  }
  return Io::complete;
}

Io write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(fd, bytes, size);
    if (put < 0) {
      if (errno == EINTR && !stop_requested()) continue;
      return Io::failed;
    }
    bytes += put;
    size -= static_cast<size_t>(put);
  }
  return Io::complete;
}

Io read_message(int fd, std::string& payload) {
  char header[kHeaderBytes];
  const Io result = read_full(fd, header, sizeof header);
  if (result != Io::complete) return result;

  const size_t length = decode_length(header);
  if (length > kMaxMessageBytes) return Io::too_long;
  payload.resize(length);
  return read_full(fd, payload.data(), length);
}

Io write_message(int fd, std::string_view payload) {
  assert(payload.size() <= kMaxMessageBytes);
  char header[kHeaderBytes];
  encode_length(payload.size(), header);

  // Header and payload in one write: as two, the second would wait in the
  // kernel for the peer's delayed acknowledgement of the first (tcp(7)).
  std::string message(header, sizeof header);
  message += payload;
  return write_all(fd, message.data(), message.size());
}

}  // namespace klh
