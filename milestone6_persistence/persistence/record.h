// One line of a K/L/H file: one key with its value.
//
//   K name Alice                      string    K key value
//   L color red blue orange           list      L key element ...   head first
//   H user:100 name:prem age:21       hash      H key field:value ...
//
// Tokens are separated by one space. In a token every byte <= 0x20, 0x7F and
// '%' itself is written %XX, two upper-case hexadecimal digits, and so is ':'
// in the name of a field; an empty token is a lone '%', also as a field or its
// value. So any bytes can be written, on one line, and a plain line is what it
// looks like.
//
// These functions know lines, not files: what stands around them is said in
// snapshot.h.
#pragma once

#include <string>
#include <string_view>

#include "common/buffer.h"
#include "store/store.h"

namespace klh {

// Appends the line of an entry with its '\n'. O(size of the entry).
void append_record(Buffer& output, const Entry& entry);

// Puts what a line (without '\n') says into the store. Returns what is wrong
// with the line, or "": then the store has one key more. A key that is there
// already, a field that comes twice, a list or hash without elements are wrong.
std::string load_record(std::string_view line, Store& store);

}  // namespace klh
