// Commands without a server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/command.h"
#include "commands/table.h"
#include "harness/dialect.h"
#include "options.h"

namespace klh::test {

// A store and what runs commands on it, as main() wires them.
class Machine {
 public:
  Machine() { host_.statistics.reset(); }

  Store& store() { return store_; }
  Host& host() { return host_; }

  std::string run(const Words& command) {
    const std::vector<std::string_view> words(command.begin(), command.end());
    Buffer output;
    Context context(host_, session_, words, output);
    execute(context);
    return std::string(output.view());
  }

 private:
  Store store_;
  Options options_;
  Host host_{.store = store_, .options = options_};
  Session session_;
};

}  // namespace klh::test
