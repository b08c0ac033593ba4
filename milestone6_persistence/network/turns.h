// Whose turn it is: the clients that have something to do, in the order in
// which they have come to have it. A pass serves
//
//   1. those whose last reply was small,
//   2. those whose last reply was large, and those who have had none yet,
//
// of either as many as make up 4 MB of replies; the rest waits for the next
// pass. So a pass takes a bounded time, but for one large reply, and who asks
// for little does not wait for all who are known to ask for much.
//
// A client that is held back, since too much waits for it, is kept here too,
// until there is room for as much.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

namespace klh {

struct Turn;

class Turns {
 public:
  // So many bytes make a turn a large one.
  static constexpr size_t kLargeBytes = 1024 * 1024;

  // Gives it a turn. Does nothing if it has been added and had none since.
  void add(Turn& turn);

  // Keeps one that is not added, and for which so many bytes wait, until add()
  // or make_room() ends that. O(log n), as is each that make_room() adds.
  void hold_back(Turn& turn, size_t bytes);

  // Adds those for whom at most `room` bytes wait, the fewest first; each of
  // them may take some of that room, so that the others go on to wait.
  void make_room(size_t room);

  // Keeps it no longer; called before a client is destroyed. Requires: it is not
  // added.
  void forget(Turn& turn);

  bool empty() const { return ready_.empty() && later_.empty(); }

  // Calls `take_turn` for each whose turn it is, and returns these. It returns
  // how many bytes of replies the turn was about; 0 says nothing of the client.
  // It may not add() any.
  std::vector<Turn*> take(const std::function<size_t(Turn&)>& take_turn);

 private:
  friend struct Turn;
  using HeldBack = std::multimap<size_t, Turn*>;

  std::vector<Turn*> ready_;
  std::vector<Turn*> later_;
  HeldBack held_back_;  // by how much waits for them
};

// Is what they know of a client, which is derived from it.
struct Turn {
  bool is_ready = false;  // has been added, and had no turn since
  bool is_large = true;   // its last reply was, or there was none yet
  bool is_held_back = false;
  Turns::HeldBack::iterator held_back_at{};
};

}  // namespace klh
