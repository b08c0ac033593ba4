#include "store/packed.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "common/memory.h"
#include "common/net.h"

namespace klh {

namespace {

// glibc hands out 24, 40, 56 … bytes: what is in excess of the request is room.
// Elsewhere it costs 15 bytes at most.
size_t rounded_capacity(size_t capacity) {
  constexpr size_t kOverhead = Packed::kHeaderBytes + Packed::kMallocOverhead;
  constexpr size_t kUnit = 16;
  return (kOverhead + capacity + kUnit - 1) / kUnit * kUnit - kOverhead;
}

// With room for more, but not where that would never be used: beyond the end
// of a block.
size_t roomy_capacity(size_t needed) {
  const size_t roomy = needed + needed / 16;
  if (needed > Packed::kBlockBytes) return rounded_capacity(roomy);
  return rounded_capacity(std::min(roomy, Packed::kBlockBytes));
}

bool equals(const char* other, std::string_view bytes) {
  const size_t size = bytes.size();
  if (size == 0) return true;
  return other[size - 1] == bytes[size - 1] &&
         std::memcmp(other, bytes.data(), size) == 0;
}

void write_mirrored_varint(char* end, size_t value) {
  for (; value > 127; value >>= 7) {
    *--end = static_cast<char>((value & 127) | 128);
  }
  *--end = static_cast<char>(value);
}

void write_entry(char* to, std::string_view bytes) {
  char* const end = to + Packed::entry_bytes(bytes.size());
  to = write_varint(to, bytes.size());
  // An empty view may hold a null pointer, which memcpy must not get.
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  write_mirrored_varint(end, bytes.size());
}

}  // namespace

char* write_varint(char* to, size_t value) {
  for (; value > 127; value >>= 7) {
    *to++ = static_cast<char>((value & 127) | 128);
  }
  *to++ = static_cast<char>(value);
  return to;
}

size_t Packed::position_of(size_t index) const {
  assert(index <= count());
  if (index == count()) return used_bytes();
  if (index < count() / 2) {
    const char* entry = data();
    for (; index > 0; --index) entry = behind(entry);
    return static_cast<size_t>(entry - data());
  }
  size_t position = used_bytes();
  for (; index < count(); ++index) position = previous(position);
  return position;
}

// The loop is what a packed hash spends its time in: it keeps to one pointer,
// and asks for the last byte first, since names often begin alike.
size_t Packed::find(std::string_view bytes, size_t step) const {
  if (empty()) return kNotFound;
  const char* const begin = data();
  const char* const end = begin + memory_->used;
  for (const char* entry = begin; entry < end;) {
    size_t length;
    const char* const its_bytes = read_varint(entry, length);
    if (length == bytes.size() && equals(its_bytes, bytes)) {
      return static_cast<size_t>(entry - begin);
    }
    for (size_t i = 0; i < step; ++i) entry = behind(entry);
  }
  return kNotFound;
}

void Packed::insert(size_t position, std::string_view bytes) {
  assert(bytes.size() <= kMaxLength && count() < kMaxCount);
  write_entry(open_gap(position, entry_bytes(bytes.size())), bytes);
  ++memory_->count;
}

void Packed::replace(size_t position, std::string_view bytes) {
  const size_t old_size = next(position) - position;
  const size_t new_size = entry_bytes(bytes.size());
  if (new_size != old_size && count() == 1) {  // perhaps large: no slack
    clear();
    return append(bytes);
  }
  if (new_size > old_size) open_gap(position, new_size - old_size);
  if (new_size < old_size) close_gap(position, old_size - new_size);
  write_entry(data() + position, bytes);
}

void Packed::erase(size_t first, size_t end, size_t count) {
  assert(first < end && end <= used_bytes());
  assert(count > 0 && count <= memory_->count);
  if (count == memory_->count) return clear();
  memory_->count = static_cast<uint16_t>(memory_->count - count);
  close_gap(first, end - first);
}

Packed Packed::split_off(size_t position) {
  Packed tail;
  const size_t moved = used_bytes() - position;
  const size_t moved_count = count_from(position);
  if (moved == 0) return tail;
  std::memcpy(tail.open_gap(0, moved), data() + position, moved);
  tail.memory_->count = static_cast<uint16_t>(moved_count);
  erase(position, used_bytes(), moved_count);
  return tail;
}

void Packed::append_all(const Packed& other) {
  if (other.empty()) return;
  assert(count() + other.count() <= kMaxCount);
  char* const to = open_gap(used_bytes(), other.used_bytes());
  std::memcpy(to, other.data(), other.used_bytes());
  memory_->count = static_cast<uint16_t>(memory_->count + other.count());
}

void Packed::clear() {
  counted_free(memory_);
  memory_ = nullptr;
}

// Makes room for `size` bytes at a position and returns its address. What
// stands before it, or behind it, moves: whichever is less. (Behind it if
// `front` could not count the room.)
char* Packed::open_gap(size_t position, size_t size) {
  assert(position <= used_bytes());
  const bool in_front = position < used_bytes() - position && size <= kMaxFront;
  make_room(in_front, size);
  char* const old_data = data();
  if (in_front) {
    memory_->front = static_cast<uint16_t>(memory_->front - size);
    std::memmove(data(), old_data, position);
  } else {
    char* const gap = old_data + position;
    std::memmove(gap + size, gap, memory_->used - position);
  }
  memory_->used += static_cast<uint32_t>(size);
  return data() + position;
}

void Packed::close_gap(size_t position, size_t size) {
  char* const gap = data() + position;
  const size_t behind = memory_->used - position - size;
  if (position < behind && memory_->front + size <= kMaxFront) {
    std::memmove(data() + size, data(), position);
    memory_->front = static_cast<uint16_t>(memory_->front + size);
  } else {
    std::memmove(gap, gap + size, behind);
  }
  memory_->used -= static_cast<uint32_t>(size);
  shrink_if_wasteful();
}

void Packed::make_room(bool in_front, size_t size) {
  if (memory_ == nullptr) return grow(in_front, size);
  const size_t free = memory_->capacity - memory_->used;
  const size_t room = in_front ? memory_->front : free - memory_->front;
  if (room >= size) return;
  if (free < size || free < memory_->used / 4) return grow(in_front, size);
  const size_t rest = (free - size) / 2;
  slide_to(std::min(in_front ? size + rest : rest, kMaxFront));
}

void Packed::slide_to(size_t front) {
  char* const old_data = data();
  memory_->front = static_cast<uint16_t>(front);
  std::memmove(data(), old_data, memory_->used);
}

// Keeps the entries and their place. The rest of the block is new.
void Packed::reallocate(size_t capacity) {
  assert(sizeof(Header) + capacity <= UINT32_MAX);
  void* const memory = counted_realloc(memory_, sizeof(Header) + capacity);
  if (memory == nullptr) die("no memory for a value");
  const bool is_new = memory_ == nullptr;
  memory_ = static_cast<Header*>(memory);
  if (is_new) *memory_ = Header{};
  memory_->capacity = static_cast<uint32_t>(capacity);
}

// The room at the other end stays as it is: were it given to this end, pushes
// to both in turn would move the entries each time.
void Packed::grow(bool in_front, size_t size) {
  if (memory_ == nullptr) return reallocate(rounded_capacity(size));
  const size_t front = memory_->front;
  const size_t back = memory_->capacity - memory_->used - front;
  const size_t kept = memory_->used + (in_front ? back : front);
  reallocate(roomy_capacity(kept + size));
  if (in_front) slide_to(std::min(memory_->capacity - kept, kMaxFront));
}

void Packed::shrink_if_wasteful() {
  const size_t unused = memory_->capacity - memory_->used;
  if (unused <= memory_->used || unused <= kSmallBytes) return;
  slide_to(0);
  reallocate(roomy_capacity(memory_->used));
}

size_t Packed::count_from(size_t position) const {
  size_t entries = 0;
  for (; position < used_bytes(); position = next(position)) ++entries;
  return entries;
}

}  // namespace klh
