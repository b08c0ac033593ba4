// The three languages that the milestones speak, behind one set of functions,
// so that each capability is tested by one text against every milestone.
//
//   raw     milestone 1     a request is what one write sends, a reply what one
//                           read returns: nothing says where either ends
//   framed  milestones 2-5  4 bytes, the length in little-endian order, then
//                           as many bytes of payload, in both directions
//   resp    milestone 6     RESP2: *2\r\n$3\r\nGET\r\n$4\r\nname\r\n
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace klh::test {

enum class Dialect { raw, framed, resp };

// The largest payload of a frame.
constexpr size_t kLargestFrame = 32 * 1024 * 1024;

// The words of a request: {"SET", "name", "Alice"}.
using Words = std::vector<std::string>;

// What a server answers, in no particular dialect. Of an error only the start
// of its text counts, since the contract leaves the rest to the server.
struct Reply {
  enum class Kind { ok, value, none, integer, error };
  Kind kind;
  std::string text;
};

Reply ok();
Reply value(std::string text);
Reply none();  // GET of a key that is not there
Reply integer(int64_t number);
Reply error(std::string text_begins_with = "");

std::string encode(Dialect dialect, const Words& request);

// The bytes of a reply. Those of an error are not known in full: see matches().
std::string encode(Dialect dialect, const Reply& reply);

// What `received` begins with, seen as a reply.
enum class Match { complete, need_more, different };
struct Matched {
  Match match;
  size_t size;        // complete: the bytes that the reply takes
  size_t difference;  // different: the first byte that cannot be right
};
Matched match_error(Dialect dialect, const Reply& error,
                    std::string_view received);

// A payload as it travels: with its length before it where there is one.
std::string frame(std::string_view payload);
std::string frame_header(uint32_t payload_size);

// A request that is `size` bytes long on its own, without what frames it, and
// sets `key` to as many bytes as that leaves. See message_value().
Words message_of_size(Dialect dialect, size_t size, const std::string& key);

}  // namespace klh::test
