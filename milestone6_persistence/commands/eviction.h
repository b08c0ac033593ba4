// maxmemory: what is done when the data takes more memory than it may.
//
// How much it takes is counted (common/memory.h). What clients have sent and
// not read does not count, so that nobody can push keys out by not reading:
// that has a limit of its own, maxmemory-clients.
#pragma once

#include <cstddef>

#include "commands/host.h"
#include "common/memory.h"

namespace klh {

// Never while the files are loaded, when the store knows no time: no key goes
// then but by what they say, and all that they say holds.
inline bool is_out_of_memory(const Host& host) {
  return host.options.maxmemory != 0 &&
         used_memory() > host.options.maxmemory && host.store.knows_time();
}

// Are there keys that have to go?
inline bool should_evict(const Host& host) {
  return is_out_of_memory(host) && host.store.size() > 0 &&
         host.options.maxmemory_policy == EvictionPolicy::all_keys_lru;
}

// Erases up to `limit` keys, until the others fit. Each is the one, of
// maxmemory-samples random ones, that has not been used for longest, as far as
// that is known: see Entry::recency. The journal is told DEL. What has been
// erased before is freed first; that counts as a key now and then. O(limit).
void evict_keys(Host& host, size_t limit);

// Frees what waits for it, then erases some keys if that is the policy. May a
// command that needs memory be executed now?
bool make_room(Host& host);
inline bool has_room(Host& host) {
  return !is_out_of_memory(host) || make_room(host);
}

// May the data grow by so many bytes? It may exceed maxmemory by an eighth; if
// keys can go, all of it may be new. O(1).
bool has_room_for(const Host& host, uint64_t bytes);

// Has the store keep in mind which keys are used, if that is of use.
void apply_policy(Host& host);

}  // namespace klh
