#include "crash/load.h"

#include <poll.h>

#include <algorithm>

#include "crash/crash_server.h"
#include "crash/rounds.h"
#include "harness/diagnosis.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// Absolute times lie far ahead of relative ones, and both so far that nothing
// expires.
constexpr Generator::Times kFarAhead = {.now_ms = 4'102'444'800'000,
                                        .least_lifetime_ms = 100'000'000,
                                        .most_lifetime_ms = 1'000'000'000};

}  // namespace

Changes::Changes(uint64_t seed, size_t lane)
    : prefix_(History::prefix(lane)), generator_(seed, kFarAhead, prefix_) {}

Words Changes::next() {
  constexpr uint64_t kCountedOneIn = 8;
  if (generator_.below(kCountedOneIn) == 0) return {"INCR", prefix_ + "#"};
  for (;;) {
    const Words words = generator_.next();
    if (is_change(words) && !words[0].starts_with("FLUSH")) return words;
  }
}

Load::Load(uint16_t port, History& history, uint64_t seed)
    : history_(history), random_(seed) {
  for (size_t i = 0; i < history.lanes(); ++i) {
    changes_.emplace_back(random_(), i);
    wires_.push_back(std::make_unique<Wire>(port));
  }
  wires_.push_back(std::make_unique<Wire>(port));
}

std::string Load::run(const Plan& plan) {
  plan_ = plan;
  next_save_ = plan.save_every;
  const size_t flush_at = plan.flushes ? plan.replies / 2 : SIZE_MAX;
  while (replies_ < plan_.replies) {
    if (replies_ >= flush_at && plan_.flushes) {
      plan_.flushes = false;
      drains_ = true;
    }
    if (drains_ && is_idle()) {
      send_flush();
      if (plan_.stops_in_flush) {
        wires_.back()->write_some();
        break;
      }
    }
    if (plan_.save_every != 0 && replies_ >= next_save_) send_save();
    if (!drains_) send_changes();
    const std::string complaint = exchange();
    if (!complaint.empty()) return complaint;
  }
  be_busy(plan_.delay_us);
  return "";
}

void Load::send_changes() {
  for (size_t lane = 0; lane < history_.lanes(); ++lane) {
    while (history_.outstanding(lane) < plan_.window) {
      const Words words = changes_[lane].next();
      history_.note_sent(lane, words);
      wires_[lane]->send(words);
    }
  }
}

void Load::send_flush() {
  if (!asked_.empty()) return;
  for (const Words& words : history_.begin_phase()) wires_.back()->send(words);
  asked_ = {Asked::flush, Asked::mark};
}

// Never two of them at once: the second would be refused. What BGSAVE is to our
// journal, BGREWRITEAOF is to that of redis-server, which its SAVE leaves
// alone.
void Load::send_save() {
  if (!asked_.empty()) return;
  next_save_ = replies_ + plan_.save_every;
  const bool in_background =
      random_() % 4 != 0 || plan_.stops_in_background || tests_redis();
  asked_.push_back(in_background ? Asked::background_save : Asked::save);
  const char* const rotate = tests_redis() ? "BGREWRITEAOF" : "BGSAVE";
  wires_.back()->send({in_background ? rotate : "SAVE"});
  if (!in_background) history_.note_save_sent();
}

bool Load::is_idle() const {
  for (size_t i = 0; i < history_.lanes(); ++i) {
    if (history_.outstanding(i) > 0) return false;
  }
  return asked_.empty();
}

std::string Load::exchange() {
  std::vector<pollfd> polled;
  for (const auto& wire : wires_) {
    const int events = wire->wants_write() ? POLLIN | POLLOUT : POLLIN;
    polled.push_back({wire->fd(), static_cast<short>(events), 0});
  }
  if (::poll(polled.data(), polled.size(), settings().deadline_ms) <= 0) {
    return "the server does not reply within " + deadline_text() + "\n";
  }
  for (size_t i = 0; i < wires_.size(); ++i) {
    if (polled[i].revents & POLLOUT) wires_[i]->write_some();
    if ((polled[i].revents & ~POLLOUT) != 0 && !wires_[i]->read_some()) {
      return "the server has closed a connection\n";
    }
  }
  return take_replies();
}

std::string Load::take_replies() {
  for (size_t lane = 0; lane < history_.lanes(); ++lane) {
    std::string reply;
    while (!(reply = wires_[lane]->take_reply()).empty()) {
      ++replies_;
      history_.note_acknowledged(lane, std::move(reply));
    }
  }
  std::string reply;
  while (!(reply = wires_.back()->take_reply()).empty()) {
    const std::string complaint = take_answer(reply);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

// A save in the background may be running, since the server also starts some by
// itself.
std::string Load::take_answer(const std::string& reply) {
  constexpr size_t kSoon = 20;
  const Asked asked = asked_.front();
  asked_.pop_front();
  const bool saves = asked == Asked::background_save || asked == Asked::save;
  const bool is_busy = saves && reply.starts_with("-ERR Background ") &&
                       reply.ends_with(" already in progress\r\n");
  // redis-server may say that it is "scheduled".
  const bool is_right = asked == Asked::background_save
                            ? reply.starts_with("+Background ")
                            : reply == "+OK\r\n";
  if (!is_right && !is_busy) return "the reply is " + escaped(reply) + "\n";
  if (asked == Asked::save && !is_busy) history_.note_save_acknowledged();
  if (asked == Asked::mark) {
    history_.note_phase_acknowledged();
    drains_ = false;
  }
  if (asked == Asked::background_save && plan_.stops_in_background) {
    plan_.replies = std::min(plan_.replies, replies_ + random_() % kSoon);
  }
  return "";
}

std::string Load::take_rest() {
  for (const auto& wire : wires_) {
    while (wire->read_some()) continue;
  }
  return take_replies();
}

}  // namespace klh::test
