#include "persistence/dump.h"

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "persistence/crc32c.h"
#include "persistence/data_directory.h"
#include "persistence/record.h"

namespace klh {

namespace {

constexpr std::string_view kHeader = "# klh 1";
constexpr std::string_view kHeaderBegin = "# klh";
constexpr std::string_view kFooterBegin = "# end ";
constexpr size_t kWriteBytes = 256 * 1024;

// Writes a dump to a file piece by piece, and keeps the first failure.
class Writer {
 public:
  Writer(int fd, const std::string& journal) : fd_(fd) {
    output_.append(dump_header(journal));
  }

  void add(const Entry& entry, std::optional<int64_t> when_ms) {
    if (error_ != 0) return;
    append_record(output_, entry);
    ++records_;
    if (when_ms) {
      append_expiry(output_, entry.key(), *when_ms);
      ++records_;
    }
    if (output_.size() >= kWriteBytes) flush();
  }

  int finish() {
    flush();
    output_.append(dump_footer(records_, checksum_));
    flush();
    if (error_ == 0 && !sync_file(fd_)) error_ = errno;
    return error_;
  }

 private:
  void flush() {
    if (error_ != 0) return;
    checksum_ = crc32c(output_.view(), checksum_);
    if (!write_all(fd_, output_)) error_ = errno;
  }

  int fd_;
  Buffer output_;
  uint64_t records_ = 0;
  uint32_t checksum_ = 0;
  int error_ = 0;
};

Status cut_short() {
  return Status::damaged("cut short: the footer '# end ...' is missing");
}

// What a dump's lines say, taken one by one.
class Reader {
 public:
  Reader(Store& store, ReadDump& dump) : store_(store), dump_(dump) {}

  // `line` with its '\n', if it has one.
  Status take(std::string_view line, uint64_t number) {
    if (has_footer_) {
      return Status::damaged("something stands behind the footer");
    }
    if (has_header_ && !line.ends_with('\n')) {
      has_footer_ = true;
      return cut_short();
    }
    const bool is_first = number == 1;
    if (is_first && kHeader.starts_with(line)) {
      return Status::damaged("cut short: no header and no record");
    }
    if (is_first && line.starts_with(kHeaderBegin)) {
      Status status = take_header(line);
      if (!status.ok()) return status;
    } else if (line.starts_with(kFooterBegin)) {
      return take_footer(line);
    }
    checksum_ = crc32c(line, checksum_);
    if (line.starts_with('#')) return {};
    if (line.ends_with('\n')) line.remove_suffix(1);
    Status status = load_record(line, store_);
    if (status.ok()) ++dump_.records;
    return status;
  }

  Status take_end(uint64_t number) const {
    if (number == 1) {
      return Status::damaged("cut short: no header and no record");
    }
    if (!has_header_ && dump_.records == 0) {
      return Status::damaged("neither header nor record");
    }
    return has_header_ && !has_footer_ ? cut_short() : Status();
  }

 private:
  Status take_header(std::string_view line) {
    has_header_ = true;
    if (!line.ends_with('\n')) {
      return Status::damaged("cut short: no complete header");
    }
    line.remove_suffix(1);
    if (line == kHeader) return {};
    if (line.ends_with('\r')) return explain_carriage_return();
    const std::string begin = std::string(kHeader) + " ";
    if (line.starts_with(begin)) {
      line.remove_prefix(begin.size());
      dump_.journal = line;
      if (number_in(line, FileKind::journal)) return {};
    }
    return Status::damaged(
        "a header, but not '# klh 1' or '# klh 1 journal-N.klh'");
  }

  Status take_footer(std::string_view line) {
    if (!has_header_) {
      return Status::damaged("a footer, but the file has no header '# klh 1'");
    }
    has_footer_ = true;
    if (line == dump_footer(dump_.records, checksum_)) return {};
    return Status::damaged("damaged: the content does not fit its footer");
  }

  Store& store_;
  ReadDump& dump_;
  uint32_t checksum_ = 0;
  bool has_header_ = false;
  bool has_footer_ = false;
};

}  // namespace

int write_dump(int fd, const Store& store, const std::string& journal) {
  Writer writer(fd, journal);
  store.for_each(
      [&](const Entry& entry) { writer.add(entry, store.time_of(entry)); });
  return writer.finish();
}

Status read_dump(int fd, const Progress& progress, Store& store, ReadDump& dump,
                 const Tolerate& tolerate) {
  using Result = LineReader::Result;
  LineReader lines(fd, progress);
  Reader reader(store, dump);
  Result result;
  do {
    Status status;
    std::string_view line;
    result = lines.next(line);
    if (result == Result::stopped) return Status::stopped();
    if (result == Result::failed) status = Status::from_errno("");
    if (result == Result::line) status = reader.take(line, lines.number());
    if (result == Result::end) status = reader.take_end(lines.number());
    if (status.ok()) continue;
    status = std::move(status).at(std::to_string(lines.number()));
    if (!tolerate) return status;
    tolerate(status);
  } while (result == Result::line);
  return {};
}

std::string dump_header(const std::string& journal) {
  return std::string(kHeader) + (journal.empty() ? "" : " " + journal) + "\n";
}

std::string dump_footer(uint64_t records, uint32_t checksum) {
  char text[64];
  std::snprintf(text, sizeof text, "# end %llu %08X\n",
                static_cast<unsigned long long>(records), checksum);
  return text;
}

}  // namespace klh
