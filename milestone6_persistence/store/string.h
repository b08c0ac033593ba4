// A string value in 16 bytes: up to 15 bytes of it stand inside, more are on
// the heap. std::string takes twice as much, which counts where there are
// millions.
//
//   byte 0                          8               12             15
//   +-----------------------------------------------------------+------+
//   | up to 15 bytes, in place                                  | size |
//   +-------------------------------+---------------+-----------+------+
//   | pointer to the heap           | size          | capacity  | 255  |
//   +-------------------------------+---------------+-----------+------+
//
// Any bytes, no terminating zero, at most kMaxBytes. A heap block fits exactly,
// until an append gives it the next power of two, so that many appends cost
// amortized O(1) a byte.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace klh {

class String {
 public:
  // Redis's limit, proto-max-bulk-len: https://redis.io/commands/set
  static constexpr size_t kMaxBytes = 512 * 1024 * 1024;

  String() = default;
  explicit String(std::string_view bytes) { assign(bytes); }
  String(String&& other) noexcept { bytes_.swap(other.bytes_); }
  String& operator=(String&& other) noexcept;
  ~String() { release(); }

  // Returns the bytes, valid until the next change or the end of the string.
  std::string_view view() const;
  size_t size() const { return view().size(); }

  // Returns what stands on the heap.
  size_t allocated_bytes() const { return is_inline() ? 0 : heap().capacity(); }

  // Gives back memory until the budget, which goes down by what it is in blocks
  // (see blocks.h), is used up, or what is left for the destructor is within
  // it, which it returns. The bytes are gone then.
  bool free_some(size_t& budget);

  // Set the bytes, or add more; they may be part of this string. O(size).
  void assign(std::string_view bytes);
  void append(std::string_view bytes);

  // Puts `bytes`, which are not part of this string, at a position, over what
  // is there; what lies between the end and the position becomes zeros.
  void write_at(size_t position, std::string_view bytes);

 private:
  static constexpr size_t kInlineBytes = 15;
  static constexpr uint8_t kOnHeap = 255;

  struct Heap {
    char* data;
    uint32_t size;
    uint8_t capacity_log2;  // 0: as large as `size`
    uint8_t unused[2];
    uint8_t tag;

    size_t capacity() const {
      return capacity_log2 == 0 ? size : size_t{1} << capacity_log2;
    }
  };

  bool is_inline() const { return tag() != kOnHeap; }
  uint8_t tag() const { return static_cast<uint8_t>(bytes_[kInlineBytes]); }
  Heap heap() const { return std::bit_cast<Heap>(bytes_); }
  void set_heap(char* data, size_t size, uint8_t capacity_log2);
  char* data() { return is_inline() ? bytes_.data() : heap().data; }
  void set_inline(std::string_view bytes);
  void release();

  alignas(Heap) std::array<char, kInlineBytes + 1> bytes_{};
};

static_assert(sizeof(String) == 16);

inline std::string_view String::view() const {
  if (is_inline()) return {bytes_.data(), tag()};
  return {heap().data, heap().size};
}

}  // namespace klh
