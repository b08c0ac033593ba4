// What a server ought to hold: the same commands, run in this program.
//
// The commands themselves are tested elsewhere, against Redis. Here it is about
// what is left of them after a crash, so the store of the course is model
// enough: it knows neither journal nor dump nor process that could end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "commands/command.h"
#include "harness/dialect.h"

namespace klh::test {

// Sends a request, or runs a command, and returns the whole reply.
using Ask = std::function<std::string(const Words&)>;

struct Content {
  std::string value;    // its type and all that is in it
  int64_t expiry_ms{};  // since 1970, -1: never
};
using Contents = std::map<std::string, Content>;

// All keys that begin with `prefix`.
Contents contents_of(const Ask& ask, const std::string& prefix);

// Relative times depend on the clocks of two programs: those may differ by some
// minutes. All others are equal, or are not.
bool are_equal(const Contents& left, const Contents& right);

// The first key that is different, for a message.
std::string difference(const Contents& expected, const Contents& found);

class Model {
 public:
  Model() { host_.statistics.reset(); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  std::string run(const Words& command);

  // Has the last command changed anything?
  bool has_changed() const { return session_.has_changed; }

  Contents contents(const std::string& prefix);

  // Forgets all, and takes over what another one holds.
  void become(const Model& other);

 private:
  Store store_;
  Options options_;
  Host host_{.store = store_, .options = options_};
  Session session_;
};

// The commands that may change a store.
bool is_change(const Words& command);

}  // namespace klh::test
