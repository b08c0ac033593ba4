#include "states/state.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "common/net.h"
#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// More than any interval after which the server tries something again.
constexpr int64_t kLongMs = 60'000;

constexpr size_t kRepliesLeft = 100;

bool begins(const std::string& reply, std::string_view text) {
  return reply.starts_with(text);
}

// What is only in memory; a journal has it.
void change(Scene& scene) {
  Subject& subject = scene.subject;
  const std::string reply = subject.server().ask({"SET", "changed", "1"});
  require(reply == "+OK\r\n", "a change", reply);
  subject.model().note_set("changed", "1");
}

void hold_load(Subject& subject) {
  subject.gates().hold(Gate::load);
}

// Clients are told after a while only, counted from when the load has begun.
void wait_until_loading(Subject& subject) {
  constexpr int64_t kSecondMs = 1000;
  Wire wire = subject.server().connect();
  wire.send({"PING"});
  wire.write_some();
  std::string reply;
  const Deadline deadline(settings().deadline_ms);
  while (wire.read_some() && (reply = wire.take_reply()).empty()) {
    require(!deadline.has_passed(), "a reply while it loads", "none");
    subject.gates().advance(kSecondMs);
  }
  require(begins(reply, "-LOADING"), "-LOADING", reply);
}

void hold_snapshot(Scene& scene) {
  change(scene);
  Subject& subject = scene.subject;
  subject.gates().hold(Gate::child);
  const std::string reply = subject.server().ask({"BGSAVE"});
  require(begins(reply, "+Background"), "a snapshot begins", reply);
  subject.server().wait_until(
      "the child writes", [&] { return subject.gates().is_met(Gate::child); });
}

void fill_disk(Scene& scene) {
  change(scene);
  scene.subject.gates().fail(Gate::write, ENOSPC);
  scene.subject.gates().fail(Gate::child, ENOSPC);
}

// Nobody has met it yet.
void break_syncs(Scene& scene) {
  change(scene);
  scene.subject.gates().fail(Gate::sync, EIO);
}

// One client pays for it that others know.
void fill_disk_and_notice(Scene& scene) {
  fill_disk(scene);
  Subject& subject = scene.subject;
  const std::string reply = subject.server().ask({"SET", "lost", "1"});
  require(reply.empty(), "no reply to what cannot be written", reply);
  subject.model().note_unanswered();
}

void fail_syncs(Scene& scene) {
  constexpr int64_t kSecondMs = 1000;
  Subject& subject = scene.subject;
  Instance& server = subject.server();
  subject.gates().fail(Gate::sync, EIO);
  const std::string reply = server.ask({"SET", "unsynced", "1"});
  require(reply == "+OK\r\n", "it is written, not synced", reply);
  subject.model().note_set("unsynced", "1");
  subject.gates().advance(kSecondMs);
  // The new dump that would mend it has failed, too, and waits to be tried
  // again: nothing is under way any more.
  server.wait_until("the failed sync is noticed", [&] {
    return server.info("aof_last_write_status") == "err" &&
           server.info("rdb_last_bgsave_status") == "err" &&
           server.info("rdb_bgsave_in_progress") == "0";
  });
}

// The server looks after it once a second.
void remove_directory(Scene& scene) {
  change(scene);
  Subject& subject = scene.subject;
  Instance& server = subject.server();
  std::filesystem::remove_all(subject.directory());
  subject.gates().advance(kLongMs);
  server.wait_until("what is gone is missed", [&] {
    return server.info("aof_last_write_status") == "err" &&
           server.info("rdb_bgsave_in_progress") == "0";
  });
}

void remove_journal(Scene& scene) {
  change(scene);
  Subject& subject = scene.subject;
  Instance& server = subject.server();
  const std::string& directory = subject.directory();
  const std::set<std::string> before = names_in(directory);
  std::filesystem::remove(directory + "/journal-2.klh");
  subject.gates().advance(kLongMs);
  server.wait_until("there are a new dump and a new journal", [&] {
    const std::set<std::string> now = names_in(directory);
    return now.size() == before.size() && *now.begin() != *before.begin() &&
           server.info("aof_last_write_status") == "ok" &&
           server.info("rdb_bgsave_in_progress") == "0";
  });
}

void free_memory(Subject& subject) {
  (void)subject.server().ask({"CONFIG", "SET", "maxmemory", "0"});
}

// Without AUTH it has none that it knows.
std::string id_of(Wire& wire, bool needs_password) {
  if (needs_password) {
    wire.send({"AUTH", kPassword});
    (void)wire.wait_for_reply();
  }
  wire.send({"CLIENT", "ID"});
  const std::string reply = wire.wait_for_reply();
  return reply.substr(1, reply.size() - 3);
}

// 30 MB of replies, of which it takes none.
void leave_replies(Scene& scene, Wire& wire, const std::string& id) {
  constexpr size_t kFullBytes = 250'000;
  for (size_t i = 0; i < kRepliesLeft; ++i) wire.send({"GET", "filler"});
  while (wire.wants_write()) wire.write_some();
  Instance& server = scene.subject.server();
  server.wait_until("as much waits for it as may", [&] {
    const std::string line = server.ask({"CLIENT", "LIST"});
    const size_t begin = line.find("id=" + id + " ");
    const size_t at = line.find(" tot-mem=", begin);
    return std::stoul(line.substr(at + 9)) > kFullBytes;
  });
}

void let_victim_not_read(Scene& scene) {
  leave_replies(scene, *scene.victim, scene.victim_id);
}

void let_sender_not_read(Scene& scene) {
  leave_replies(scene, *scene.sender, id_of(*scene.sender, false));
  scene.replies_left = kRepliesLeft;
}

void be_told_to_end(Scene& scene) {
  change(scene);
  Subject& subject = scene.subject;
  subject.gates().hold(Gate::sync);
  subject.server().process().signal(SIGTERM);
  // Its loop is over: it cannot be woken, only looked at.
  while (!subject.gates().is_met(Gate::sync)) {
    require(!subject.server().has_ended(), "the server syncs before it ends",
            "it has ended");
  }
}

void be_told_to_end_in_vain(Scene& scene) {
  fill_disk_and_notice(scene);
  Process& process = scene.subject.server().process();
  process.signal(SIGTERM);
  scene.subject.server().wait_until("the server says why not", [&] {
    return process.log().find("not ended") != std::string::npos;
  });
}

const State kStates[] = {
    {.name = "at rest", .enter = change},
    {.name = "loading",
     .prepare = hold_load,
     .begin = wait_until_loading,
     .ping = "-LOADING"},
    {.name = "a snapshot runs", .enter = hold_snapshot},
    {.name = "disk full", .enter = fill_disk_and_notice},
    {.name = "disk full, always",
     .flags = {"--appendfsync", "always"},
     .enter = fill_disk},
    {.name = "a sync has failed", .enter = fail_syncs},
    {.name = "a sync fails, always",
     .flags = {"--appendfsync", "always"},
     .enter = break_syncs},
    {.name = "a sync fails, no",
     .flags = {"--appendfsync", "no"},
     .enter = break_syncs},
    {.name = "the directory is gone",
     .enter = remove_directory,
     .is_forever = true},
    {.name = "the journal was removed", .enter = remove_journal},
    {.name = "no memory left",
     .flags = {"--maxmemory", "100kb"},
     .leave = free_memory},
    {.name = "before AUTH", .flags = {"--requirepass", kPassword}},
    {.name = "a client does not read", .enter = let_victim_not_read},
    {.name = "the sender does not read", .enter = let_sender_not_read},
    {.name = "ending",
     .flags = {"--appendfsync", "no"},
     .enter = be_told_to_end,
     .is_stuck = true},
    {.name = "could not end", .enter = be_told_to_end_in_vain},
    {.name = "at rest, no journal", .keeps_journal = false, .enter = change},
    {.name = "loading, no journal",
     .keeps_journal = false,
     .prepare = hold_load,
     .begin = wait_until_loading,
     .ping = "-LOADING"},
    {.name = "a snapshot runs, no journal",
     .keeps_journal = false,
     .enter = hold_snapshot},
    {.name = "disk full, no journal",
     .keeps_journal = false,
     .enter = fill_disk},
};

}  // namespace

const State& state_called(const std::string& name) {
  for (const State& state : kStates) {
    if (state.name == name) return state;
  }
  die_plainly("docs/states.md: no test can put up the state '" + name + "'");
}

void put_up(const State& state, Scene& scene) {
  Subject& subject = scene.subject;
  if (state.prepare) state.prepare(subject);
  subject.start();
  if (state.begin) state.begin(subject);
  scene.sender.emplace(subject.server().connect());
  scene.victim.emplace(subject.server().connect());
  const bool needs_password = std::find(state.flags.begin(), state.flags.end(),
                                        "--requirepass") != state.flags.end();
  scene.victim_id = id_of(*scene.victim, needs_password);
  if (state.enter) state.enter(scene);
}

void leave(const State& state, Subject& subject) {
  if (state.leave) return state.leave(subject);
  subject.gates().open_all();
  subject.gates().advance(kLongMs);
}

}  // namespace klh::test
