// What tests know and say of fdatasync(2), which this program has one of its
// own of: it may fail, and it is recorded who has to wait for how much.
#pragma once

#include <sys/types.h>

#include <atomic>

namespace klh::test {

// The next call fails with this errno; 0: it does not.
extern std::atomic<int> next_sync_error;

// The most bytes that one call had to bring to the disk since
// forget_syncs(): those by which a file had grown since its last call.
struct Syncs {
  off_t most_here = 0;    // by a call of the thread that has forgotten them
  off_t most_beside = 0;  // by one of another thread
};

void forget_syncs();
Syncs syncs();

}  // namespace klh::test
