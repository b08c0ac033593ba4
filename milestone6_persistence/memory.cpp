// new and delete that count, in place of the library's; the forms for arrays
// and those that do not throw go through these two. See [new.delete] in the
// C++ standard, and common/memory.h.
#include "common/memory.h"

#include <new>

#include "common/net.h"

void* operator new(size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) klh::die("no memory");
  klh::count_memory(klh::block_bytes(block));
  return block;
}

void operator delete(void* block) noexcept {
  klh::counted_free(block);
}

void operator delete(void* block, size_t) noexcept {
  klh::counted_free(block);
}
