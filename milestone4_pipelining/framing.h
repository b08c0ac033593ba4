// Messages on a byte stream. TCP keeps the order of the bytes and nothing
// else: where a message ends has to be said in the stream itself. Here each
// message is preceded by its length:
//
//      4 bytes, little-endian      `length` bytes, any values
//      +----+----+----+----+-------------------------- - -
//      | lo |    |    | hi |  payload
//      +----+----+----+----+-------------------------- - -
//
// The functions on a descriptor are for blocking sockets: they return when
// the whole message has been moved, however many calls that takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace klh {

inline constexpr size_t kHeaderBytes = 4;

// A longer message is refused before its payload is read, so that no peer can
// make us allocate what it has only announced.
inline constexpr size_t kMaxMessageBytes = 32 * 1024 * 1024;

enum class [[nodiscard]] Io{
    complete,  // all of it was moved
    closed,    // the peer closed the connection, perhaps in mid-message
    too_long,  // the header announces more than kMaxMessageBytes
    failed     // the system call failed, or we were asked to stop
};

// Write the header of a message, of kHeaderBytes, and read it, on any host.
void encode_length(size_t length, void* header);
size_t decode_length(const void* header);

// Move exactly `size` bytes, where one read(2) or write(2) may move fewer.
Io read_full(int fd, char* bytes, size_t size);
Io write_all(int fd, const char* bytes, size_t size);

// Move one message. `payload` holds the message when the result is complete,
// else nothing of use. Requires: a payload to write has at most
// kMaxMessageBytes.
Io read_message(int fd, std::string& payload);
Io write_message(int fd, std::string_view payload);

}  // namespace klh
