// Buffers that are lent to connections while these have a turn, so that idle
// connections cost no buffers, and busy ones no malloc.
//
// A connection that is left with a few bytes, the beginning of a request that
// does not go on, gets a buffer of their size for them: ten thousand clients
// that send a byte and no more cost a megabyte, not 640. What is copied to and
// fro for that is at most kSmallBytes.
//
// Keeps at most kKeptBuffers, none larger than kLentBytes: a burst of clients
// or one huge value does not stay in memory for ever.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/buffer.h"

namespace klh {

class BufferPool {
 public:
  // A read takes no more, and a buffer that is lent has room for it.
  static constexpr size_t kReadBytes = 64 * 1024;

  // What `buffer` costs its owner: storage that was lent does not count, the
  // data in it does.
  static size_t bytes_of(const Buffer& buffer) {
    return buffer.capacity() > kLentBytes ? buffer.capacity() : buffer.size();
  }

  // Gives `buffer` the storage for a turn, and keeps what is in it.
  void lend(Buffer& buffer) {
    if (buffer.capacity() >= kLentBytes) return;
    Buffer large;
    if (kept_.empty()) {
      large.prepare(kLentBytes);
    } else {
      large = std::move(kept_.back());
      kept_.pop_back();
    }
    large.append(buffer.view());
    buffer = std::move(large);  // and `large` frees what was in its place
  }

  // Takes the storage of `buffer` back if there is little or nothing in it.
  void take_back(Buffer& buffer) {
    if (buffer.size() > kSmallBytes || buffer.capacity() < kLentBytes) return;
    const bool is_kept =
        buffer.capacity() <= kLentBytes && kept_.size() < kKeptBuffers;
    if (buffer.empty() && is_kept) {  // most often
      kept_.push_back(std::move(buffer));
      return;
    }
    Buffer lent = Buffer::fitting(buffer.view());
    std::swap(lent, buffer);
    if (!is_kept) return;
    lent.truncate(0);
    kept_.push_back(std::move(lent));
  }

 private:
  static constexpr size_t kKeptBuffers = 512;
  static constexpr size_t kSmallBytes = 16 * 1024;
  static constexpr size_t kLentBytes = kSmallBytes + kReadBytes;

  std::vector<Buffer> kept_;
};

}  // namespace klh
