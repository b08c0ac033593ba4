// Whose turn it is: the clients that have something to do, in the order in
// which they have come to have it. A pass serves
//
//   1. those whose last reply was small,
//   2. those whose last reply was large, and those who have had none yet,
//
// of either as many as make up 4 MB of replies; the rest waits for the next
// pass. So a pass takes a bounded time, but for one large reply, and who asks
// for little does not wait for all who are known to ask for much.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace klh {

struct Client;

class Turns {
 public:
  // Nothing happens if it has been added and had no turn since.
  void add(Client& client);

  bool empty() const { return ready_.empty() && later_.empty(); }

  // Calls `take_turn` for each whose turn it is, and returns these. It returns
  // how many bytes of replies the turn was about; 0 says nothing of the client.
  // It may not add() any.
  std::vector<Client*> take(const std::function<size_t(Client&)>& take_turn);

 private:
  std::vector<Client*> ready_;
  std::vector<Client*> later_;
};

}  // namespace klh
