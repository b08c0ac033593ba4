#include "states/subject.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/server_process.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

std::string program() {
  return tests_learner() ? settings().server : course_program(6, "server");
}

std::vector<std::string> command_of(const std::string& directory,
                                    const std::vector<std::string>& flags) {
  std::vector<std::string> command = {program(), "--port", "0", "--dir",
                                      directory};
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

std::vector<std::string> journal_flags(bool keeps_journal) {
  return {"--appendonly", keeps_journal ? "yes" : "no"};
}

struct Seed {
  TemporaryDirectory directory;
  Model model;
};

void fill(Instance& server, Model& model, const std::string& prefix) {
  const auto change = [&](const Words& words, const Words& read,
                          const std::string& reply) {
    const std::string got = server.ask(words);
    require(got[0] != '-' && !got.empty(), "a change of the seed", got);
    model.note(read, reply);
  };
  change({"SET", prefix + "string", "a b"}, {"GET", prefix + "string"},
         "$3\r\na b\r\n");
  change({"RPUSH", prefix + "list", "a", "b"},
         {"LRANGE", prefix + "list", "0", "-1"},
         "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  change({"HSET", prefix + "hash", "f", "v"}, {"HGET", prefix + "hash", "f"},
         "$1\r\nv\r\n");
  change({"ZADD", prefix + "zset", "1.5", "m"},
         {"ZSCORE", prefix + "zset", "m"}, "$3\r\n1.5\r\n");
  change({"SET", prefix + "late", "x", "PXAT", "4102444800000"},
         {"PEXPIRETIME", prefix + "late"}, ":4102444800000\r\n");
}

// Made once: half of the keys are in a dump, half in a journal.
const Seed& seed(bool keeps_journal) {
  constexpr size_t kManyBytes = 300'000;
  static Seed seeds[2];
  static bool are_made[2] = {false, false};
  Seed& made = seeds[keeps_journal];
  if (std::exchange(are_made[keeps_journal], true)) return made;
  const TemporaryDirectory scratch;
  Gates gates(scratch.path() + "/gates");
  Instance server(made.directory.path(), journal_flags(keeps_journal), gates);
  server.ask({"SET", "filler", std::string(kManyBytes, 'x')});
  made.model.note({"STRLEN", "filler"},
                  ":" + std::to_string(kManyBytes) + "\r\n");
  fill(server, made.model, "first:");
  if (keeps_journal) {
    require(server.ask({"SAVE"}) == "+OK\r\n", "the seed is saved", "");
  }
  fill(server, made.model, "second:");
  server.process().signal(keeps_journal ? SIGKILL : SIGTERM);
  require(server.process().wait(Deadline(settings().deadline_ms)).has_value(),
          "the server of the seed ends", server.process().log());
  return made;
}

}  // namespace

void Model::note_set(const std::string& key, const std::string& value) {
  note({"GET", key},
       "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n");
}

void Model::note(const Words& read, const std::string& reply) {
  unsaved_.emplace_back(read, reply);
  if (keeps_journal_) note_dump();
}

void Model::note_flush() {
  unsaved_.clear();
  if (keeps_journal_) note_dump();
}

// The newest dump may be older or newer than what is told here: in between is
// one that was being written.
std::string Model::compare(const Ask& ask) const {
  const std::string count = ask({"DBSIZE"});
  if (may_be_flushed_ && count == ":0\r\n") return "";
  for (const auto& [read, reply] : saved_) {
    const std::string got = ask(read);
    if (got != reply) {
      return read[0] + " " + read[1] + " should give " + escaped(reply) +
             ", not " + escaped(got);
    }
  }
  const size_t most = std::max(saved_.size(), unsaved_.size()) + unanswered_;
  for (size_t keys = saved_.size(); keys <= most; ++keys) {
    if (count == ":" + std::to_string(keys) + "\r\n") return "";
  }
  return "there should be " + std::to_string(saved_.size()) + " keys, not " +
         escaped(count);
}

Instance::Instance(const std::string& directory, std::vector<std::string> flags,
                   Gates& gates)
    : gates_(gates),
      process_(command_of(directory, flags),
               ProcessOptions{.environment = gates.environment()}) {
  const Deadline deadline(settings().deadline_ms);
  while (gates_.port() == 0) {
    require(!has_ended() && !deadline.has_passed(), "the server listens",
            process_.log());
    ::poll(nullptr, 0, 1);
  }
}

std::string Instance::ask(const Words& words) const {
  Wire wire = connect();
  wire.send(words);
  const std::string reply = wire.wait_for_reply();
  if (!reply.starts_with("-NOAUTH ")) return reply;
  wire.send({"AUTH", kPassword});
  (void)wire.wait_for_reply();
  wire.send(words);
  return wire.wait_for_reply();
}

std::string Instance::info(const std::string& field) const {
  const std::string all = ask({"INFO"});
  const size_t at = all.find("\n" + field + ":");
  if (at == all.npos) return "";
  const size_t begin = at + field.size() + 2;
  return all.substr(begin, all.find('\r', begin) - begin);
}

void Instance::wait_until(const std::string& what,
                          const std::function<bool()>& holds) {
  const Deadline deadline(settings().deadline_ms);
  while (!holds()) {
    require(!deadline.has_passed(), what,
            "not within " + deadline_text() + "\n" + process_.log());
    (void)ask({"PING"});
  }
}

Subject::Subject(const std::vector<std::string>& flags, bool keeps_journal)
    : flags_([&] {
        std::vector<std::string> all = journal_flags(keeps_journal);
        all.insert(all.end(), flags.begin(), flags.end());
        return all;
      }()),
      model_(seed(keeps_journal).model) {
  if (!keeps_journal) model_.wait_for_dumps();
  std::filesystem::copy(seed(keeps_journal).directory.path(), directory_,
                        std::filesystem::copy_options::recursive);
}

void Subject::start() {
  server_.emplace(directory_, flags_, gates_);
}

Ending Subject::wait_until_ended() {
  const auto ending = server().process().wait(Deadline(settings().deadline_ms));
  require(ending.has_value(), "the server ends",
          "it still runs after " + deadline_text() + "\n" +
              server().process().log());
  return *ending;
}

// While it is stopped nothing changes, so this is what a kill would leave.
void Subject::check_files() {
  const std::string copy = scratch_.path() + "/copy";
  std::filesystem::remove_all(copy);
  const bool runs = !server().has_ended();
  if (runs) server().process().pause();
  std::filesystem::copy(directory_, copy,
                        std::filesystem::copy_options::recursive);
  if (runs) server().process().resume();
  const Outcome check = run_program({program(), "--check", copy});
  require(check.ending.with(0), "--check is content",
          check.output + check.errors);
  Gates gates(scratch_.path() + "/gates-of-copy");
  gates.let_clock_run();
  Instance other(copy, journal_flags(flags_[1] == "yes"), gates);
  Wire wire = other.connect();
  const std::string complaint = model_.compare([&](const Words& words) {
    wire.send(words);
    return wire.wait_for_reply();
  });
  require(complaint.empty(), "a start has all that was acknowledged",
          complaint);
}

}  // namespace klh::test
