// Loads what the files of a directory say: the newest dump, then every change
// in the journals from its number on.
//
//   dump-7   journal-7 -> journal-8 -> journal-9
//
// Each of them leads to the next, so one that is missing or changed is noticed,
// and then nothing is loaded: the start is refused, with file, line and reason.
// Nothing on disk is touched.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "persistence/data_directory.h"
#include "persistence/line_reader.h"
#include "persistence/replay.h"
#include "store/store.h"

namespace klh {

struct LoadedFile {
  std::string name;
  uint64_t count;  // of the records of a dump, the changes of a journal
};

struct Loaded {
  uint64_t total_bytes = 0;  // of all files to read, known before the first
  uint64_t dump = 0;         // 0: there is none
  uint64_t dump_size = 0;
  uint64_t journal = 0;  // the last; 0: there is none
  uint64_t journal_size = 0;
  uint32_t journal_checksum = 0;  // of its last line
  uint64_t changes = 0;
  std::vector<LoadedFile> files;  // in the order in which they were read

  // Names like "dump-01.klh": they look as if the files were loaded, and are
  // not.
  std::vector<std::string> passed_over;
  std::string torn;  // "" or what does not count at the end of the journal
  bool is_suspect = false;  // there is a note of a failed sync, kSyncFailed
  std::string unfinished_journal;  // its name, if it still has that of a
                                   // journal that is not finished
};

// What a start says of a file that it passes over: "FILE: not loaded: …".
std::string told(const DataDirectory& directory,
                 const std::string& passed_over);

// Returns what is wrong, "FILE:LINE: REASON", or Kind::stopped if `progress`
// wanted to go no further. The store must be empty, and its clock must stand
// still: during a replay no key expires but by the journal's word.
//
// With `tolerate` all is loaded that can be; what is left out is told, each with
// its place. A fault that is returned all the same is none of the content: a
// file cannot be opened, or has another's name.
Status load_files(const DataDirectory& directory, Store& store,
                  const Apply& apply, const Progress& progress, Loaded& loaded,
                  const Tolerate& tolerate = {});

// The names that the header of a journal may give, as what it follows. Beside
// the dump `dump` (0: there is none) it is the first to read, or not.
std::vector<std::string> may_follow(uint64_t journal, uint64_t dump,
                                    bool is_first);

}  // namespace klh
