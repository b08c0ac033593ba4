// The server under test, its files, and what must be in them: all that was
// acknowledged.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/deadline.h"
#include "harness/process.h"
#include "harness/wire.h"
#include "states/gates.h"

namespace klh::test {

inline constexpr const char* kPassword = "word";

// What is asked of a server, and how it replies.
using Ask = std::function<std::string(const Words&)>;

// The keys that a server must have after a start.
class Model {
 public:
  void note_set(const std::string& key, const std::string& value);
  void note(const Words& read, const std::string& reply);
  void note_flush();

  // A change that may be there or not: nobody was told that it was made.
  void note_unanswered() { ++unanswered_; }
  void note_unanswered_flush() { may_be_flushed_ = true; }

  // Where no journal is kept, a change counts from the next dump on.
  void wait_for_dumps() { keeps_journal_ = false; }
  void note_dump() { saved_ = unsaved_; }

  // What is different, or "".
  std::string compare(const Ask& ask) const;

 private:
  using Reads = std::vector<std::pair<Words, std::string>>;

  Reads saved_;    // one for each key
  Reads unsaved_;  // the same, once a dump is written
  bool keeps_journal_ = true;
  size_t unanswered_ = 0;
  bool may_be_flushed_ = false;
};

// A server that runs behind gates.
class Instance {
 public:
  // Listens on return. `gates` must outlive it.
  Instance(const std::string& directory, std::vector<std::string> flags,
           Gates& gates);

  Process& process() { return process_; }

  Wire connect() const { return Wire(gates_.port()); }

  // The reply to a request by a connection of its own, which gives the password
  // if one is wanted; "" if that ends.
  std::string ask(const Words& words) const;

  // The value of a line "field:value" of INFO.
  std::string info(const std::string& field) const;

  // Asks again and again, so that the loop goes round, until `holds`.
  void wait_until(const std::string& what, const std::function<bool()>& holds);

  bool has_ended() { return process_.wait(Deadline(0)).has_value(); }

 private:
  Gates& gates_;
  Process process_;
};

// What a server of the table begins with: files that are there already, of a
// size that takes long to read byte by byte.
class Subject {
 public:
  Subject(const std::vector<std::string>& flags, bool keeps_journal);

  // Starts the server; it listens on return.
  void start();

  Instance& server() { return *server_; }
  Gates& gates() { return gates_; }
  Model& model() { return model_; }
  const std::string& directory() const { return directory_; }

  // How it has ended. Fails the test if it has not by the deadline.
  Ending wait_until_ended();

  // The files as they would be found if the server were killed now: --check
  // must be content with them, and a start have what the model has.
  void check_files();

 private:
  TemporaryDirectory scratch_;
  const std::string directory_ = scratch_.path() + "/data";
  const std::vector<std::string> flags_;
  Gates gates_{scratch_.path() + "/gates"};
  Model model_;
  std::optional<Instance> server_;
};

}  // namespace klh::test
