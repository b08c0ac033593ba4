// `server --check DIR`: are the files of a directory such that a server starts
// on them? What reads them here is what reads them at a start, so the two
// cannot disagree. Nothing on disk is changed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "persistence/data_directory.h"
#include "persistence/loader.h"
#include "persistence/replay.h"
#include "store/store.h"

namespace klh {

// Prints a line for each file, and returns the exit status of the program: 1
// if something is wrong, which is told on stderr. `apply` makes a change in
// the store, which is empty. A directory that a server uses ends the program.
int check_directory(const std::string& path, Store& store, const Apply& apply);

// Prints what was loaded, and what a start says besides.
void print_loaded(const DataDirectory& directory, const Loaded& loaded);

// "1,234 records", "1 record"
std::string counted(uint64_t count, std::string_view what);

}  // namespace klh
