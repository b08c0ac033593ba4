// One line of a K/L/H file: a key with its value, or the time when it expires.
//
//   K name Alice                      string      K key value
//   L color red blue orange           list        L key element ... head first
//   H user:100 name:prem age:21       hash        H key field:value ...
//   Z board 10:alice 12.5:bob         sorted set  Z key score:member ...
//   E name 1790000000000              expiry      E key unix-time-ms, behind
//   the
//                                                 record of its key
//
// Tokens are written as token.h says; in the name of a field ':' is escaped
// too. A score is written in the shortest form that reads back as the same
// number, also inf and -inf.
//
// These functions know lines, not files: what stands around them is said in
// snapshot.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/buffer.h"
#include "common/status.h"
#include "store/store.h"

namespace klh {

// Appends the line of an entry with its '\n'. O(size of the entry).
void append_record(Buffer& output, const Entry& entry);

// Appends the line of the time when a key expires.
void append_expiry(Buffer& output, std::string_view key, int64_t when_ms);

// Puts what a line (without '\n') says into the store, or returns what is wrong
// with the line. A key that is there already, a field or member that
// comes twice, a collection without elements, a time for a key that is not
// there or has one are wrong, and then the store stays as it was.
Status load_record(std::string_view line, Store& store);

}  // namespace klh
