#include "store/string.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "common/memory.h"
#include "common/net.h"
#include "store/blocks.h"

namespace klh {

namespace {

char* allocate(char* old, size_t size) {
  char* const data = static_cast<char*>(counted_realloc(old, size));
  if (data == nullptr) die("no memory for a value");
  return data;
}

// The pages that lie wholly between two places in a block of malloc's, which
// keeps the block: madvise(2). Where that does nothing, nothing is lost.
void give_back_pages(char* from, char* to) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin =
      (reinterpret_cast<uintptr_t>(from) + page - 1) & ~(page - 1);
  const uintptr_t end = reinterpret_cast<uintptr_t>(to) & ~(page - 1);
  if (begin >= end) return;
  (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

String& String::operator=(String&& other) noexcept {
  bytes_.swap(other.bytes_);
  return *this;
}

void String::assign(std::string_view bytes) {
  assert(bytes.size() <= kMaxBytes);
  if (!is_inline() && heap().size == bytes.size()) {
    std::memmove(heap().data, bytes.data(), bytes.size());
    return;
  }
  if (bytes.size() <= kInlineBytes) {
    String inline_copy;
    inline_copy.set_inline(bytes);
    *this = std::move(inline_copy);
    return;
  }
  char* const data = allocate(nullptr, bytes.size());
  std::memcpy(data, bytes.data(), bytes.size());
  release();
  set_heap(data, bytes.size(), 0);
}

void String::append(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t old_size = size();
  const size_t new_size = old_size + bytes.size();
  assert(new_size <= kMaxBytes);
  if (new_size <= kInlineBytes) {
    std::memmove(bytes_.data() + old_size, bytes.data(), bytes.size());
    bytes_[kInlineBytes] = static_cast<char>(new_size);
    return;
  }
  if (is_inline() || heap().capacity() < new_size) {
    const auto log2 = static_cast<uint8_t>(std::bit_width(new_size - 1));
    char* const data = allocate(nullptr, size_t{1} << log2);
    std::memcpy(data, view().data(), old_size);
    std::memcpy(data + old_size, bytes.data(), bytes.size());
    release();
    set_heap(data, new_size, log2);
    return;
  }
  std::memmove(heap().data + old_size, bytes.data(), bytes.size());
  set_heap(heap().data, new_size, heap().capacity_log2);
}

void String::write_at(size_t position, std::string_view bytes) {
  const size_t end = position + bytes.size();
  if (size() < end) append(std::string(end - size(), '\0'));
  std::memcpy(data() + position, bytes.data(), bytes.size());
}

// What waits to be given back is at the beginning: its bytes are the size.
bool String::free_some(size_t& budget) {
  if (is_inline()) return true;
  const Heap all = heap();
  const size_t blocks = blocks_of(all.size);
  if (blocks <= budget) {
    spend(budget, blocks);
    return true;
  }
  const size_t left = all.size - budget * kBytesPerBlock;
  give_back_pages(all.data + left, all.data + all.size);
  set_heap(all.data, left, all.capacity_log2);
  budget = 0;
  return false;
}

void String::set_heap(char* data, size_t size, uint8_t capacity_log2) {
  bytes_ = std::bit_cast<decltype(bytes_)>(
      Heap{data, static_cast<uint32_t>(size), capacity_log2, {}, kOnHeap});
}

void String::set_inline(std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  bytes_[kInlineBytes] = static_cast<char>(bytes.size());
}

void String::release() {
  if (!is_inline()) counted_free(heap().data);
  set_inline({});
}

}  // namespace klh
