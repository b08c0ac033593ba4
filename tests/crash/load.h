// Clients that keep a server busy with changes until it is time to kill it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "compare/generator.h"
#include "crash/history.h"
#include "harness/wire.h"

namespace klh::test {

// Changes to the keys of a lane, at random.
class Changes {
 public:
  Changes(uint64_t seed, size_t lane);
  Words next();

 private:
  std::string prefix_;
  Generator generator_;
};

class Load {
 public:
  // When to stop, and what is to happen until then.
  struct Plan {
    size_t replies;         // after so many
    size_t window;          // requests of a lane that are under way, at most
    size_t save_every = 0;  // so many replies, BGSAVE or SAVE; 0: not
    bool stops_in_background = false;  // soon after a BGSAVE
    bool flushes = false;              // FLUSHALL, once
    bool stops_in_flush = false;
    uint64_t delay_us = 0;  // how long the server goes on before we return
  };

  Load(uint16_t port, History& history, uint64_t seed);

  // "" or what went wrong.
  std::string run(const Plan& plan);

  // The server is dead: takes what it has sent.
  std::string take_rest();

 private:
  enum class Asked { background_save, save, flush, mark };

  void send_changes();
  void send_flush();
  void send_save();
  std::string exchange();
  std::string take_replies();
  std::string take_answer(const std::string& reply);
  bool is_idle() const;

  History& history_;
  std::mt19937_64 random_;
  Plan plan_{};
  std::vector<Changes> changes_;
  std::vector<std::unique_ptr<Wire>> wires_;  // one each, and one for the rest
  std::deque<Asked> asked_;                   // of the last wire
  size_t replies_ = 0;
  size_t next_save_ = 0;
  bool drains_ = false;  // nothing is sent until nothing is under way
};

}  // namespace klh::test
