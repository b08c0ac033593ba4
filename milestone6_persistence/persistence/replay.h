// Reads a journal (journal.h): every change in it, in order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "persistence/line_reader.h"

namespace klh {

// Makes a change, which is a command, in the store, or returns what is wrong.
using Apply = std::function<Status(std::span<const std::string_view>)>;

struct Replayed {
  uint64_t changes = 0;

  // The number of the journal that the end of this one names; 0: it has no end,
  // so it is the last.
  uint64_t next = 0;

  // How much of the file counts. Less than all of it only when it has no end
  // and breaks off in the middle of a line; `torn` then says where and how.
  uint64_t size = 0;
  std::string torn;

  uint32_t checksum = 0;  // of the last line that counts
};

// Returns what is wrong, "LINE: REASON", or Kind::stopped if `progress` wanted
// to go no further. The file must say that it is journal `number` and follows
// one of the given files.
//
// Two things can be left of a last write that a crash has interrupted: a line
// that is cut short, and zeros where the file had grown but not yet its content
// had come. Both are torn ends, not damage. Whatever is whole, so ends in '\n',
// must be right.
//
// With `tolerate` every change is made that can be made and whose line fits its
// checksum. That goes on from the line before it, whether that one was right or
// not, or else from the last one that was: so lines around one that was changed,
// put in or taken out still count. A file that is another journal by its header
// is refused all the same, as Kind::invalid: it is whole, and has a wrong name.
Status replay_journal(int fd, const Progress& progress, uint64_t number,
                      const std::vector<std::string>& may_follow,
                      const Apply& apply, Replayed& replayed,
                      const Tolerate& tolerate = {});

}  // namespace klh
