// `server --restore FILE --dir DIR`: begins a directory with what is in a dump,
// a backup of another directory for instance, or one that was written by hand.
//
//   in the directory                        after a crash
//   dump-1.klh.tmp                          nothing, and --restore may be tried
//   dump-1.klh.tmp  journal-1.klh.tmp       again
//   dump-1.klh      journal-1.klh.tmp       all: a start takes both
//   dump-1.klh      journal-1.klh
//
// Each step is on the disk before the next one.
#pragma once

#include <cstdint>
#include <string>

#include "common/status.h"

namespace klh {

// Returns what is wrong: FILE is no whole dump, or DIR has files already. Then
// nothing was done. A directory that a server uses ends the program. Without a
// journal the dump names none. Blocks, and needs the memory of all keys. O(n).
Status restore(const std::string& file, const std::string& path,
               bool with_journal, uint64_t& records);

}  // namespace klh
