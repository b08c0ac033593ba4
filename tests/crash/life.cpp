#include "crash/life.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compare/peer.h"
#include "harness/deadline.h"
#include "harness/diagnosis.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

bool is_about_clients(FaultKind kind) {
  return kind == FaultKind::send || kind == FaultKind::recv ||
         kind == FaultKind::accept || kind == FaultKind::epoll_wait ||
         kind == FaultKind::waitpid || kind == FaultKind::fork;
}

}  // namespace

void Life::run() {
  first_server();
  if (!is_dead_) second_server();
  wire_.reset();
  server_.reset();
  if (death_ && death_->fails_power) fail_power();
  last_server();
}

void Life::fail_power() {
  std::mt19937_64 random(death_->number);
  const bool is_kind = random() % 2 == 0;
  disk_->fail(is_kind ? Disk::Kindness::any : Disk::Kindness::none, random);
}

// It makes all files, changes them all, and is ended.
void Life::first_server() {
  if (!start() && (is_dead_ || !start())) return;
  ask(history_.first_request());
  change(8);
  save_in_background();
  change(1);
  wait_for_background();
  change(16);
  save();
  change(4);
  end();
}

// It finds them, and is killed.
void Life::second_server() {
  if (!start() && (is_dead_ || !start())) return;
  change(8);
  save_in_background();
  wait_for_background();
  change(8);
}

// Without faults.
void Life::last_server() {
  server_.emplace(CrashServer::Options{.directory = data_});
  const bool started = server_->wait_until_ready();
  require(started, "the server starts after the faults", server_->log());
  Peer peer(server_->port());
  const auto reach = [&](const Words& words) { return peer.ask(words); };
  if (reach({"GET", "phase"}) == "$-1\r\n") reach(history_.first_request());
  const bool may_lose = death_ && death_->fails_power && policy_ != "always";
  const auto found = history_.check(
      reach, may_lose ? History::Losses::suffix : History::Losses::none);
  require(found.complaint.empty(), "what was acknowledged, no more, no less",
          found.complaint);
  const auto ending = server_->end();
  require(ending && ending->with(0), "the server ends", server_->log());
}

bool Life::start() {
  wire_.reset();
  server_.reset();
  std::vector<std::string> environment = {
      "KLH_FAULT_CALLS=" + directory_.path() + "/calls"};
  environment.push_back("KLH_FAULT=" + (fault_ ? fault_->text() : ""));
  environment.push_back("KLH_KILL=" + (death_ ? death_->text() : ""));
  std::string libraries = shim("faults");
  if (death_ && death_->fails_power) {
    disk_.emplace(data_, directory_.path() + "/record");
    for (const std::string& each : disk_->environment()) {
      environment.push_back(each);
    }
    libraries += " " + shim("power_loss");
  }
  server_.emplace(
      CrashServer::Options{.directory = data_,
                           .flags = {"--appendfsync", policy_, "--save", ""},
                           .preload = libraries,
                           .environment = environment});
  if (server_->wait_until_ready()) return true;
  check_end(true);
  return false;
}

// Only where changes have to be safe before the reply is the disk a reason to
// end, once it listens.
bool Life::may_end(bool is_starting) const {
  if (!fault_ || is_about_clients(fault_->kind)) return false;
  return is_starting || policy_ == "always";
}

void Life::check_end(bool is_starting) {
  const auto ending = server_->wait(settings().deadline_ms);
  const std::string log = server_->complaints();
  if (death_ && ending && WIFSIGNALED(ending->status) &&
      WTERMSIG(ending->status) == SIGKILL) {
    is_dead_ = true;
    return;
  }
  const std::string how = (ending ? ending->text() : "none") + "\n" + log;
  require(may_end(is_starting), "the server goes on", how);
  require(ending && ending->with(1), "exit status 1", how);
  // The last line; warnings may stand before it.
  const size_t begin = log.size() < 2 ? 0 : log.rfind('\n', log.size() - 2) + 1;
  require(log.substr(begin).starts_with("klh: ") && log.ends_with('\n'),
          "one line that says why", log);
}

bool Life::is_gone() {
  if (!server_ || !server_->has_ended()) return !server_;
  check_end(false);
  server_.reset();
  return true;
}

// As many changes at once. A connection that ends takes with it what was not
// answered: the next has keys of its own.
void Life::change(size_t count) {
  constexpr int kMostTries = 5;
  for (int tries = 0; count > 0 && tries < kMostTries; ++tries) {
    if (is_gone()) return;
    count -= send_batch(count);
    take_batch();
  }
  if (is_refused_ && fault_ && !fault_->goes_on) wait_until_changes_are_kept();
  is_refused_ = false;
}

size_t Life::send_batch(size_t count) {
  if (!wire_) {
    wire_.emplace(server().port());
    lane_ = connections_++;
    require(lane_ < kLanes, "a server that keeps connections",
            "it closes one after another");
    changes_.emplace(lane_ + 1, lane_);
  }
  for (size_t i = 0; i < count; ++i) {
    const Words words = changes_->next();
    history_.note_sent(lane_, words);
    wire_->send(words);
  }
  return count;
}

void Life::take_batch() {
  while (history_.outstanding(lane_) > 0) {
    const std::string reply = wire_->wait_for_reply();
    if (reply.empty()) {
      wire_.reset();
      return;
    }
    if (reply.starts_with("-MISCONF ")) {
      is_refused_ = true;
      history_.note_refused(lane_);
    } else {
      history_.note_acknowledged(lane_, reply);
    }
  }
}

// The fault has passed: sooner or later a retry succeeds.
void Life::wait_until_changes_are_kept() {
  const Deadline deadline(settings().deadline_ms);
  while (is_refused_ && !is_gone()) {
    is_refused_ = false;
    send_batch(1);
    take_batch();
    require(!deadline.has_passed(), "changes are accepted again",
            "they are refused for " + deadline_text());
    ::poll(nullptr, 0, is_refused_ ? 20 : 0);
  }
}

// "" if there is no reply: the connection has ended, and so may the server.
std::string Life::ask(const Words& words) {
  constexpr int kMostTries = 3;
  for (int tries = 0; tries < kMostTries && !is_gone(); ++tries) {
    Wire wire(server().port());
    wire.send(words);
    const std::string reply = wire.wait_for_reply();
    if (!reply.empty()) return reply;
  }
  return "";
}

void Life::save_in_background() {
  const std::string reply = ask({"BGSAVE"});
  if (reply.empty()) return;
  require(reply == "+Background saving started\r\n" ||
              (fault_ && reply.starts_with("-ERR ")),
          "it begins, or the reply says why not", escaped(reply));
}

void Life::wait_for_background() {
  const Deadline deadline(settings().deadline_ms);
  while (ask({"INFO", "persistence"}).find("rdb_bgsave_in_progress:1") !=
         std::string::npos) {
    require(!deadline.has_passed(), "the snapshot ends",
            "it still runs after " + deadline_text());
    ::poll(nullptr, 0, 1);
  }
}

// A fault that occurs once can spoil one of them; one in the middle may have
// been the first of the tries.
void Life::save() {
  std::string reply = ask({"SAVE"});
  if (reply.starts_with("-ERR ")) {
    wait_for_background();  // which the server may have begun by itself
    reply = ask({"SAVE"});
  }
  if (reply.empty() || (fault_ && fault_->goes_on)) return;
  require(reply == "+OK\r\n", "the second SAVE succeeds", escaped(reply));
}

// If it cannot, it says so, and goes on: once the fault has passed, it can when
// it is asked again.
void Life::end() {
  if (is_gone()) return;
  wire_.reset();
  const bool passes = !fault_ || !fault_->goes_on;
  const Deadline deadline(settings().deadline_ms);
  const auto refuses = [&] {
    return server().log().find("not ended, not saved") != std::string::npos;
  };
  server().ask_to_end();
  std::optional<Ending> ending;
  while (!ending && !refuses()) {
    require(!deadline.has_passed(), "the server ends, or says why not",
            "neither, within " + deadline_text());
    ending = server().wait(10);
  }
  if (!ending && passes) {
    ending = server().end();
    require(ending.has_value(), "the server ends", server().log());
  }
  // It may have been on its way out, because of the last changes.
  if (ending && !ending->with(0)) return check_end(false);
  server_.reset();
}

}  // namespace klh::test
