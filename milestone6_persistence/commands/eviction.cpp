#include "commands/eviction.h"

#include <string>

namespace klh {

namespace {

// By so much of it maxmemory may be exceeded for a while.
constexpr uint64_t kToleratedPart = 8;

// The least recently used of some random keys. Those that are not chosen count
// as used a little longer ago from now on.
Entry& choose(Host& host) {
  Entry* chosen = host.store.random(host.random());
  for (uint32_t i = 1; i < host.options.maxmemory_samples; ++i) {
    Entry* other = host.store.random(host.random());
    if (other == chosen) continue;
    if (other->recency() < chosen->recency()) std::swap(chosen, other);
    other->grow_older();
  }
  return *chosen;
}

}  // namespace

void evict_keys(Host& host, size_t limit) {
  Garbage& garbage = host.store.garbage();
  for (size_t i = 0; i < limit && should_evict(host); ++i) {
    if (!garbage.empty()) {
      garbage.free_some(Garbage::kMostAtOnce);
      continue;
    }
    const std::string key(choose(host).key());
    if (!host.store.erase(key)) continue;  // it had expired
    ++host.statistics.evicted_keys;
    ++host.statistics.changes_since_save;
    const std::string_view effect[] = {"DEL", key};
    host.keeper->append(effect);
  }
}

// When much has to go, as after maxmemory was lowered, it goes bit by bit, so
// that nobody waits for all of it: here, and in each turn of the server. In the
// meantime commands are executed if the data is not far beyond the limit, or
// would not be if what has been erased had been freed: see Garbage::keep_pace.
bool make_room(Host& host) {
  constexpr size_t kKeysPerCommand = 200;
  if (!is_out_of_memory(host)) return true;
  Garbage& garbage = host.store.garbage();
  garbage.free_some(Garbage::kFreedPerTurn);
  if (!garbage.empty() || !is_out_of_memory(host)) return true;
  if (!should_evict(host)) return false;
  evict_keys(host, kKeysPerCommand);
  const uint64_t limit = host.options.maxmemory;
  return host.store.size() > 0 &&
         used_memory() <= limit + limit / kToleratedPart;
}

bool has_room_for(const Host& host, uint64_t bytes) {
  const uint64_t limit = host.options.maxmemory;
  if (limit == 0 || !host.store.knows_time()) return true;
  const bool can_evict =
      host.options.maxmemory_policy == EvictionPolicy::all_keys_lru;
  const uint64_t used = can_evict ? 0 : used_memory();
  return used + bytes <= limit + limit / kToleratedPart;
}

void apply_policy(Host& host) {
  const Options& options = host.options;
  host.store.set_tracks_use(options.maxmemory != 0 &&
                            options.maxmemory_policy ==
                                EvictionPolicy::all_keys_lru);
}

}  // namespace klh
