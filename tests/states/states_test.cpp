// Each cell of the table in docs/states.md: a server is put in the column's
// state and sent the row's command. The reply is as the code says, the server
// goes on or has ended, and its files are as they must be. Then always:
//
//   what a kill would leave now passes --check, and a start has all that was
//   acknowledged
//   when the state is over, changes are accepted, and SIGTERM ends the server
//   with status 0
//   a start has all that was acknowledged until then
//
//   build/states_test --gtest_filter='*loading*SAVE*'
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

#include "harness/diagnosis.h"
#include "harness/files.h"
#include "harness/settings.h"
#include "states/state.h"
#include "states/table.h"

namespace klh::test {

namespace {

using Reply = Expectation::Reply;
using Files = Expectation::Files;

// The words of a row, which may stand in quotes; NUMBER is that of the victim.
Words words_of(const std::string& command, const std::string& id) {
  std::istringstream in(command);
  Words words;
  for (std::string word; in >> std::quoted(word);) {
    words.push_back(word == "NUMBER" ? id : word);
  }
  return words;
}

// 0 if the row is a command.
int signal_of(const std::string& command) {
  static const std::map<std::string, int> kSignals = {
      {"SIGTERM", SIGTERM}, {"SIGINT", SIGINT}, {"SIGHUP", SIGHUP}};
  const auto found = kSignals.find(command);
  return found == kSignals.end() ? 0 : found->second;
}

std::string newest_dump(const FileContents& files) {
  std::string newest;
  for (const auto& [name, bytes] : files) {
    if (name.starts_with("dump-") && name.ends_with(".klh")) {
      newest = std::max(newest, name);
    }
  }
  return newest;
}

class States : public testing::TestWithParam<Cell> {
 protected:
  void run();

 private:
  void look_before();
  void send();
  void take_replies_before();
  void take_reply();
  void check_end();
  void check_files();
  void note_change(const std::string& reply);
  void check_config();
  void check_kill();
  void go_on();
  Instance& server() { return scene_.subject.server(); }
  FileContents files() const;  // none where there is no directory
  bool goes_on() const { return cell_.expected.status == Expectation::kGoesOn; }

  const Cell cell_ = GetParam();
  const State& state_ = state_called(cell_.state);
  Scene scene_{.subject = Subject(state_.flags, state_.keeps_journal)};
  Words words_;
  std::string reply_;
  FileContents before_;
  std::string dump_before_;
  std::string log_before_;
};

void States::run() {
  put_up(state_, scene_);
  look_before();
  send();
  if (state_.is_stuck) {
    const bool is_silent =
        scene_.sender->read_some() && scene_.sender->take_reply().empty();
    require(is_silent, "no reply before the state is over", "one");
    leave(state_, scene_.subject);
  }
  take_reply();
  check_end();
  check_files();
  if (state_.is_forever) return;
  scene_.subject.check_files();
  if (goes_on()) go_on();
}

void States::look_before() {
  before_ = files();
  dump_before_ = newest_dump(before_);
  log_before_ = server().process().log();
  words_ = words_of(cell_.command, scene_.victim_id);
}

FileContents States::files() const {
  const std::string& directory = scene_.subject.directory();
  return std::filesystem::exists(directory) ? files_in(directory)
                                            : FileContents();
}

void States::send() {
  if (const int number = signal_of(cell_.command)) {
    server().process().signal(number);
    return;
  }
  scene_.sender->send(words_);
  scene_.sender->write_some();
}

// A server that ends does not wait until they are read.
void States::take_replies_before() {
  const bool may_end = cell_.expected.reply == Reply::connection_ends;
  for (size_t left = scene_.replies_left; left > 0; --left) {
    const std::string reply = scene_.sender->wait_for_reply();
    if (may_end && reply.empty()) return;
    require(reply.starts_with("$"), "a reply before", escaped(reply));
  }
}

void States::take_reply() {
  if (signal_of(cell_.command) != 0) return;
  const Expectation& expected = cell_.expected;
  take_replies_before();
  // What comes first behind no reply is the next one.
  if (expected.reply == Reply::nothing) {
    scene_.sender->send({"CLIENT", "REPLY", "ON"});
  }
  reply_ = scene_.sender->wait_for_reply();
  switch (expected.reply) {
    case Reply::connection_ends:
      require(reply_.empty(), "the end of the connection", escaped(reply_));
      break;
    case Reply::nothing:
      require(reply_ == "+OK\r\n", "no reply", escaped(reply_));
      break;
    case Reply::begins:
      require(reply_.starts_with(expected.text), expected.text,
              escaped(reply_));
      break;
  }
  note_change(reply_);
  if (reply_ == "+OK\r\n" && words_[0] == "CONFIG") check_config();
  if (reply_ == ":1\r\n" && words_[0] == "CLIENT") check_kill();
}

void States::note_change(const std::string& reply) {
  Model& model = scene_.subject.model();
  if (reply.empty() && words_[0] == "SET") model.note_unanswered();
  if (reply.empty() && words_[0] == "FLUSHALL") model.note_unanswered_flush();
  if (reply != "+OK\r\n") return;
  if (words_[0] == "SET") model.note_set(words_[1], words_[2]);
  if (words_[0] == "FLUSHALL") model.note_flush();
}

void States::check_config() {
  const std::string option = server().ask({"CONFIG", "GET", words_[2]});
  const std::string value =
      "$" + std::to_string(words_[3].size()) + "\r\n" + words_[3] + "\r\n";
  require(option.ends_with("\r\n" + value), "the option has this value",
          escaped(option));
}

// It is gone at once, with what it has not read.
void States::check_kill() {
  const std::string list = server().ask({"CLIENT", "LIST"});
  require(list.find("id=" + scene_.victim_id + " ") == list.npos,
          "the client is gone", list);
  const std::string again = server().ask(words_);
  require(again == ":0\r\n", "nobody to be killed a second time", again);
  while (!scene_.victim->wait_for_reply().empty()) continue;
}

void States::check_end() {
  const Expectation& expected = cell_.expected;
  if (!goes_on()) {
    // Some ends are those of a turn of the loop, and none comes by itself.
    (void)server().ask({"PING"});
    const Ending ending = scene_.subject.wait_until_ended();
    require(ending.with(expected.status),
            "exit status " + std::to_string(expected.status), ending.text());
    return;
  }
  if (signal_of(cell_.command) != 0) {
    server().wait_until("the server says why it does not end", [&] {
      const std::string log = server().process().log();
      return log.find("not ended", log_before_.size()) != std::string::npos;
    });
  }
  const std::string ping = server().ask({"PING"});
  require(ping.starts_with(state_.ping), std::string(state_.ping),
          escaped(ping));
}

void States::check_files() {
  if (cell_.expected.files == Files::as_they_were) {
    require(files() == before_, "the files as they were",
            "others, or with other content");
  } else if (cell_.expected.files == Files::new_dump) {
    const auto is_there = [&] { return newest_dump(files()) > dump_before_; };
    if (goes_on()) server().wait_until("a new dump", is_there);
    require(is_there(), "a new dump", "none");
    scene_.subject.model().note_dump();
  }
}

// The state is over; all is as ever.
void States::go_on() {
  leave(state_, scene_.subject);
  server().wait_until("changes are accepted", [&] {
    const std::string reply = server().ask({"SET", "after", "1"});
    if (reply.empty()) scene_.subject.model().note_unanswered();
    return reply == "+OK\r\n";
  });
  scene_.subject.model().note_set("after", "1");
  server().wait_until("they are saved",
                      [&] { return server().ask({"SAVE"}) == "+OK\r\n"; });
  scene_.subject.model().note_dump();
  server().process().signal(SIGTERM);
  const Ending ending = scene_.subject.wait_until_ended();
  require(ending.with(0), "exit status 0 on SIGTERM",
          ending.text() + "\n" + server().process().log());
  scene_.subject.check_files();
}

TEST_P(States, Hold) {
  run();
}

std::string name_of_cell(const testing::TestParamInfo<Cell>& info) {
  std::string name = info.param.state + "__" + info.param.command;
  for (char& byte : name) {
    if (!std::isalnum(static_cast<unsigned char>(byte))) byte = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cells, States, testing::ValuesIn(table_of_states()),
                         name_of_cell);

// Whatever is in a row is in each table, so that no state is forgotten.
TEST(TableOfStates, HasEachCommandInEachState) {
  std::map<std::string, std::set<std::string>> commands;
  std::set<std::string> all;
  for (const Cell& cell : table_of_states()) {
    EXPECT_TRUE(commands[cell.state].insert(cell.command).second)
        << cell.command << " twice: " << cell.state;
    all.insert(cell.command);
  }
  for (const auto& [state, its] : commands) {
    EXPECT_EQ(its, all) << state;
  }
}

}  // namespace

}  // namespace klh::test
