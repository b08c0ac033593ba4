// maxmemory-clients: what waits for clients that do not read, and what clients
// have sent of requests that are not complete, is bounded for all of them
// together. As in Redis: https://redis.io/docs/latest/develop/reference/clients
#include <algorithm>

#include "server.h"

namespace klh {

namespace {

size_t evictable_bytes(Connection& connection) {
  const Session& session = connection.session();
  return session.is_evictable ? session.share.get() : 0;
}

}  // namespace

// One that is about to be closed counts no more: it cannot be chosen again.
void Connection::count_bytes() {
  if (state_ == State::failed) return session_.share.set(0);
  session_.share.set(BufferPool::bytes_of(incoming_) +
                     BufferPool::bytes_of(outgoing_) +
                     request_.allocated_bytes() + session_.allocated_bytes());
}

void Connection::abandon() {
  state_ = State::failed;
  session_.should_close = true;
  request_ = Request();
  incoming_.release();
  outgoing_.release();
  count_bytes();
}

// While all take more than is allowed, the one that takes most is abandoned.
// After each client's turn, so that no more than one reply is beyond the limit,
// however many are asked for at once. Mostly it is one comparison; who takes
// most is looked for only when some client has to go. O(clients) for each that
// does, and it must connect again to bring that about again.
void Server::evict_clients() {
  while (host_.budget.is_exceeded()) {
    const auto largest = std::max_element(
        clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
          return evictable_bytes(a->connection) <
                 evictable_bytes(b->connection);
        });
    if (evictable_bytes((*largest)->connection) == 0) return;
    (*largest)->connection.abandon();
    ++host_.statistics.evicted_clients;
    host_.has_killed = true;
  }
}

}  // namespace klh
