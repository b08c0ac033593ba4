// System calls that fail or do less than they were asked for: each that a
// server makes in a short life, one after another, once or from
// then on. Replies stay exact or do not come; if the server ends it says why;
// and a start without faults finds all that was acknowledged.
//
//   KLH_ALL_FAULTS=1   each of them; else a selection
//   KLH_FAULT=write:28:5 KLH_POLICY=always   this one only
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compare/peer.h"
#include "crash/crash_server.h"
#include "crash/disk.h"
#include "crash/fault_kinds.h"
#include "crash/history.h"
#include "crash/load.h"
#include "harness/deadline.h"
#include "harness/diagnosis.h"
#include "harness/process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

constexpr int kShort = 0;

// What the man pages say of each call, as far as it can happen to this server.
struct FaultRow {
  FaultKind kind;
  std::vector<int> once;
  std::vector<int> from_then_on;
};

const std::vector<FaultRow> kFaults = {
    {FaultKind::write, {ENOSPC, EIO, EINTR, kShort}, {ENOSPC, EIO, kShort}},
    {FaultKind::send, {EINTR, EAGAIN, EPIPE, ECONNRESET, kShort}, {kShort}},
    {FaultKind::read, {EINTR, EIO, kShort}, {EIO, kShort}},
    {FaultKind::recv, {EINTR, EAGAIN, ECONNRESET, kShort}, {kShort}},
    {FaultKind::fsync, {EINTR, EIO, ENOSPC}, {EIO}},
    {FaultKind::fdatasync, {EINTR, EIO, ENOSPC}, {EIO}},
    {FaultKind::rename, {ENOSPC, EIO}, {EIO}},
    {FaultKind::openat, {EINTR, EMFILE, ENOSPC, EIO}, {EMFILE, ENOSPC}},
    {FaultKind::open, {EINTR, EMFILE, ENFILE}, {EMFILE}},
    {FaultKind::opendir, {EMFILE, ENOMEM}, {EMFILE}},
    {FaultKind::ftruncate, {EINTR, EIO}, {EIO}},
    {FaultKind::unlinkat, {EBUSY, EIO}, {EIO}},
    {FaultKind::mkdir, {ENOSPC, EACCES}, {}},
    {FaultKind::flock, {ENOLCK, EINTR}, {}},
    {FaultKind::fork, {EAGAIN, ENOMEM}, {ENOMEM}},
    {FaultKind::waitpid, {EINTR}, {}},
    {FaultKind::pthread_create, {EAGAIN}, {EAGAIN}},
    {FaultKind::accept,
     {EINTR, EAGAIN, ECONNABORTED, EPROTO, EMFILE, ENFILE, ENOBUFS, ENOMEM},
     {}},
    {FaultKind::epoll_wait, {EINTR}, {}},
    {FaultKind::epoll_ctl, {ENOMEM, ENOSPC}, {}}};

struct Fault {
  FaultKind kind;
  int error;
  uint32_t number;
  bool goes_on;

  // As the library takes it.
  std::string text() const {
    return std::string(kFaultKinds[static_cast<size_t>(kind)]) + ":" +
           std::to_string(error) + ":" + std::to_string(number) +
           (goes_on ? "+" : "");
  }
};

// The moment when all ends: before a call. Then the power may fail, too.
struct Death {
  FaultKind kind;
  uint32_t number;
  bool fails_power;

  std::string text() const {
    return std::string(kFaultKinds[static_cast<size_t>(kind)]) + ":" +
           std::to_string(number);
  }
};

bool is_about_clients(FaultKind kind) {
  return kind == FaultKind::send || kind == FaultKind::recv ||
         kind == FaultKind::accept || kind == FaultKind::epoll_wait ||
         kind == FaultKind::waitpid || kind == FaultKind::fork;
}

// The counters that the library shares with us.
class Calls {
 public:
  explicit Calls(const std::string& path) {
    std::ofstream(path) << std::string(4096, '\0');
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    void* const memory = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (memory == MAP_FAILED) die("mmap " + path);
    counters_ = static_cast<const volatile uint32_t*>(memory);
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls() { munmap(const_cast<uint32_t*>(counters_), 4096); }

  uint32_t of(FaultKind kind) const {
    return counters_[static_cast<size_t>(kind)];
  }

 private:
  const volatile uint32_t* counters_;
};

// A server's life: what is done with it, in the same way each time.
class Life {
 public:
  Life(const std::string& policy, std::optional<Fault> fault,
       std::optional<Death> death = std::nullopt)
      : policy_(policy), fault_(fault), death_(death) {}

  // Fails the test if something is not as it should be.
  void run();

  uint32_t calls(FaultKind kind) const { return calls_.of(kind); }
  bool was_reached() const {
    return fault_ && calls_.of(fault_->kind) >= fault_->number;
  }

 private:
  static constexpr size_t kLanes = 16;

  void first_server();
  void second_server();
  void fail_power();
  void last_server();
  bool start();
  bool may_end(bool is_starting) const;
  void check_end(bool is_starting);
  bool is_gone();
  void change(size_t count);
  size_t send_batch(size_t count);
  void take_batch();
  void wait_until_changes_are_kept();
  void save_in_background();
  void wait_for_background();
  void save();
  std::string ask(const Words& words);
  void end();
  CrashServer& server() { return *server_; }

  const std::string policy_;
  const std::optional<Fault> fault_;
  const std::optional<Death> death_;
  TemporaryDirectory directory_;
  const std::string data_ = directory_.path() + "/data";
  Calls calls_{directory_.path() + "/calls"};
  History history_{kLanes};
  std::optional<CrashServer> server_;
  std::optional<Wire> wire_;
  std::optional<Changes> changes_;
  size_t lane_ = 0;
  size_t connections_ = 0;
  bool is_refused_ = false;
  bool is_dead_ = false;
  std::optional<Disk> disk_;
};

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
  const std::string log = server_->log();
  if (death_ && ending && WIFSIGNALED(ending->status) &&
      WTERMSIG(ending->status) == SIGKILL) {
    is_dead_ = true;
    return;
  }
  const std::string how = (ending ? ending->text() : "none") + "\n" + log;
  require(may_end(is_starting), "the server goes on", how);
  require(ending && ending->with(1), "exit status 1", how);
  require(log.starts_with("klh: ") && log.ends_with('\n'),
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
  if (reply.starts_with("-ERR ")) reply = ask({"SAVE"});
  if (reply.empty() || (fault_ && fault_->goes_on)) return;
  require(reply == "+OK\r\n", "the second SAVE succeeds", escaped(reply));
}

// If it cannot, it says so, and goes on: once the fault has passed, it only has
// to be asked often enough.
void Life::end() {
  if (is_gone()) return;
  wire_.reset();
  const bool passes = !fault_ || !fault_->goes_on;
  const Deadline deadline(settings().deadline_ms);
  const auto refuses = [&] {
    return server().log().find("not ended, not saved") != std::string::npos;
  };
  server().ask_to_end();
  std::optional<Ending> ending = server().wait(10);
  while (!ending && (passes || !refuses())) {
    require(!deadline.has_passed(), "the server ends, or says why not",
            "within " + deadline_text() + " only: " + server().log());
    if (refuses()) server().ask_to_end();
    ending = server().wait(10);
  }
  // It may have been on its way out, because of the last changes.
  if (ending && !ending->with(0)) return check_end(false);
  server_.reset();
}

// All that a life without a fault offers.
std::vector<Fault> faults_of(const Life& life) {
  std::vector<Fault> faults;
  for (const FaultRow& row : kFaults) {
    for (uint32_t n = 1; n <= life.calls(row.kind); ++n) {
      for (const int error : row.once) {
        faults.push_back({row.kind, error, n, false});
      }
      for (const int error : row.from_then_on) {
        faults.push_back({row.kind, error, n, true});
      }
    }
  }
  return faults;
}

// As Fault::text() gives it.
Fault fault_in(const std::string& text) {
  Fault fault{};
  char name[64];
  char more = ' ';
  const int read = std::sscanf(text.c_str(), "%63[^:]:%d:%u%c", name,
                               &fault.error, &fault.number, &more);
  const auto found = std::find(std::begin(kFaultKinds), std::end(kFaultKinds),
                               std::string_view(name));
  if (read < 3 || found == std::end(kFaultKinds)) die_plainly("KLH_FAULT");
  fault.kind = static_cast<FaultKind>(found - std::begin(kFaultKinds));
  fault.goes_on = more == '+';
  return fault;
}

class Faults : public testing::Test {
 protected:
  void run(const std::string& policy);
  void run_one(const std::string& policy, const Fault& fault);
  void run_deaths(const std::string& policy, const std::optional<Fault>& fault,
                  bool fails_power);
  static std::vector<Fault> faults_after_which_files_change(
      const std::string& policy);
  size_t deaths() const { return deaths_; }

 private:
  std::map<std::string, std::pair<size_t, size_t>> counts_;  // and reached
  size_t failures_ = 0;
  size_t deaths_ = 0;
};

void Faults::run(const std::string& policy) {
  if (const char* const only = std::getenv("KLH_FAULT")) {
    const char* const its_policy = std::getenv("KLH_POLICY");
    if (!its_policy || policy == its_policy) run_one(policy, fault_in(only));
    return;
  }
  Life life(policy, std::nullopt);
  life.run();
  if (HasFailure()) return;
  const bool is_whole = std::getenv("KLH_ALL_FAULTS") != nullptr;
  constexpr size_t kSelected = 50;
  constexpr size_t kMostFailures = 10;
  const std::vector<Fault> faults = faults_of(life);
  const size_t step =
      is_whole ? 1 : std::max<size_t>(1, faults.size() / kSelected);
  for (size_t i = 0; i < faults.size(); i += step) {
    run_one(policy, faults[i]);
    if (failures_ == kMostFailures) return;
  }
  if (!is_whole) return;
  for (const auto& [kind, count] : counts_) {
    std::printf("  %-15s %4zu, %4zu of them reached\n", kind.c_str(),
                count.first, count.second);
  }
}

void Faults::run_one(const std::string& policy, const Fault& fault) {
  SCOPED_TRACE("KLH_FAULT=" + fault.text() + " KLH_POLICY=" + policy + " (" +
               (fault.error ? std::strerror(fault.error) : "falls short") +
               ")");
  Life life(policy, fault);
  try {
    life.run();
  } catch (const testing::AssertionException&) {
    ++failures_;  // reported already; the others are worth to know, too
  }
  auto& [count, reached] =
      counts_[kFaultKinds[static_cast<size_t>(fault.kind)]];
  ++count;
  if (life.was_reached()) ++reached;
}

std::vector<Fault> Faults::faults_after_which_files_change(
    const std::string& policy) {
  Life whole(policy, std::nullopt);
  whole.run();
  std::vector<Fault> faults;
  for (const FaultKind kind :
       {FaultKind::fdatasync, FaultKind::rename, FaultKind::fsync}) {
    for (uint32_t n = 1; n <= whole.calls(kind); ++n) {
      faults.push_back({kind, EIO, n, false});
    }
  }
  return faults;
}

// What a crash can leave depends on these.
constexpr FaultKind kMoments[] = {FaultKind::write,     FaultKind::fsync,
                                  FaultKind::fdatasync, FaultKind::rename,
                                  FaultKind::openat,    FaultKind::opendir,
                                  FaultKind::ftruncate, FaultKind::unlinkat,
                                  FaultKind::mkdir,     FaultKind::fork};

// Before each call of these kinds, after a fault or without one.
void Faults::run_deaths(const std::string& policy,
                        const std::optional<Fault>& fault, bool fails_power) {
  constexpr size_t kMostFailures = 10;
  Life whole(policy, fault);
  whole.run();
  for (const FaultKind kind : kMoments) {
    for (uint32_t n = 1; n <= whole.calls(kind); ++n) {
      const Death death = {kind, n, fails_power};
      SCOPED_TRACE("KLH_FAULT=" + (fault ? fault->text() : "") +
                   " KLH_KILL=" + death.text() + " KLH_POLICY=" + policy +
                   (fails_power ? ", then the power fails" : ""));
      ++deaths_;
      try {
        Life(policy, fault, death).run();
      } catch (const testing::AssertionException&) {
        if (++failures_ >= kMostFailures) return;
      }
    }
  }
}

TEST_F(Faults, EachMomentIsOneToBeKilledIn) {
  run_deaths("everysec", std::nullopt, false);
}

TEST_F(Faults, EachMomentIsOneToLoseThePowerIn) {
  run_deaths("always", std::nullopt, true);
}

// Twice something goes wrong: too many pairs for each day.
TEST_F(Faults, EachMomentAfterAFaultIsOneToBeKilledIn) {
  const std::string policy = "everysec";
  const bool is_whole = std::getenv("KLH_ALL_FAULTS") != nullptr;
  for (const Fault& fault : faults_after_which_files_change(policy)) {
    if (!is_whole && fault.text() != "fdatasync:5:3") continue;
    run_deaths(policy, fault, false);
  }
  if (is_whole) std::printf("  %zu pairs\n", deaths());
}

TEST_F(Faults, LoseNothingWithAlways) {
  run("always");
}

TEST_F(Faults, LoseNothingWithEverysec) {
  run("everysec");
}

// These have shown what was wrong; the selection may pass them by.
TEST_F(Faults, ThatOnceDidHarmDoNoMore) {
  for (const char* const each :
       {"write:5:2+", "write:28:9+", "send:104:3", "send:32:3", "recv:0:5+",
        "pthread_create:11:1", "pthread_create:11:1+"}) {
    run_one("everysec", fault_in(each));
  }
}

// The library itself

class FaultsOfATest : public testing::Test {
 protected:
  // What is in file "a" in the end, or what went wrong.
  std::string after(const std::string& fault,
                    const std::vector<std::string>& steps) {
    const std::string calls = directory_.path() + "/calls";
    calls_.emplace(calls);
    std::vector<std::string> command = {shim_probe(), directory_.path()};
    command.insert(command.end(), steps.begin(), steps.end());
    const Outcome outcome = run_program(
        command, "",
        {.environment = {"LD_PRELOAD=" + shim("faults"),
                         "KLH_FAULT_CALLS=" + calls, "KLH_FAULT=" + fault}});
    if (!outcome.ending.with(0)) return outcome.errors;
    std::string text;
    std::getline(std::ifstream(directory_.path() + "/a"), text);
    return text;
  }

  uint32_t calls(FaultKind kind) const { return calls_->of(kind); }

 private:
  TemporaryDirectory directory_;
  std::optional<Calls> calls_;
};

TEST_F(FaultsOfATest, OccurWhereTheyAreWanted) {
  const std::vector<std::string> steps = {"create:a", "write:a:12", "sync:a",
                                          "write:a:34", "write:a:56"};
  EXPECT_EQ(after("", steps), "123456");
  EXPECT_EQ(calls(FaultKind::write), 3u);
  EXPECT_EQ(calls(FaultKind::fsync), 1u);
  EXPECT_EQ(after("write:28:2", steps),
            "write:a:34: No space left on device\n");
  EXPECT_EQ(after("write:28:4", steps), "123456");
  EXPECT_EQ(after("fsync:5:1", steps), "sync:a: Input/output error\n");
  EXPECT_EQ(after("write:0:2", steps), "12356");
  EXPECT_EQ(after("write:0:2+", steps), "1235");
}

}  // namespace

}  // namespace klh::test
