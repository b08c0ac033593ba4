// new and delete that count, in place of the library's; the forms for arrays go
// through these. So would the one that does not throw, but for
// AddressSanitizer, which has its own, and std::stable_sort takes what that
// gives to our delete. See [new.delete] in the C++ standard, and
// common/memory.h.
#include "common/memory.h"

#include <new>

#include "common/net.h"

void* operator new(size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) klh::die("no memory");
  klh::count_memory(klh::block_bytes(block));
  return block;
}

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return ::operator new(size);
}

void operator delete(void* block) noexcept {
  klh::counted_free(block);
}

void operator delete(void* block, size_t) noexcept {
  klh::counted_free(block);
}
