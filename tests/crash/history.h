// What was sent to a server until it was killed, and what came back: with that
// and a model we can say what has to be there when it is started again.
//
//   lane 0   SET . INCR . RPUSH . | DEL   APPEND             . acknowledged
//   lane 1   HSET . ZADD   ZADD                              | FLUSHALL
//
// A lane is a connection with keys of its own. So what it leaves behind does
// not depend on the others, and must be what a prefix of its requests brings
// about: at least the acknowledged ones, at most those that were sent. Only a
// FLUSHALL concerns all lanes: it is sent when nothing else is under way, and
// begins a new phase. A key beside the lanes tells which phase is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crash/model.h"

namespace klh::test {

class History {
 public:
  explicit History(size_t lanes);

  // What is there now is nothing: a server begins with an empty directory.
  void forget();

  size_t lanes() const { return lanes_; }
  static std::string prefix(size_t lane) {
    return "c" + std::to_string(lane) + ":";
  }

  // What a server is to hold before all else.
  Words first_request() const;

  void note_sent(size_t lane, const Words& words);
  void note_acknowledged(size_t lane, std::string reply);
  void note_refused(size_t lane);  // it has changed nothing
  size_t outstanding(size_t lane) const;

  // Another lane than all: these two requests are sent, and both acknowledged.
  std::vector<Words> begin_phase();
  void note_phase_acknowledged() { phases_.back().is_acknowledged = true; }

  // What is acknowledged now is on the disk when the request to save, which is
  // sent now, is acknowledged.
  void note_save_sent();
  void note_save_acknowledged();

  // Compares what is there now. "" or what is wrong. Then the history begins
  // anew, with what is there.
  enum class Losses { none, suffix };
  struct Found {
    std::string complaint;
    size_t requests = 0;
    size_t acknowledged = 0;
    size_t lost = 0;  // of the acknowledged ones
    size_t more = 0;  // not acknowledged, but there
  };
  Found check(const Ask& ask, Losses losses);

 private:
  struct Request {
    Words words;
    uint64_t sent_at = 0;  // both: by a clock that ticks with each of them
    uint64_t acknowledged_at = 0;  // 0: it is not
    std::string reply;
  };
  struct Lane {
    std::vector<Request> requests;
    size_t acknowledged = 0;
    size_t saved = 0;
    size_t to_be_saved = 0;
  };
  struct Phase {
    std::string mark;
    bool is_acknowledged = false;
    bool is_saved = false;
    std::vector<Lane> lanes;
  };
  // How many requests have been carried out, as far as one can tell: some
  // change nothing, others undo what another has done.
  struct Range {
    size_t least;
    size_t most;
  };
  using Ranges = std::vector<Range>;  // of each lane

  void begin_anew(const std::string& mark);
  std::optional<Ranges> match(size_t phase, const std::string& mark,
                              const std::vector<Contents>& there,
                              std::string& why_not);
  std::optional<Range> match_lane(const Phase& phase, size_t lane,
                                  const Contents& there, std::string& why_not);
  std::string judge(size_t phase, const Ranges& ranges, Losses losses) const;
  std::string adopt(size_t phase, const Ranges& ranges, Found& found);
  std::string run_checked(const Request& request);

  size_t lanes_;
  Model model_;
  Model probe_;
  std::vector<Phase> phases_;
  uint64_t clock_ = 0;
  uint64_t marks_ = 0;
  size_t phase_to_be_saved_ = 0;
};

}  // namespace klh::test
