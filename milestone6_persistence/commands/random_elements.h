// Elements of a collection that are chosen by chance, any of them again and
// again: HRANDFIELD and ZRANDMEMBER with a negative count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "commands/command.h"
#include "commands/rest.h"

namespace klh {

// As they stand in the reply, all in one buffer.
class RandomElements : public Rest {
 public:
  using Random = std::mt19937_64;

  // `random` must outlive it.
  RandomElements(Random& random, uint64_t count)
      : random_(random), left_(count) {}

  // Where all elements are to be written, and add() called behind each.
  Buffer& bytes() { return bytes_; }
  void add() { ends_.push_back(bytes_.size()); }

  bool write_some(Buffer& output) override {
    if (left_ == 0) return false;
    --left_;
    const auto index = static_cast<size_t>(random_() % ends_.size());
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    output.append(bytes_.view().substr(begin, ends_[index] - begin));
    return true;
  }
  size_t allocated_bytes() const override {
    return bytes_.capacity() + ends_.capacity() * sizeof(size_t);
  }

 private:
  Random& random_;
  uint64_t left_;
  Buffer bytes_;
  std::vector<size_t> ends_;
};

// Replies `count` elements of a collection of `size`. The array's header has
// been replied.
//   write_any(reply)            replies one, chosen by chance
//   write_all(reply, elements)  all, and calls elements.add() behind each
// At once if they are no more than the collection has, or fit one piece; else
// the rest comes from a copy: O(size + kPieceBytes).
template <class WriteAny, class WriteAll>
void reply_random_elements(Context& context, uint64_t count, size_t size,
                           WriteAny write_any, WriteAll write_all) {
  const size_t end = context.reply.output().size() + kPieceBytes;
  while (count > 0 && (count <= size || context.reply.output().size() < end)) {
    write_any(context.reply);
    --count;
  }
  if (count == 0) return;
  auto rest = std::make_unique<RandomElements>(context.host.random, count);
  Reply copy(rest->bytes(), context.session.protocol);
  write_all(copy, *rest);
  context.session.rest = std::move(rest);
}

}  // namespace klh
