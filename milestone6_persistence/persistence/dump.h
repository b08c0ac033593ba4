// One dump: all keys of a store in a file. One record a line (record.h),
// between a header and a footer:
//
//   # klh 1 journal-7.klh
//   K name Alice
//   L color red blue orange
//   # end 2 0740A751
//
// The header names the journal that goes on where the dump ends, which must be
// there whenever the dump is; it names none when the server keeps no journal.
// The footer gives the number of records and the CRC-32C of every byte before
// it. Where one of the two stands the other must, so a file that was cut short
// or changed is noticed, wherever that was. A file without both was written by
// hand: it is loaded line by line, and has at least one record. Other lines
// that begin with # are comments.
#pragma once

#include <cstdint>
#include <string>

#include "common/status.h"
#include "persistence/line_reader.h"
#include "store/store.h"

namespace klh {

// Writes the whole file and syncs it. Returns 0, or the errno of what went
// wrong. Blocks. O(n).
int write_dump(int fd, const Store& store, const std::string& journal);

struct ReadDump {
  std::string journal;  // the name that the header gives, or ""
  uint64_t records = 0;
};

// Loads a file into an empty store, or returns what is wrong with it, "LINE:
// REASON"; Kind::stopped if `progress` wanted to go no further. With `tolerate`
// every line that is a record by itself is loaded. But there is one checksum for
// all: a value with other bytes than were written is a record, too.
Status read_dump(int fd, const Progress& progress, Store& store, ReadDump& dump,
                 const Tolerate& tolerate = {});

// The first and the last line that the server writes, with '\n'. `checksum` is
// that of all bytes before.
std::string dump_header(const std::string& journal);
std::string dump_footer(uint64_t records, uint32_t checksum);

}  // namespace klh
