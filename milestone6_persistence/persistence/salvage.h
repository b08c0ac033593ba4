// What can be kept of one damaged file. Line by line: a line is kept if it is
// right by itself and, a change, if it can be made; the rest is left out, each
// with a reason.
//
//   look     reads the file, brings what can be kept into the store, prints
//   what
//            is left out, and remembers the numbers of those lines
//   write    reads it again, and writes what was kept under a new name, with
//            a header, checksums and an end that are right
//
// Which files there are and which of them need a copy, repair.h knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/data_directory.h"
#include "persistence/line_reader.h"
#include "persistence/replay.h"
#include "store/store.h"

namespace klh {

// One of the files that there must be.
struct Salvage {
  FileKind kind;
  uint64_t number = 0;
  std::string source{};  // the name of what is there; "": it is missing

  // The journal of this number is there too, or will be: a dump is to name it,
  // a journal to be closed by it. 0: there is none.
  uint64_t leads_to = 0;
  std::vector<std::string> may_follow{};  // a journal; the first is the default

  // What was found.
  std::string header{};  // that it is to have
  std::vector<uint64_t> left_out{};
  uint64_t kept = 0;
  uint64_t named = 0;  // the journal that it leads to by its own word
  bool is_damaged = false;
};

// Return what has failed for good, or "".
std::string look_at_dump(const DataDirectory& directory, Store& store,
                         Salvage& salvage);
std::string look_at_journal(const DataDirectory& directory, const Apply& apply,
                            Salvage& salvage);

// Makes a new file, which may not be there yet, and syncs it.
std::string write_salvage(const DataDirectory& directory,
                          const Salvage& salvage, const std::string& name);

// The number of the file of this kind that a first line belongs to, if the
// whole line is one that we write.
uint64_t number_in_header(std::string_view line, FileKind kind);

}  // namespace klh
