#include "common/buffer.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/net.h"

namespace klh {

namespace {

constexpr size_t kSmallestCapacity = 1024;
constexpr size_t kKeptCapacity = 128 * 1024;
constexpr size_t kLargestStep = 64 * 1024 * 1024;

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept {
  *this = std::move(other);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(buffer_begin_, other.buffer_begin_);
  std::swap(data_begin_, other.data_begin_);
  std::swap(data_end_, other.data_end_);
  std::swap(buffer_end_, other.buffer_end_);
  return *this;
}

Buffer Buffer::fitting(std::string_view bytes) {
  Buffer buffer;
  if (bytes.empty()) return buffer;
  buffer.grow(bytes.size());
  buffer.append(bytes);
  return buffer;
}

char* Buffer::prepare(size_t size, size_t enough) {
  if (room() < size) {
    const size_t needed = this->size() + size;
    const auto consumed = size_of(buffer_begin_, data_begin_);
    if (needed <= capacity() && this->size() <= consumed) {
      compact();
    } else {
      size_t more = std::min(capacity(), kLargestStep);
      if (enough > needed) {
        more = std::min(more, std::max(enough - capacity(), capacity() / 4));
      }
      grow(std::max({needed, capacity() + more, kSmallestCapacity}));
    }
  }
  return data_end_;
}

void Buffer::commit(size_t size) {
  assert(size <= room());
  data_end_ += size;
}

void Buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;  // memcpy wants no null pointer, not even for 0
  std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Buffer::consume(size_t size) {
  assert(size <= this->size());
  data_begin_ += size;
  if (!empty()) return;
  data_begin_ = data_end_ = buffer_begin_;
  if (capacity() > kKeptCapacity) release();
}

void Buffer::truncate(size_t size) {
  assert(size <= this->size());
  data_end_ = data_begin_ + size;
}

void Buffer::release() {
  std::free(buffer_begin_);
  buffer_begin_ = data_begin_ = data_end_ = buffer_end_ = nullptr;
}

void Buffer::compact() {
  const size_t size = this->size();
  std::memmove(buffer_begin_, data_begin_, size);
  data_begin_ = buffer_begin_;
  data_end_ = data_begin_ + size;
}

void Buffer::grow(size_t capacity) {
  const size_t size = this->size();
  // Moves the data to the front first, so that realloc(3) copies nothing but
  // data, and a large buffer not even that (mremap(2)).
  if (data_begin_ != buffer_begin_) compact();
  char* const storage =
      static_cast<char*>(std::realloc(buffer_begin_, capacity));
  if (!storage) die("buffer");
  buffer_begin_ = data_begin_ = storage;
  data_end_ = storage + size;
  buffer_end_ = storage + capacity;
}

}  // namespace klh
