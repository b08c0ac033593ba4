// What went wrong with a file or the system, or that nothing did.
//
//   Status status = directory.finish(name);
//   if (!status.ok()) return status;          whoever calls hears of it
//
// A success is one null pointer: returning it costs nothing, so parsers may
// return one for each line. A failure has a kind, which is what code branches
// on, and a text, which is only for people:
//
//   kind     errno   place               message
//   damaged  0       data/dump-1.klh:7   no value
//   system   28      write data/j-2.klh  No space left on device
//
// text() is "place: message". The model is LevelDB's Status.
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

namespace klh {

class [[nodiscard]] Status {
 public:
  enum class Kind {
    ok,
    system,   // a system call failed; error() is its errno
    damaged,  // a file is there and does not say what it should
    missing,  // a file that another one leads to is gone
    invalid,  // an argument, a name or a request that makes no sense
    refused,  // it makes sense, but not now: loading, in use, no room
    stopped,  // it was asked to stop before it was done
  };

  // Success.
  Status() = default;

  // A system call has failed, and errno, or `error`, says how. `place` is what
  // it was about: "fsync data/journal-1.klh".
  static Status from_errno(std::string place, int error = errno);
  static Status damaged(std::string message);
  static Status missing(std::string message);
  static Status invalid(std::string message);
  static Status refused(std::string message);
  static Status stopped();

  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool ok() const { return !failure_; }
  Kind kind() const { return failure_ ? failure_->kind : Kind::ok; }
  bool is(Kind kind) const { return this->kind() == kind; }

  // The errno of a failed call; 0 when there was none.
  int error() const { return failure_ ? failure_->error : 0; }

  // "place: message", the message alone where there is no place; "" for a
  // success. For people: nothing may depend on what it says.
  std::string text() const;
  std::string_view message() const;
  std::string_view place() const;

  // The same failure, with a place in front of the one that it has, joined by
  // ':' as in "data/dump-1.klh:7". A success and a stop stay as they are.
  Status at(std::string_view place) &&;

 private:
  struct Failure {
    Kind kind;
    int error;
    std::string place;
    std::string message;
  };
  explicit Status(Failure failure);

  std::unique_ptr<Failure> failure_;  // nullptr: success
};

// Do two of them tell the same?
bool operator==(const Status& a, const Status& b);

}  // namespace klh
