// A run of byte strings in one block of memory: what small collections, and the
// blocks of large ones, keep their elements in. An element of 10 bytes takes
// 12, where a node of its own takes 48.
//
//   memory_
//   |
//   v            |<--- front --->|<------- used ------->|
//   +------------+---------------+-------+- - -+--------+---------------+
//   | Header     |     room      | entry |     | entry  |     room      |
//   +------------+---------------+-------+- - -+--------+---------------+
//        12      |<----------------------- capacity ------------------->|
//
//   +--------+------------------- - - ----+--------+
//   | length |  bytes                     | htgnel |     an entry
//   +--------+------------------- - - ----+--------+
//
// The length is a varint: seven bits a byte, the lowest first, and the eighth
// bit says that another byte follows. It stands behind the bytes once more with
// its own bytes mirrored, so that it can be read from its end: so a run is
// walked in both directions. (Redis's listpack has its length in 1, 2 or 5
// bytes, 1 for up to 63 where this has 1 for up to 127, and packs integers.)
//
// A position is the offset of an entry from the first one: 0 is the first
// entry, used_bytes() is behind the last. A change moves the entries behind it.
//
// Room at both ends. An insertion moves the entries of the nearer end, so at
// the ends it moves nothing. When the room there runs out, either the entries
// slide, if a quarter as much as they take is free, leaving half of the free
// bytes at each end; or the block grows by a sixteenth. So it moves a byte
// at most 16 times for each byte that was added: amortized O(1).
//
// Invariants
// - A run without entries has no memory: sizeof(Packed) is all it costs.
// - After a removal at most as many bytes are unused as used, or kSmallBytes.
//   A run that only grew has a sixteenth of it unused, up to kBlockBytes, where
//   a block is full, no more than fits into that.
//
// The run owns its memory. It does not limit its size (up to 4 GiB and 65,535
// entries): it is made for some KiB, since a change in the middle costs
// O(used). An entry that is longer than that should be alone in its run.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace klh {

// Returns the size of a varint: 1 byte up to 127, 2 up to 16,383, 3 up to
// 2,097,151 …
constexpr size_t varint_bytes(size_t value) {
  size_t bytes = 1;
  for (; value > 127; value >>= 7) ++bytes;
  return bytes;
}
// Writes a varint and returns where it ends.
char* write_varint(char* to, size_t value);
// Sets `value` and returns where the varint ends.
const char* read_varint(const char* from, size_t& value);

class Packed {
 public:
  static constexpr size_t kMaxLength = 512 * 1024 * 1024;  // as in String
  static constexpr size_t kMaxCount = UINT16_MAX;

  static constexpr size_t kHeaderBytes = 12;
  static constexpr size_t kMallocOverhead = 8;  // glibc's, for each block

  // Entries of this many bytes make a full block: 8 KiB with all overhead.
  static constexpr size_t kBlockBytes = 8192 - kHeaderBytes - kMallocOverhead;

  Packed() = default;
  Packed(Packed&& other) noexcept { swap(other); }
  Packed& operator=(Packed&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Packed() { clear(); }

  bool empty() const { return memory_ == nullptr; }
  size_t count() const { return memory_ ? memory_->count : 0; }
  size_t used_bytes() const { return memory_ ? memory_->used : 0; }
  // Returns what was asked of malloc.
  size_t allocated_bytes() const {
    return memory_ ? sizeof(Header) + memory_->capacity : 0;
  }
  // Returns what an entry of so many bytes takes.
  static size_t entry_bytes(size_t length) {
    return length + 2 * varint_bytes(length);
  }

  // Returns the entry at a position, valid until the run changes. O(1).
  std::string_view at(size_t position) const;

  // Return the position of the entry behind or before that at `position`. O(1).
  size_t next(size_t position) const;
  size_t previous(size_t position) const;

  // Returns the position of entry number `index`. O(count), from the nearer
  // end.
  // Requires: index <= count()
  size_t position_of(size_t index) const;

  // Returns the position of the first entry that equals `bytes` among the
  // entries number 0, `step`, 2 * `step` and so on, or kNotFound. O(count).
  // Requires: count() is a multiple of `step`
  static constexpr size_t kNotFound = SIZE_MAX;
  size_t find(std::string_view bytes, size_t step) const;

  // Add an entry at an end. `bytes` must not be part of this run, here and
  // below. O(bytes), amortized.
  void append(std::string_view bytes) { insert(used_bytes(), bytes); }
  void prepend(std::string_view bytes) { insert(0, bytes); }

  // Adds an entry before that at `position`, which is where the new one is
  // then; at used_bytes() it appends. O(bytes + distance to the nearer end).
  void insert(size_t position, std::string_view bytes);

  // Changes an entry, which keeps its position. O(bytes), and like insert if
  // the length changes.
  void replace(size_t position, std::string_view bytes);

  // Removes an entry, or those from `first` up to but not with `end`, which
  // are `count` entries. The one behind them is at this position then.
  // O(distance to the nearer end), amortized.
  void erase(size_t position) { erase(position, next(position), 1); }
  void erase(size_t first, size_t end, size_t count);

  // Takes out the entries from `position` on. O(used).
  Packed split_off(size_t position);

  // Appends copies of all entries of another run. O(used of both).
  void append_all(const Packed& other);

  // Removes everything and gives the memory back.
  void clear();

 private:
  struct Header {
    uint32_t capacity;
    uint32_t used;
    uint16_t front;
    uint16_t count;
  };
  static_assert(sizeof(Header) == kHeaderBytes);
  static constexpr size_t kSmallBytes = 64;
  static constexpr size_t kMaxFront = UINT16_MAX;

  char* data() const {
    return reinterpret_cast<char*>(memory_ + 1) + memory_->front;
  }
  void swap(Packed& other) noexcept { std::swap(memory_, other.memory_); }
  static const char* behind(const char* entry);
  char* open_gap(size_t position, size_t size);
  void close_gap(size_t position, size_t size);
  void make_room(bool in_front, size_t size);
  void slide_to(size_t front);
  void reallocate(size_t capacity);
  void grow(bool in_front, size_t size);
  void shrink_if_wasteful();
  size_t count_from(size_t position) const;

  Header* memory_ = nullptr;
};

inline const char* read_varint(const char* from, size_t& value) {
  auto byte = static_cast<unsigned char>(*from++);
  value = byte & 127u;
  for (int shift = 7; byte > 127; shift += 7) {
    byte = static_cast<unsigned char>(*from++);
    value |= size_t{byte & 127u} << shift;
  }
  return from;
}

inline std::string_view Packed::at(size_t position) const {
  assert(position < used_bytes());
  size_t length;
  const char* const bytes = read_varint(data() + position, length);
  return {bytes, length};
}

// One load and one addition for a short entry: to find a field or a position is
// a chain of nothing else.
inline const char* Packed::behind(const char* entry) {
  const auto first = static_cast<unsigned char>(*entry);
  if (first <= 127) return entry + first + 2;
  size_t length;
  const char* const bytes = read_varint(entry, length);
  return bytes + length + (bytes - entry);
}

inline size_t Packed::next(size_t position) const {
  assert(position < used_bytes());
  const char* const entry = data() + position;
  return position + static_cast<size_t>(behind(entry) - entry);
}

inline size_t Packed::previous(size_t position) const {
  assert(position > 0 && position <= used_bytes());
  const char* const end = data() + position;
  const char* at = end - 1;
  auto byte = static_cast<unsigned char>(*at);
  if (byte <= 127) return position - byte - 2;
  size_t length = byte & 127u;
  for (int shift = 7; byte > 127; shift += 7) {
    byte = static_cast<unsigned char>(*--at);
    length |= size_t{byte & 127u} << shift;
  }
  return position - length - 2 * static_cast<size_t>(end - at);
}

}  // namespace klh
