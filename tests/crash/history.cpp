#include "crash/history.h"

#include <algorithm>
#include <utility>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "harness/diagnosis.h"

namespace klh::test {

namespace {

constexpr const char* kMark = "phase";

std::string readable(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += escaped(word, 40) + " ";
  return text;
}

// Which phase a server has reached; "" if it does not say.
std::string mark_of(const Ask& ask) {
  return parse_reply(ask({"GET", kMark})).text;
}

// Counts the requests of a lane: there is no need to compare all contents after
// each of them.
std::string count_of(const Contents& contents, const std::string& prefix) {
  const auto found = contents.find(prefix + "#");
  return found == contents.end() ? "" : found->second.value;
}

}  // namespace

History::History(size_t lanes) : lanes_(lanes) {
  forget();
}

void History::forget() {
  begin_anew("0");
  model_.run({"FLUSHALL"});
  model_.run(first_request());
}

Words History::first_request() const {
  return {"SET", kMark, "0"};
}

void History::begin_anew(const std::string& mark) {
  phases_.clear();
  phases_.push_back({mark, true, true, std::vector<Lane>(lanes_)});
}

void History::note_sent(size_t lane, const Words& words) {
  phases_.back().lanes[lane].requests.push_back({words, ++clock_, 0, ""});
}

void History::note_acknowledged(size_t lane, std::string reply) {
  Lane& in = phases_.back().lanes[lane];
  Request& request = in.requests.at(in.acknowledged++);
  request.acknowledged_at = ++clock_;
  request.reply = std::move(reply);
}

void History::note_refused(size_t lane) {
  Lane& in = phases_.back().lanes[lane];
  in.requests.erase(in.requests.begin() +
                    static_cast<std::ptrdiff_t>(in.acknowledged));
}

size_t History::outstanding(size_t lane) const {
  const Lane& in = phases_.back().lanes[lane];
  return in.requests.size() - in.acknowledged;
}

std::vector<Words> History::begin_phase() {
  const std::string mark = std::to_string(++marks_);
  phases_.push_back({mark, false, false, std::vector<Lane>(lanes_)});
  return {{"FLUSHALL"}, {"SET", kMark, mark}};
}

void History::note_save_sent() {
  phase_to_be_saved_ = phases_.size() - 1;
  for (Lane& lane : phases_.back().lanes) lane.to_be_saved = lane.acknowledged;
}

void History::note_save_acknowledged() {
  Phase& phase = phases_[phase_to_be_saved_];
  phase.is_saved |= phase.is_acknowledged;
  for (Lane& lane : phase.lanes) lane.saved = lane.to_be_saved;
}

History::Found History::check(const Ask& ask, Losses losses) {
  Found found;
  const std::string mark = mark_of(ask);
  std::vector<Contents> there;
  for (size_t i = 0; i < lanes_; ++i) {
    there.push_back(contents_of(ask, prefix(i)));
  }
  std::string why_not = "phase " + escaped(mark) + " was never begun\n";
  for (size_t phase = phases_.size(); phase-- > 0;) {
    const auto ranges = match(phase, mark, there, why_not);
    if (!ranges) continue;
    found.complaint = judge(phase, *ranges, losses);
    if (found.complaint.empty()) {
      found.complaint = adopt(phase, *ranges, found);
    }
    begin_anew(mark);
    return found;
  }
  found.complaint = why_not;
  return found;
}

// Is this the phase that was reached? In the first moment of one there is
// nothing at all, not even its mark.
std::optional<History::Ranges> History::match(
    size_t phase, const std::string& mark, const std::vector<Contents>& there,
    std::string& why_not) {
  const bool is_first_moment =
      mark.empty() && phase > 0 &&
      std::all_of(there.begin(), there.end(),
                  [](const Contents& each) { return each.empty(); });
  if (phases_[phase].mark != mark && !is_first_moment) return std::nullopt;
  probe_.become(model_);
  for (size_t i = 0; i < phase; ++i) {
    for (const Lane& lane : phases_[i].lanes) {
      for (const Request& request : lane.requests) probe_.run(request.words);
    }
  }
  if (phase > 0) probe_.run({"FLUSHALL"});
  Ranges ranges;
  for (size_t lane = 0; lane < lanes_; ++lane) {
    const auto range = match_lane(phases_[phase], lane, there[lane], why_not);
    if (!range) return std::nullopt;
    ranges.push_back(*range);
  }
  return ranges;
}

std::optional<History::Range> History::match_lane(const Phase& phase,
                                                  size_t lane,
                                                  const Contents& there,
                                                  std::string& why_not) {
  const auto& requests = phase.lanes[lane].requests;
  const std::string count = count_of(there, prefix(lane));
  const size_t acknowledged = phase.lanes[lane].acknowledged;
  std::optional<Range> range;
  bool is_equal = false;
  for (size_t done = 0;; ++done) {
    if (done == 0 || probe_.has_changed()) {
      const std::string key = prefix(lane) + "#";
      const Value value = parse_reply(probe_.run({"GET", key}));
      is_equal = (value.type == '_' ? "" : "string " + value.text) == count &&
                 are_equal(probe_.contents(prefix(lane)), there);
    }
    if (is_equal) range = {range ? range->least : done, done};
    if (!range && done == acknowledged) {
      why_not = "lane " + std::to_string(lane) + " is in no state that it " +
                "could be in; after its " + std::to_string(acknowledged) +
                " acknowledged requests of " + std::to_string(requests.size()) +
                ", key " + difference(probe_.contents(prefix(lane)), there) +
                "    the last  " +
                (done > 0 ? readable(requests[done - 1].words) : "none") + "\n";
    }
    if (done == requests.size()) return range;
    probe_.run(requests[done].words);
  }
}

// Is it allowed to have come only so far?
std::string History::judge(size_t phase, const Ranges& ranges,
                           Losses losses) const {
  uint64_t last_sent_at = 0;  // of those that are there for certain
  for (size_t later = phase + 1; later < phases_.size(); ++later) {
    if (phases_[later].is_saved ||
        (losses == Losses::none && phases_[later].is_acknowledged)) {
      return "a FLUSHALL that was acknowledged is lost\n";
    }
  }
  for (size_t lane = 0; lane < lanes_; ++lane) {
    const size_t least = ranges[lane].least;
    if (least == 0) continue;
    const auto& requests = phases_[phase].lanes[lane].requests;
    last_sent_at = std::max(last_sent_at, requests[least - 1].sent_at);
  }
  for (size_t i = 0; i < lanes_; ++i) {
    const Lane& lane = phases_[phase].lanes[i];
    const size_t most = ranges[i].most;
    const size_t needed =
        losses == Losses::none ? lane.acknowledged : lane.saved;
    const std::string text =
        "lane " + std::to_string(i) + ": " + std::to_string(most) + " of " +
        std::to_string(lane.requests.size()) + " requests are there";
    if (most < needed) {
      return text + ", at least " + std::to_string(needed) +
             " must be; the first that is lost: " +
             readable(lane.requests[most].words) + "\n";
    }
    if (most < lane.acknowledged &&
        lane.requests[most].acknowledged_at < last_sent_at) {
      return text + ": the next was acknowledged before one was sent, in " +
             "another lane, that is there\n";
    }
  }
  return "";
}

// The model does what was carried out; the replies must have been its. Where
// those of redis-server differ tests/compare has listed.
std::string History::adopt(size_t phase, const Ranges& ranges, Found& found) {
  std::string complaint;
  for (size_t i = 0; i < phases_.size(); ++i) {
    if (i > 0 && i <= phase) {
      model_.run({"FLUSHALL"});
      model_.run({"SET", kMark, phases_[i].mark});
    }
    for (size_t lane = 0; lane < lanes_; ++lane) {
      const Lane& in = phases_[i].lanes[lane];
      const size_t done = i < phase    ? in.requests.size()
                          : i == phase ? ranges[lane].most
                                       : 0;
      for (size_t n = 0; n < done; ++n) {
        const std::string wrong = run_checked(in.requests[n]);
        if (complaint.empty()) complaint = wrong;
      }
      found.requests += in.requests.size();
      found.acknowledged += in.acknowledged;
      found.lost += in.acknowledged - std::min(in.acknowledged, done);
      found.more += done - std::min(in.acknowledged, done);
    }
  }
  return complaint;
}

std::string History::run_checked(const Request& request) {
  const std::string reply = model_.run(request.words);
  if (request.acknowledged_at == 0 || tests_redis()) return "";
  if (reply == request.reply) return "";
  return readable(request.words) + "\n    expected " + escaped(reply) +
         "\n    replied  " + escaped(request.reply) + "\n";
}

}  // namespace klh::test
