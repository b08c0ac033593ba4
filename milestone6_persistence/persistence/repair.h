// `server --repair DIR`: what to do when a start, or --check, refuses the files
// of a directory. It loads what can be loaded, says of each fault where it is,
// and writes one dump of that, DIR/repaired.klh, with which --restore begins a
// new directory. The files themselves are not touched, and no start loads the
// dump by that name: what is damaged is neither used nor lost.
//
// What is lost is lost: a value whose bytes are others than those that were
// written cannot be told from them in a dump, which has one checksum for all;
// and a change that comes after one that was left out may mean something else.
#pragma once

#include <string>

#include "persistence/replay.h"
#include "store/store.h"

namespace klh {

// Returns the exit status of the program: 0 when there is nothing to repair or
// the dump was written, 1 with a line on stderr when not. `apply` makes a change
// in the store, which is empty. A directory that a server uses ends the program.
int repair_directory(const std::string& path, Store& store, const Apply& apply);

}  // namespace klh
