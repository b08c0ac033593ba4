// The states of a server that docs/states.md has columns for: how one is put
// up, and how it is over.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire.h"
#include "states/subject.h"

namespace klh::test {

// A server in a state, and who is connected to it.
struct Scene {
  Subject subject;
  std::optional<Wire> sender = {};  // of the cell's command
  size_t replies_left = 0;          // for it to read before that of the cell
  std::optional<Wire> victim = {};  // for CLIENT KILL
  std::string victim_id = {};
};

struct State {
  std::string_view name;
  std::vector<std::string> flags = {};
  bool keeps_journal = true;
  // Before it listens, when it does, and when clients are connected.
  void (*prepare)(Subject& subject) = nullptr;
  void (*begin)(Subject& subject) = nullptr;
  void (*enter)(Scene& scene) = nullptr;
  // What has made the state is taken away again. Without this: all gates are
  // open, and some time has passed.
  void (*leave)(Subject& subject) = nullptr;

  std::string_view ping = "+PONG";  // how a PING is answered while it lasts
  bool is_forever = false;          // nothing takes away what has made it
  bool is_stuck = false;  // nobody is answered before the state is over
};

// The state of this name; ends the program if there is none.
const State& state_called(const std::string& name);

// The server runs, and is in the state.
void put_up(const State& state, Scene& scene);
void leave(const State& state, Subject& subject);

}  // namespace klh::test
