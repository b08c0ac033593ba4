// The rest of a reply that is far larger than what it is made of, such as a
// billion random fields of a hash of ten: it is written piece by piece, as the
// client takes it, and other clients have their turns in between.
//
// Whatever the rest is made of stands in a copy that was taken when the command
// ran: what other clients change meanwhile does not show.
#pragma once

#include <cstddef>
#include <memory>

#include "common/buffer.h"

namespace klh {

class Rest {
 public:
  virtual ~Rest() = default;

  // Writes an element, or some. False when there is none left.
  [[nodiscard]] virtual bool write_some(Buffer& output) = 0;

  // What the copy takes.
  virtual size_t allocated_bytes() const = 0;
};

// A piece ends with the element that reaches this.
inline constexpr size_t kPieceBytes = 64 * 1024;

// Writes a piece; true when that was the last: then there is no rest any more.
inline bool write_piece(std::unique_ptr<Rest>& rest, Buffer& output) {
  const size_t end = output.size() + kPieceBytes;
  while (output.size() < end) {
    if (rest->write_some(output)) continue;
    rest.reset();
    return true;
  }
  return false;
}

}  // namespace klh
