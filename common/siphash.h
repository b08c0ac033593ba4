// A keyed hash of byte strings: SipHash, with a key that only this process
// knows.
//
// Why not a faster unkeyed hash: whoever can compute the hash of a key can send
// a million keys that all fall into one bucket, and every lookup becomes a walk
// along a list ("hash flooding"). Without the key nobody can choose colliding
// inputs, nor learn the key from the outside.
//
//           8 bytes  8 bytes  rest + length
//              |        |          |
//   key -> [v0..v3] -> ... -> ... -> finalize -> v0 ^ v1 ^ v2 ^ v3
//             compression rounds    finalization rounds
//
// SipHash-c-d has c compression and d finalization rounds. The authors propose
// 2-4 as a message authentication code; 1-3 is what hash tables use (Rust,
// Python, Ruby, the Linux kernel), since a table shows nobody its hashes.
//
// It is not for digests that are stored or sent: the key changes with every
// start, so no value may outlive the process.
//
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace klh {

struct SipHashKey {
  uint64_t k0;
  uint64_t k1;
};

// Draws a key from the kernel's random generator; once, at start. Prints the
// reason and exits when there is none: a table without a secret key would be
// open to flooding. Source: getentropy(3).
SipHashKey random_siphash_key();

// Returns the hash that the tables use. `bytes` may be unaligned, empty, of any
// length. It takes about 10 ns for 16 bytes, then 2 ns for every further 8.
uint64_t siphash13(const SipHashKey& key, std::string_view bytes);

// Does the same for any number of rounds: 2 and 4 have published test vectors.
template <int kCompressionRounds, int kFinalizationRounds>
uint64_t siphash(const SipHashKey& key, std::string_view bytes);

// The four words of SipHash's state, under the names that the paper uses.
struct SipHashState {
  uint64_t v0, v1, v2, v3;

  explicit SipHashState(const SipHashKey& key)
      : v0(key.k0 ^ 0x736f6d6570736575),  // "somepseudorandomlygenerated
        v1(key.k1 ^ 0x646f72616e646f6d),  //  bytes", the paper's constants
        v2(key.k0 ^ 0x6c7967656e657261),
        v3(key.k1 ^ 0x7465646279746573) {}

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  template <int kCompressionRounds>
  void compress(uint64_t word) {
    v3 ^= word;
    for (int i = 0; i < kCompressionRounds; ++i) round();
    v0 ^= word;
  }

  template <int kFinalizationRounds>
  uint64_t finalize() {
    v2 ^= 0xff;
    for (int i = 0; i < kFinalizationRounds; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

// SipHash reads its input as little-endian words, which is how these machines
// store them anyway; a big-endian one would have to swap each word.
static_assert(std::endian::native == std::endian::little);

// Reads an integer from any address: memcpy compiles to one load, a cast
// pointer would be undefined where the address is not a multiple of the size.
template <class Integer>
uint64_t load_unaligned(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Returns the `length` < 8 bytes that do not fill a word as its low bytes, with
// zeros above. It makes three loads of fixed size instead of a memcpy of
// variable length, which would be a call.
inline uint64_t load_rest(const char* from, size_t length) {
  uint64_t word = 0;
  size_t done = 0;
  if ((length & 4) != 0) {
    word = load_unaligned<uint32_t>(from);
    done = 4;
  }
  if ((length & 2) != 0) {
    word |= load_unaligned<uint16_t>(from + done) << (8 * done);
    done += 2;
  }
  if ((length & 1) != 0) {
    word |= load_unaligned<uint8_t>(from + done) << (8 * done);
  }
  return word;
}

template <int kCompressionRounds, int kFinalizationRounds>
uint64_t siphash(const SipHashKey& key, std::string_view bytes) {
  SipHashState state(key);
  const char* at = bytes.data();
  const char* const rest = at + (bytes.size() & ~size_t{7});
  for (; at != rest; at += 8) {
    state.compress<kCompressionRounds>(load_unaligned<uint64_t>(at));
  }
  // The last word carries the length (mod 256) in its highest byte, so that
  // trailing zero bytes count.
  state.compress<kCompressionRounds>(load_rest(rest, bytes.size() & 7) |
                                     uint64_t{bytes.size()} << 56);
  return state.finalize<kFinalizationRounds>();
}

}  // namespace klh
