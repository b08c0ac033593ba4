// The small application that milestones 1 to 5 serve, so that from one to the
// next only the way the bytes move changes.
//
//   request          reply
//   SET key value    +OK                 the value is the rest of the request
//   GET key          $value  or  _       _ : no such key
//   DEL key          :1      or  :0
//   anything else    -ERR what is wrong
//
// The words are separated by one space; a key has at least one byte and no
// space; a value may hold any byte and may be empty. It knows nothing of
// sockets.
#pragma once

#include <string>
#include <string_view>

#include "common/hash_table.h"
#include "common/siphash.h"

namespace klh {

class KeyValue {
 public:
  KeyValue() = default;
  KeyValue(const KeyValue&) = delete;
  KeyValue& operator=(const KeyValue&) = delete;
  ~KeyValue();

  // Carries out one request and returns its reply.
  std::string execute(std::string_view request);

 private:
  std::string set(std::string_view key, std::string_view value);
  std::string get(std::string_view key);
  std::string del(std::string_view key);
  HashTable::Node** find_slot(std::string_view key);
  uint64_t hash(std::string_view key) const;

  HashTable pairs_;
  SipHashKey hash_key_ = random_siphash_key();
};

}  // namespace klh
