#include "persistence/replay.h"

#include <optional>
#include <utility>

#include "persistence/crc32c.h"
#include "persistence/effect.h"
#include "persistence/journal.h"
#include "persistence/loader.h"

namespace klh {

namespace {

// The number of the journal whose header this is; 0: it is none.
uint64_t number_in_header(std::string_view line) {
  constexpr std::string_view kBegin = "# klh 1 ";
  if (!line.starts_with(kBegin)) return 0;
  const std::string_view name =
      line.substr(kBegin.size(), line.find(' ', kBegin.size()) - kBegin.size());
  const uint64_t number = number_in(name, FileKind::journal).value_or(0);
  if (number == 0) return 0;
  for (const std::string& follows : may_follow(number, number, true)) {
    if (line == journal_header(number, follows)) return number;
  }
  return 0;
}

class Reader {
 public:
  Reader(uint64_t number, const Apply& apply, Replayed& replayed)
      : number_(number), apply_(apply), replayed_(replayed) {}

  Status take_header(std::string_view line,
                     const std::vector<std::string>& may_follow) {
    replayed_.checksum = crc32c(line);
    befores_ = {replayed_.checksum};
    for (const std::string& name : may_follow) {
      if (line == journal_header(number_, name)) return {};
    }
    if (line.ends_with("\r\n")) return explain_carriage_return();
    const std::string begin = journal_header(number_, "");
    const std::string_view until_name(begin.data(), begin.size() - 1);
    if (line.starts_with(until_name) && line.ends_with('\n')) {
      line.remove_prefix(until_name.size());
      line.remove_suffix(1);
      return Status::missing("follows " + std::string(line) +
                             ", which is missing");
    }
    if (const uint64_t own = number_in_header(line)) {
      return Status::invalid("is " + file_name(FileKind::journal, own) +
                             " by its header; give it that name");
    }
    // What it followed, its first change may tell, which may be this line.
    for (const std::string& name : klh::may_follow(number_, number_, true)) {
      befores_.push_back(crc32c(journal_header(number_, name)));
    }
    if (line.ends_with('\n') &&
        given_checksum(line.substr(0, line.size() - 1))) {
      (void)take(line);
    }
    return Status::damaged("damaged: no header of this journal");
  }

  // A line that ends in '\n'.
  Status take(std::string_view line) {
    if (replayed_.next != 0) {
      return Status::damaged("something stands behind the end");
    }
    for (const uint32_t before : befores_) {
      if (!line.starts_with('#') || line != journal_end(number_ + 1, before)) {
        continue;
      }
      replayed_.next = number_ + 1;
      return {};
    }
    line.remove_suffix(1);
    Status status;
    for (const uint32_t before : befores_) {
      status = read_effect(line, words_, before);
      if (status.ok()) break;
    }
    note_checksum(line, status.ok());
    if (!status.ok()) return status;
    views_.assign(words_.begin(), words_.end());
    status = apply_(views_);
    if (status.ok()) ++replayed_.changes;
    return status;
  }

  Status take_torn(std::string_view rest, uint64_t line_number) {
    if (replayed_.next != 0) {
      return Status::damaged("something stands behind the end");
    }
    const bool is_zeros = rest.find_first_not_of('\0') == rest.npos;
    replayed_.torn = std::to_string(line_number) + ": " +
                     std::to_string(rest.size()) +
                     (is_zeros ? " zeros" : " bytes of a line") +
                     " at the end, as a crash leaves them, do not count";
    return {};
  }

 private:
  // From which checksums that of the next line may go on.
  void note_checksum(std::string_view line, bool is_right) {
    const std::optional<uint32_t> given = given_checksum(line);
    if (is_right) {
      replayed_.checksum = *given;
      befores_.assign(1, *given);
      return;
    }
    const uint32_t right = right_checksum(line, befores_.front());
    befores_ = {right, replayed_.checksum};
    if (given) befores_.insert(befores_.begin(), *given);
  }

  uint64_t number_;
  const Apply& apply_;
  Replayed& replayed_;
  std::vector<uint32_t> befores_;  // one, as long as all is right
  std::vector<std::string> words_;
  std::vector<std::string_view> views_;
};

}  // namespace

Status replay_journal(int fd, const Progress& progress, uint64_t number,
                      const std::vector<std::string>& may_follow,
                      const Apply& apply, Replayed& replayed,
                      const Tolerate& tolerate) {
  using Result = LineReader::Result;
  LineReader lines(fd, progress);
  Reader reader(number, apply, replayed);
  for (;;) {
    std::string_view line;
    Status status;
    const Result result = lines.next(line);
    if (result == Result::stopped) return Status::stopped();
    if (result == Result::failed) {
      status = Status::from_errno("");
    } else if (lines.number() == 1) {
      status = reader.take_header(line, may_follow);
    } else if (result == Result::end) {
      return {};
    } else if (line.ends_with('\n')) {
      status = reader.take(line);
    } else {
      status = reader.take_torn(line, lines.number());
    }
    if (!status.ok()) {
      const bool has_wrong_name =
          lines.number() == 1 && status.is(Status::Kind::invalid);
      status = std::move(status).at(std::to_string(lines.number()));
      if (!tolerate || has_wrong_name) return status;
      tolerate(status);
      if (result != Result::line) return {};
    }
    if (replayed.torn.empty()) replayed.size = lines.offset() + line.size();
  }
}

}  // namespace klh
