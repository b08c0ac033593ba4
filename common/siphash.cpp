#include "common/siphash.h"

#include <sys/random.h>
#include <unistd.h>

#include "common/net.h"

namespace klh {

SipHashKey random_siphash_key() {
  SipHashKey key;
  if (getentropy(&key, sizeof key) != 0) die("getentropy");
  return key;
}

uint64_t siphash13(const SipHashKey& key, std::string_view bytes) {
  return siphash<1, 3>(key, bytes);
}

}  // namespace klh
