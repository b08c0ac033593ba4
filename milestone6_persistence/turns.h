// Whose turn it is: the clients that have something to do, in the order in
// which they have come to have it.
//
//   those whose last reply was small    all of them, in each pass
//   the others, and those who have      then, as many as make up
//   had no reply yet                    kLargeBytesPerPass; the rest waits
//
// So who asks for little waits for one large reply at most, and not for those
// of a hundred others who ask for it at the same moment.
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
