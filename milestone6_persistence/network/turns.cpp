#include "network/turns.h"

#include "server.h"

namespace klh {

namespace {

constexpr size_t kLargeBytes = Connection::kFullBytes;
constexpr size_t kMostBytes = 4 * kLargeBytes;

using TakeTurn = std::function<size_t(Client&)>;

// For the first of `clients`, until they make up kMostBytes: these go to
// `taken`.
void take_some(std::vector<Client*>& clients, const TakeTurn& take_turn,
               std::vector<Client*>& taken) {
  auto next = clients.begin();
  for (size_t sum = 0; next != clients.end() && sum < kMostBytes; ++next) {
    Client& client = **next;
    client.is_ready = false;
    const size_t bytes = take_turn(client);
    if (bytes > 0) client.is_large = bytes >= kLargeBytes;
    sum += bytes;
  }
  taken.insert(taken.end(), clients.begin(), next);
  clients.erase(clients.begin(), next);
}

}  // namespace

void Turns::add(Client& client) {
  if (client.is_ready) return;
  client.is_ready = true;
  (client.is_large ? later_ : ready_).push_back(&client);
}

std::vector<Client*> Turns::take(const TakeTurn& take_turn) {
  std::vector<Client*> taken;
  take_some(ready_, take_turn, taken);
  take_some(later_, take_turn, taken);
  return taken;
}

}  // namespace klh
