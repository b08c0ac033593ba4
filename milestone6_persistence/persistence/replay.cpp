#include "persistence/replay.h"

#include <algorithm>
#include <utility>

#include "persistence/crc32c.h"
#include "persistence/effect.h"
#include "persistence/journal.h"

namespace klh {

namespace {

class Reader {
 public:
  Reader(uint64_t number, const Apply& apply, Replayed& replayed)
      : number_(number), apply_(apply), replayed_(replayed) {}

  Status take_header(std::string_view line,
                     const std::vector<std::string>& may_follow) {
    replayed_.checksum = crc32c(line);
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
    return Status::damaged("damaged: no header of this journal");
  }

  // A line that ends in '\n'.
  Status take(std::string_view line) {
    if (replayed_.next != 0) {
      return Status::damaged("something stands behind the end");
    }
    if (line.starts_with('#') &&
        line == journal_end(number_ + 1, replayed_.checksum)) {
      replayed_.next = number_ + 1;
      return {};
    }
    line.remove_suffix(1);
    Status status = read_effect(line, words_, replayed_.checksum);
    if (!status.ok()) return status;
    replayed_.checksum = *given_checksum(line);
    ++replayed_.changes;
    views_.assign(words_.begin(), words_.end());
    return apply_(views_);
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
  uint64_t number_;
  const Apply& apply_;
  Replayed& replayed_;
  std::vector<std::string> words_;
  std::vector<std::string_view> views_;
};

}  // namespace

Status replay_journal(int fd, const Progress& progress, uint64_t number,
                      const std::vector<std::string>& may_follow,
                      const Apply& apply, Replayed& replayed) {
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
      return std::move(status).at(std::to_string(lines.number()));
    }
    if (replayed.torn.empty()) replayed.size = lines.offset() + line.size();
  }
}

}  // namespace klh
