// Counts the bytes that malloc has given out, so that it is known at any time
// what the data takes: mallinfo2(3) looks at every free block for that, which
// takes 200 ms where a million keys have been deleted among others.
//
// Code that calls malloc itself says so here; `new` and `delete` count only
// in a program that has milestone6_persistence/memory.cpp. Buffers (buffer.h)
// do not count: they hold no data, and connections know theirs.
//
// The count is a thread's own: there is one thread that has data. What it costs
// is the size of the block, which stands before it, and an addition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#if defined(__APPLE__)
#include <malloc/malloc.h>
#elif defined(__FreeBSD__)
#include <malloc_np.h>
#else
#include <malloc.h>
#endif

namespace klh {

inline constinit thread_local int64_t counted_bytes = 0;

// Returns the bytes that have been counted and not been given back.
inline uint64_t used_memory() {
  return counted_bytes > 0 ? static_cast<uint64_t>(counted_bytes) : 0;
}

inline void count_memory(int64_t bytes) {
  counted_bytes += bytes;
}

// Returns the bytes that a block takes; 0 for none.
inline int64_t block_bytes(void* block) {
#ifdef __APPLE__
  return static_cast<int64_t>(malloc_size(block));
#else
  // glibc keeps the size of a block in front of it. See malloc_usable_size(3).
  return static_cast<int64_t>(block ? malloc_usable_size(block) + sizeof(size_t)
                                    : 0);
#endif
}

// These are realloc(3) and free(3), counted.
inline void* counted_realloc(void* block, size_t size) {
  const int64_t before = block_bytes(block);
  void* const result = std::realloc(block, size);
  if (result != nullptr) count_memory(block_bytes(result) - before);
  return result;
}

inline void counted_free(void* block) {
  count_memory(-block_bytes(block));
  std::free(block);
}

}  // namespace klh
