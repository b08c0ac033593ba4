// The files that the store is kept in, one directory's:
//
//   dump-7.klh        all keys as they were when it was written
//   dump-8.klh.tmp    the next one, not finished
//
// Format. One record a line (record.h), between a header and a footer:
//
//   # klh 1
//   K name Alice
//   L color red blue orange
//   # end 2 0740A751
//
// The footer gives the number of records and the CRC-32C of every byte before
// it. Where one of the two stands the other must, so a file that was cut short
// or changed is noticed, wherever that was. A file without both was written by
// hand: it is loaded line by line, and has at least one record. Other lines
// that begin with # are comments.
//
// A new dump is written beside the old one, under a name that nobody loads,
// and renamed when all of it is on disk. The old one is removed after that. So
// at every moment, power failures included, one complete dump is there.
#pragma once

#include <cstdint>
#include <string>

#include "common/net.h"
#include "store/store.h"

namespace klh {

class Snapshots {
 public:
  // Opens the directory, which is made if it is missing, and locks it. Ends the
  // program with one line on stderr if that cannot be done, or another server
  // has it.
  explicit Snapshots(const std::string& directory);

  // Loads the newest dump, if there is one, into an empty store. Returns what
  // is wrong with it, "FILE:LINE: REASON", or "". Changes nothing on disk.
  std::string load(Store& store);

  // Writes all keys to a new dump. Returns when it is on disk, with "", or with
  // what went wrong: then the last dump is still there. Blocks. O(n).
  std::string save(const Store& store);

 private:
  std::string write_file(const Store& store, const std::string& name);
  void remove_older_files();

  std::string path_;
  FileDescriptor directory_;
  uint64_t newest_ = 0;  // 0: there is none
};

}  // namespace klh
