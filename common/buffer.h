// A sliding byte buffer: bytes are appended at its end and consumed from its
// front, both in O(1).
//
//      buffer_begin     data_begin        data_end       buffer_end
//      |                |                 |              |
//      v                v                 v              v
//      +----------------+-----------------+--------------+
//      |    consumed    |      data       |     room     |
//      +----------------+-----------------+--------------+
//
//   invariant: buffer_begin <= data_begin <= data_end <= buffer_end
//
// consume() only moves data_begin. The room that it leaves in front is won
// back lazily: at once when the buffer runs empty, else when room is asked for
// and at least as much was consumed as there is data. So for each byte that is
// moved one was consumed; growing moves all, but doubles: appending costs
// amortized O(1). From 64 MiB on it grows by 64 MiB, and the kernel moves pages
// instead of bytes (mremap(2)): doubled, 640 MB of data would take 1.28 GB.
//
// The buffer owns its storage; an empty one may own none. When it runs empty it
// keeps no more than 128 KiB of it, so that one large message is not paid for
// as long as the connection lasts. It does not limit its size: whoever fills it
// does.
#pragma once

#include <cstddef>
#include <string_view>

namespace klh {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  // Returns a buffer that holds these bytes and has no room for more.
  static Buffer fitting(std::string_view bytes);

  bool empty() const { return data_begin_ == data_end_; }
  size_t size() const { return size_of(data_begin_, data_end_); }
  size_t capacity() const { return size_of(buffer_begin_, buffer_end_); }

  // Return the data, for reading and for changing in place. It is valid until
  // the next prepare, append or release; consume leaves the rest where it is.
  char* data() { return data_begin_; }
  std::string_view view() const { return {data_begin_, size()}; }

  // Makes room for at least `size` bytes behind the data, to be written to and
  // then made data by commit(). It may move the data. Whoever knows how many
  // bytes will be enough for all that is still to come says so: then it grows by
  // less, but by a quarter at least. 0: nobody knows.
  char* prepare(size_t size, size_t enough = 0);

  // Returns how many bytes prepare() has made room for, at least as many as
  // asked.
  size_t room() const { return size_of(data_end_, buffer_end_); }

  // Makes the first `size` bytes of the room data. Requires: size <= room().
  void commit(size_t size);

  void append(std::string_view bytes);

  // Drops the first `size` bytes. Requires: size <= size().
  void consume(size_t size);

  // Drops all but the first `size` bytes. Requires: size <= size().
  void truncate(size_t size);

  // Drops all data and gives the storage back.
  void release();

 private:
  static size_t size_of(const char* begin, const char* end) {
    return static_cast<size_t>(end - begin);
  }
  void compact();
  void grow(size_t capacity);

  char* buffer_begin_ = nullptr;
  char* data_begin_ = nullptr;
  char* data_end_ = nullptr;
  char* buffer_end_ = nullptr;
};

}  // namespace klh
