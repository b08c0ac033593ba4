#include "turns.h"

#include "server.h"

namespace klh {

namespace {

constexpr size_t kLargeBytes = Connection::kFullBytes;
constexpr size_t kLargeBytesPerPass = 4 * kLargeBytes;

size_t run(Client& client, const std::function<size_t(Client&)>& take_turn) {
  client.is_ready = false;
  const size_t bytes = take_turn(client);
  if (bytes > 0) client.is_large = bytes >= kLargeBytes;
  return bytes;
}

}  // namespace

void Turns::add(Client& client) {
  if (client.is_ready) return;
  client.is_ready = true;
  (client.is_large ? later_ : ready_).push_back(&client);
}

std::vector<Client*> Turns::take(
    const std::function<size_t(Client&)>& take_turn) {
  std::vector<Client*> taken;
  taken.swap(ready_);
  for (Client* client : taken) run(*client, take_turn);
  auto next = later_.begin();
  for (size_t bytes = 0; next != later_.end() && bytes < kLargeBytesPerPass;
       ++next) {
    bytes += run(**next, take_turn);
  }
  taken.insert(taken.end(), later_.begin(), next);
  later_.erase(later_.begin(), next);
  return taken;
}

}  // namespace klh
