// A stream of requests means the same however it is cut. The first byte of the
// input says how it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/request.h"

namespace klh {
namespace {

struct Parsed {
  std::vector<std::string> words;  // of all requests, an empty one after each
  std::string error;
  size_t consumed = 0;

  bool operator==(const Parsed&) const = default;
};

class Stream {
 public:
  // False when what has come is malformed.
  bool feed(std::string_view piece) {
    input_.append(piece);
    for (;;) {
      const Parse result = request_.parse(input_);
      if (result == Parse::need_more) return true;
      if (result == Parse::malformed) {
        parsed_.error = request_.error();
        return false;
      }
      parsed_.words.insert(parsed_.words.end(), request_.args().begin(),
                           request_.args().end());
      parsed_.words.emplace_back();
      parsed_.consumed += request_.size();
      input_.consume(request_.size());
      request_.reset();
    }
  }

  const Parsed& parsed() const { return parsed_; }

 private:
  Buffer input_;
  Request request_;
  Parsed parsed_;
};

Parsed parse_whole(std::string_view bytes) {
  Stream stream;
  (void)stream.feed(bytes);
  return stream.parsed();
}

Parsed parse_in_pieces(std::string_view bytes, unsigned seed) {
  std::minstd_rand generator(seed);
  Stream stream;
  while (!bytes.empty()) {
    const size_t size = 1 + (seed == 0 ? 0 : generator() % (seed + 1));
    if (!stream.feed(bytes.substr(0, size))) break;
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return stream.parsed();
}

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const unsigned seed = data[0];
  const klh::Parsed whole = klh::parse_whole(bytes.substr(1));
  if (whole != klh::parse_in_pieces(bytes.substr(1), seed)) std::abort();
  return 0;
}
