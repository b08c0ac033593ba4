// A stream of replies means the same however it is cut, and whoever takes a
// whole reply apart stays inside it. The first byte of the input says how it is
// cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_reader.h"

namespace klh {
namespace {

struct Found {
  std::vector<std::string> replies;
  std::string error;

  bool operator==(const Found&) const = default;
};

// Goes through a whole reply by its lines; returns what is behind it.
std::string_view walk(std::string_view bytes) {
  for (int64_t missing = 1; missing > 0; --missing) {
    const ReplyLine line = reply_line(bytes);
    if (line.size > bytes.size()) std::abort();
    bytes.remove_prefix(line.size);
    if (line.count <= 0 && !has_bytes(line.type)) continue;
    if (has_replies(line.type)) {
      missing += line.type == '%' ? 2 * line.count : line.count;
    } else if (has_bytes(line.type) && line.count >= 0) {
      const size_t size = static_cast<size_t>(line.count) + 2;
      if (size > bytes.size()) std::abort();
      bytes.remove_prefix(size);
    }
  }
  return bytes;
}

class Stream {
 public:
  // False when what has come is malformed. The input is kept twice: what the
  // reader has looked at is not there any more when it goes on.
  bool feed(std::string_view piece) {
    input_ += piece;
    seen_ += piece;
    for (;;) {
      const ReplyState state = reader_.read(seen_);
      if (state == ReplyState::malformed) found_.error = reader_.error();
      if (state == ReplyState::need_more) seen_.assign(seen_.size(), '\xFF');
      if (state != ReplyState::complete) return state == ReplyState::need_more;
      found_.replies.push_back(input_.substr(0, reader_.size()));
      if (!walk(found_.replies.back()).empty()) std::abort();
      input_.erase(0, reader_.size());
      seen_.erase(0, reader_.size());
      reader_.reset();
    }
  }

  const Found& found() const { return found_; }

 private:
  std::string input_;
  std::string seen_;
  ReplyReader reader_;
  Found found_;
};

Found read_whole(std::string_view bytes) {
  Stream stream;
  (void)stream.feed(bytes);
  return stream.found();
}

Found read_in_pieces(std::string_view bytes, unsigned seed) {
  std::minstd_rand generator(seed);
  Stream stream;
  while (!bytes.empty()) {
    const size_t size = 1 + (seed == 0 ? 0 : generator() % (seed + 1));
    if (!stream.feed(bytes.substr(0, size))) break;
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return stream.found();
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const unsigned seed = data[0];
  const klh::Found whole = klh::read_whole(bytes.substr(1));
  if (whole != klh::read_in_pieces(bytes.substr(1), seed)) std::abort();
  return 0;
}
