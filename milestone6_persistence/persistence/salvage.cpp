#include "persistence/salvage.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "persistence/crc32c.h"
#include "persistence/dump.h"
#include "persistence/effect.h"
#include "persistence/journal.h"
#include "persistence/loader.h"
#include "persistence/record.h"

namespace klh {

namespace {

// What a line of ours that begins with # says.
bool is_end(std::string_view line, uint64_t next) {
  const std::string right = journal_end(next, 0);
  const std::string_view until_checksum(right.data(), right.find('~'));
  return line.starts_with(until_checksum) && line.size() == right.size() - 1;
}
bool is_footer(std::string_view line) {
  return line.starts_with("# end ");
}
bool is_header(std::string_view line) {
  return line.starts_with("# klh");
}

// Reads a file line by line, without their '\n'. What can no longer be read is
// told like a line that is left out.
class Look {
 public:
  Look(const DataDirectory& directory, Salvage& salvage)
      : salvage_(salvage),
        path_(directory.path_of(salvage.source)),
        fd_(directory.open_to_read(salvage.source)) {}

  // `take` returns why the line is left out, or "".
  using Take = std::function<std::string(std::string_view line, bool is_whole)>;
  std::string run(const Take& take) {
    if (!fd_.is_open()) return complaint_of(path_);
    const Progress no_progress;
    LineReader lines(fd_.get(), no_progress);
    std::string_view line;
    for (;;) {
      const LineReader::Result result = lines.next(line);
      number_ = lines.number();
      if (result == LineReader::Result::end) return "";
      if (result != LineReader::Result::line) {
        note(std::string(std::strerror(errno)) + ": what follows is left out");
        salvage_.left_out.push_back(number_);
        return "";
      }
      const bool is_whole = line.ends_with('\n');
      if (is_whole) line.remove_suffix(1);
      const std::string reason = take(line, is_whole);
      if (reason.empty()) continue;
      note("left out: " + reason);
      salvage_.left_out.push_back(number_);
    }
  }

  uint64_t number() const { return number_; }

  // Something is wrong here.
  void note(const std::string& what) {
    salvage_.is_damaged = true;
    std::printf("%s:%llu: %s\n", path_.c_str(),
                static_cast<unsigned long long>(number_), what.c_str());
  }

 private:
  Salvage& salvage_;
  std::string path_;
  FileDescriptor fd_;
  uint64_t number_ = 0;
};

// Which changes of a journal fit their checksums. The one that a line goes on
// from is in the line before, or it is the one that would be right there; or
// else that of the last line that fits, if something was put in between.
class Chain {
 public:
  // It goes on from this header.
  explicit Chain(std::string_view header)
      : given_(crc32c(header)), last_(*given_) {}

  std::string take(std::string_view line, std::vector<std::string>& words) {
    std::string complaint;
    bool fits = false;
    for (const std::optional<uint32_t> before :
         {given_, right_, std::optional(last_)}) {
      if (fits || !before) continue;
      complaint = read_effect(line, words, *before).text();
      fits = right_checksum(line, *before) == given_checksum(line);
    }
    right_ = right_checksum(line, given_.value_or(last_));
    given_ = given_checksum(line);
    if (fits) last_ = *given_;
    return complaint;
  }

  // Does the line go on from the last one that was there? An end must.
  bool is_continued_by(std::string_view line) const {
    return given_ && right_checksum(line, *given_) == given_checksum(line);
  }

 private:
  std::optional<uint32_t> given_;
  std::optional<uint32_t> right_;
  uint32_t last_;
};

class DumpLook {
 public:
  DumpLook(const DataDirectory& directory, Store& store, Salvage& salvage)
      : salvage_(salvage), store_(store), look_(directory, salvage) {}

  std::string run() {
    const std::string complaint =
        look_.run([this](std::string_view line, bool is_whole) {
          return take(line, std::string(line) + (is_whole ? "\n" : ""));
        });
    if (complaint.empty()) check_footer();
    return complaint;
  }

 private:
  // A line, and the same with its '\n', if it has one.
  std::string take(std::string_view line, const std::string& bytes) {
    if (look_.number() == 1 && is_header(line)) return take_header(bytes);
    if (!footer_.empty()) look_.note("something stands behind the footer");
    if (is_footer(line)) {
      footer_ = bytes;
      return "";
    }
    checksum_ = crc32c(bytes, checksum_);
    if (line.starts_with('#')) {
      return has_header_ ? "no record: it may have been one" : "";
    }
    if (has_header_ && bytes.size() == line.size()) return "cut short";
    const std::string complaint = load_record(line, store_).text();
    if (complaint.empty()) ++salvage_.kept;
    return complaint;
  }

  std::string take_header(const std::string& bytes) {
    has_header_ = true;
    checksum_ = crc32c(bytes);
    salvage_.named = number_in_header(bytes, FileKind::dump);
    const bool is_right =
        bytes == dump_header("") || salvage_.named == salvage_.number;
    return is_right ? "" : "damaged: no header of this dump";
  }

  void check_footer() {
    if (!has_header_ && footer_.empty()) {  // it was written by hand
      if (salvage_.kept == 0) look_.note("neither header nor record");
    } else if (footer_.empty()) {
      look_.note("the footer is gone, and perhaps records before it");
    } else if (footer_ != dump_footer(salvage_.kept, checksum_)) {
      look_.note(
          "the footer does not fit: a value or a key may be another than was "
          "written, and nobody can tell which");
    }
  }

  Salvage& salvage_;
  Store& store_;
  Look look_;
  uint32_t checksum_ = 0;
  std::string footer_;
  bool has_header_ = false;
};

class JournalLook {
 public:
  JournalLook(const DataDirectory& directory, const Apply& apply,
              Salvage& salvage)
      : salvage_(salvage), apply_(apply), look_(directory, salvage) {
    set_header(salvage.may_follow.front());
  }

  std::string run() {
    const std::string complaint =
        look_.run([this](std::string_view line, bool is_whole) {
          if (look_.number() == 1) return take_header(line, is_whole);
          if (look_.number() == 2 && has_bad_header_) guess_header(line);
          return take(line, is_whole);
        });
    if (!complaint.empty()) return complaint;
    if (look_.number() == 1) look_.note("the header is gone");
    if (!has_end_ && salvage_.leads_to != 0) {
      look_.note("the end is gone, and perhaps changes before it");
    }
    return "";
  }

 private:
  std::string take_header(std::string_view line, bool is_whole) {
    for (const std::string& name : salvage_.may_follow) {
      const std::string header = journal_header(salvage_.number, name);
      if (!is_whole || header != std::string(line) + "\n") continue;
      set_header(name);
      return "";
    }
    if (!given_checksum(line)) {
      const std::string whole = std::string(line) + "\n";
      has_bad_header_ =
          number_in_header(whole, FileKind::journal) != salvage_.number;
      // What it follows is gone, but its changes go on from it all the same.
      if (!has_bad_header_) chain_.emplace(whole);
      return "damaged: no header of this journal";
    }
    look_.note("the header is gone");
    guess_header(line);
    return take(line, is_whole);
  }

  // What the journal followed, its first change may tell.
  void guess_header(std::string_view first_change) {
    for (const std::string& name : salvage_.may_follow) {
      set_header(name);
      if (chain_->is_continued_by(first_change)) return;
    }
    set_header(salvage_.may_follow.front());
  }

  void set_header(const std::string& follows) {
    salvage_.header = journal_header(salvage_.number, follows);
    chain_.emplace(salvage_.header);
  }

  std::string take(std::string_view line, bool is_whole) {
    const bool is_torn = !is_whole && salvage_.leads_to == 0 && !has_end_;
    if (is_torn) return "";
    if (has_end_) look_.note("something stands behind the end");
    if (!is_whole) return "cut short";
    if (!is_end(line, salvage_.number + 1)) return take_change(line);
    has_end_ = true;
    if (chain_->is_continued_by(line)) {
      salvage_.named = salvage_.number + 1;
    } else {
      look_.note("damaged: the end, or changes before it are gone");
    }
    return "";
  }

  std::string take_change(std::string_view line) {
    std::string complaint = chain_->take(line, words_);
    if (complaint.empty()) {
      complaint =
          apply_(std::vector<std::string_view>(words_.begin(), words_.end()))
              .text();
    }
    if (complaint.empty()) ++salvage_.kept;
    return complaint;
  }

  Salvage& salvage_;
  const Apply& apply_;
  Look look_;
  std::optional<Chain> chain_;
  std::vector<std::string> words_;
  bool has_bad_header_ = false;
  bool has_end_ = false;
};

}  // namespace

std::string look_at_dump(const DataDirectory& directory, Store& store,
                         Salvage& salvage) {
  return DumpLook(directory, store, salvage).run();
}

std::string look_at_journal(const DataDirectory& directory, const Apply& apply,
                            Salvage& salvage) {
  return JournalLook(directory, apply, salvage).run();
}

namespace {

class Copy {
 public:
  Copy(const Salvage& salvage, FileDescriptor fd)
      : salvage_(salvage), fd_(std::move(fd)) {
    output_.append(salvage.header);
    checksum_ = crc32c(salvage.header);
  }

  void take(std::string_view line, uint64_t number) {
    const bool is_left_out = std::binary_search(
        salvage_.left_out.begin(), salvage_.left_out.end(), number);
    if (is_left_out || error_ != 0) return;
    const bool is_whole = line.ends_with('\n');
    if (is_whole) line.remove_suffix(1);
    salvage_.kind == FileKind::dump ? take_record(line, number)
                                    : take_change(line, is_whole);
    constexpr size_t kWriteBytes = 256 * 1024;
    if (output_.size() >= kWriteBytes) flush();
  }

  // The errno of what has failed, or 0.
  int finish() {
    if (salvage_.kind == FileKind::dump) {
      output_.append(dump_footer(salvage_.kept, checksum_));
    } else if (salvage_.leads_to != 0) {
      output_.append(journal_end(salvage_.leads_to, checksum_));
    }
    flush();
    if (error_ == 0 && !sync_file(fd_.get())) error_ = errno;
    return error_;
  }

 private:
  void take_record(std::string_view line, uint64_t number) {
    if (is_footer(line) || (number == 1 && is_header(line))) return;
    const size_t begin = output_.size();
    output_.append(line);
    output_.append("\n");
    checksum_ = crc32c(output_.view().substr(begin), checksum_);
  }

  void take_change(std::string_view line, bool is_whole) {
    if (line.starts_with('#') || !is_whole) return;
    checksum_ = append_corrected(output_, line, checksum_);
  }

  void flush() {
    if (error_ == 0 && !write_all(fd_.get(), output_)) error_ = errno;
  }

  const Salvage& salvage_;
  FileDescriptor fd_;
  Buffer output_;
  uint32_t checksum_ = 0;
  int error_ = 0;
};

}  // namespace

std::string write_salvage(const DataDirectory& directory,
                          const Salvage& salvage, const std::string& name) {
  FileDescriptor to = directory.create_new(name);
  if (!to.is_open()) return complaint_of(directory.path_of(name));
  Copy copy(salvage, std::move(to));
  if (!salvage.source.empty()) {
    const FileDescriptor from = directory.open_to_read(salvage.source);
    const Progress no_progress;
    LineReader lines(from.get(), no_progress);
    std::string_view line;
    while (lines.next(line) == LineReader::Result::line) {
      copy.take(line, lines.number());
    }
  }
  errno = copy.finish();
  if (errno == 0 && directory.sync()) return "";
  const std::string complaint = complaint_of(directory.path_of(name));
  directory.remove(name);
  return complaint;
}

uint64_t number_in_header(std::string_view line, FileKind kind) {
  const size_t begin = line.find("journal-");
  if (begin == line.npos || !line.ends_with('\n')) return 0;
  const std::string_view name =
      line.substr(begin, line.find_first_of(" \n", begin) - begin);
  const uint64_t number = number_in(name, FileKind::journal).value_or(0);
  if (number == 0) return 0;
  if (kind == FileKind::dump) {
    return line == dump_header(std::string(name)) ? number : 0;
  }
  for (const std::string& follows : may_follow(number, number, true)) {
    if (line == journal_header(number, follows)) return number;
  }
  return 0;
}

}  // namespace klh
