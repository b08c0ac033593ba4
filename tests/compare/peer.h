// A client of a server that speaks RESP, version 2 or 3, and what its replies
// consist of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/client.h"

namespace klh::test {

// A reply, taken apart.
//   - + : _ , # (   the line is the text
//   $ = !           the bytes are the text; a null has no text and type '_'
//   * ~ > %         the elements; of a map its keys and values in turn
struct Value {
  char type = '_';
  std::string text;
  std::vector<Value> elements;
};

// The value that a complete reply stands for.
Value parse_reply(std::string_view reply);

// One text for each value: what is equal has equal texts, whatever the order
// in which it is compared.
std::string text_of(const Value& value);

class Peer {
 public:
  explicit Peer(uint16_t port, Where where = Where::here())
      : client_(port, Dialect::resp, {}, where) {}

  void send(std::string_view bytes, Where where = Where::here()) {
    client_.send(bytes, where);
  }

  // The bytes of one whole reply, with all that is nested in it.
  std::string receive(Where where = Where::here());

  std::string ask(const Words& words, Where where = Where::here());

  void expect_closed(Where where = Where::here()) {
    client_.expect_closed(where);
  }

 private:
  std::string receive_line(Where where);

  Client client_;
};

}  // namespace klh::test
