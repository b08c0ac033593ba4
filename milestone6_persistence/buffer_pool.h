// Buffers that are lent to connections while these have something in them, so
// that idle connections cost no buffers, and busy ones no malloc.
//
// Keeps at most kKeptBuffers, none larger than kKeptBytes: a burst of clients
// or one huge value does not stay in memory for ever.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/buffer.h"

namespace klh {

class BufferPool {
 public:
  // Makes sure that `buffer` has storage, if there is some in the pool.
  void lend(Buffer& buffer) {
    if (buffer.capacity() != 0 || kept_.empty()) return;
    buffer = std::move(kept_.back());
    kept_.pop_back();
  }

  // Takes the storage of `buffer` back if it is empty.
  void take_back(Buffer& buffer) {
    if (!buffer.empty() || buffer.capacity() == 0) return;
    if (buffer.capacity() <= kKeptBytes && kept_.size() < kKeptBuffers) {
      kept_.push_back(std::move(buffer));
    } else {
      buffer.release();
    }
  }

 private:
  static constexpr size_t kKeptBuffers = 256;
  static constexpr size_t kKeptBytes = 64 * 1024;

  std::vector<Buffer> kept_;
};

}  // namespace klh
