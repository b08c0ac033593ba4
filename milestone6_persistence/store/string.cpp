#include "store/string.h"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "common/memory.h"
#include "common/net.h"

namespace klh {

namespace {

char* allocate(char* old, size_t size) {
  char* const data = static_cast<char*>(counted_realloc(old, size));
  if (data == nullptr) die("no memory for a value");
  return data;
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
