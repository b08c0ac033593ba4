#include "persistence/repair.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <vector>

#include "persistence/check.h"
#include "persistence/data_directory.h"
#include "persistence/dump.h"
#include "persistence/journal.h"
#include "persistence/loader.h"
#include "persistence/salvage.h"

namespace klh {

namespace {

constexpr std::string_view kRepaired = ".repaired";

// So many journals in a row are not missing: a name is wrong.
constexpr uint64_t kMostMissing = 100;

// As a word for a shell.
std::string quoted(const std::string& path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
  if (path.find_first_not_of(kPlain) == path.npos) return path;
  std::string text = "'";
  for (const char byte : path) {
    text += byte == '\'' ? "'\\''" : std::string(1, byte);
  }
  return text + "'";
}

class Repair {
 public:
  Repair(const DataDirectory& directory, Store& store, const Apply& apply)
      : directory_(directory), store_(store), apply_(apply) {}

  // What prevents it, or "".
  std::string run() {
    std::string complaint = look_around();
    if (complaint.empty()) complaint = check_names();
    if (complaint.empty() && dump_ != 0) complaint = repair_dump();
    for (uint64_t number = first_; complaint.empty() && number != 0;) {
      complaint = repair_journal(number);
      number = number == last_ ? 0 : number + 1;
    }
    if (complaint.empty() && copies_.empty()) return "nothing can be repaired";
    return complaint;
  }

  void print_what_to_do() const;

 private:
  struct Made {
    std::string source;
    std::string name;
  };

  std::string look_around();
  std::string check_names() const;
  std::string repair_dump();
  std::string repair_journal(uint64_t number);
  std::string finish(const Salvage& salvage);
  std::string source_of(uint64_t journal) const;
  std::string first_line_of(const std::string& name) const;

  const DataDirectory& directory_;
  Store& store_;
  const Apply& apply_;
  std::set<std::string> names_;
  uint64_t dump_ = 0;   // the highest; 0: there is none
  uint64_t first_ = 0;  // of the journals that count; 0: there are none
  uint64_t last_ = 0;
  std::vector<Made> copies_;
};

std::string Repair::look_around() {
  const auto names = directory_.names();
  if (!names) return complaint_of("directory " + directory_.path());
  names_.insert(names->begin(), names->end());
  std::set<uint64_t> journals;
  for (const std::string& name : names_) {
    if (name.ends_with(".klh" + std::string(kRepaired))) {
      return directory_.path_of(name) +
             ": is there already; put it in place or remove it first";
    }
    dump_ = std::max(dump_, number_in(name, FileKind::dump).value_or(0));
    if (const auto number = number_in(name, FileKind::journal)) {
      journals.insert(*number);
    }
  }
  journals.erase(journals.begin(), journals.lower_bound(dump_));
  if (journals.empty()) return "";
  first_ = dump_ != 0 ? dump_ : *journals.begin();
  last_ = *journals.rbegin();
  uint64_t before = first_;
  for (const uint64_t number : journals) {
    if (number - before > kMostMissing || number >= UINT64_MAX - 1) {
      return directory_.path_of(file_name(FileKind::journal, number)) +
             ": the number is not one that follows; rename or remove it";
    }
    before = number;
  }
  // It was in use if there is more in it than a header.
  const std::string next = source_of(last_ + 1);
  if (!next.empty()) {
    struct stat status {};
    const std::string header =
        journal_header(last_ + 1, file_name(FileKind::journal, last_));
    if (::stat(directory_.path_of(next).c_str(), &status) == 0 &&
        static_cast<uint64_t>(status.st_size) > header.size()) {
      ++last_;
    }
  }
  return "";
}

// A file that has another's name is whole; it wants its own.
std::string Repair::check_names() const {
  for (const std::string& name : names_) {
    for (const FileKind kind : {FileKind::dump, FileKind::journal}) {
      const auto number = number_in(name, kind);
      if (!number || *number < dump_) continue;
      const uint64_t own = number_in_header(first_line_of(name), kind);
      if (own == 0 || own == *number) continue;
      if (kind == FileKind::dump) {
        // One that is damaged may give any number.
        const FileDescriptor fd = directory_.open_to_read(name);
        Store store;
        ReadDump dump;
        if (!read_dump(fd.get(), {}, store, dump).ok()) continue;
      }
      return directory_.path_of(name) + ":1: is " + file_name(kind, own) +
             " by its header; give it that name";
    }
  }
  return "";
}

std::string Repair::repair_dump() {
  Salvage salvage{.kind = FileKind::dump, .number = dump_};
  salvage.source = file_name(FileKind::dump, dump_);
  salvage.leads_to = first_;
  const std::string complaint = look_at_dump(directory_, store_, salvage);
  if (!complaint.empty()) return complaint;
  const bool names_journal = salvage.named == dump_;
  if (first_ == 0 && names_journal) first_ = last_ = dump_;
  salvage.leads_to = first_;
  salvage.header =
      dump_header(first_ == 0 ? "" : file_name(FileKind::journal, first_));
  return finish(salvage);
}

std::string Repair::repair_journal(uint64_t number) {
  const bool is_first = number == first_;
  Salvage salvage{.kind = FileKind::journal, .number = number};
  salvage.source = source_of(number);
  salvage.leads_to = number == last_ ? 0 : number + 1;
  salvage.may_follow = may_follow(number, dump_, is_first);
  if (salvage.source.empty()) {
    salvage.header = journal_header(number, salvage.may_follow.front());
    salvage.is_damaged = true;
    std::printf(
        "%s: missing; what changed in it cannot be brought back\n",
        directory_.path_of(file_name(FileKind::journal, number)).c_str());
    return finish(salvage);
  }
  if (is_first && dump_ == 0) {
    const std::string line = first_line_of(salvage.source);
    if (number_in_header(line, FileKind::journal) == number &&
        line != journal_header(number, std::string(kNothing))) {
      std::printf(
          "%s: the file that it follows is missing, and what was in it "
          "cannot be brought back\n",
          directory_.path_of(salvage.source).c_str());
    }
  }
  const std::string complaint = look_at_journal(directory_, apply_, salvage);
  if (!complaint.empty()) return complaint;
  if (salvage.leads_to == 0 && salvage.named != 0) {
    salvage.leads_to = last_ = salvage.named;
  }
  return finish(salvage);
}

// Writes a copy if it needs one, and says what is in it.
std::string Repair::finish(const Salvage& salvage) {
  const bool is_dump = salvage.kind == FileKind::dump;
  const std::string kept = counted(salvage.kept, is_dump ? "record" : "change");
  if (!salvage.is_damaged) {
    std::printf("%s: %s\n", salvage.source.c_str(), kept.c_str());
    return "";
  }
  const std::string name = file_name(salvage.kind, salvage.number);
  const std::string copy = name + std::string(kRepaired);
  const std::string complaint = write_salvage(directory_, salvage, copy);
  if (!complaint.empty()) return complaint;
  copies_.push_back({salvage.source, name});
  std::printf("%s: %s kept, %s left out\n", copy.c_str(), kept.c_str(),
              counted(salvage.left_out.size(), "line").c_str());
  return "";
}

std::string Repair::source_of(uint64_t journal) const {
  const std::string name = file_name(FileKind::journal, journal);
  for (const std::string& each : {name, unfinished(name)}) {
    if (names_.contains(each)) return each;
  }
  return "";
}

std::string Repair::first_line_of(const std::string& name) const {
  const FileDescriptor fd = directory_.open_to_read(name);
  const Progress no_progress;
  LineReader lines(fd.get(), no_progress);
  std::string_view line;
  if (lines.next(line) != LineReader::Result::line) return "";
  return std::string(line);
}

void Repair::print_what_to_do() const {
  std::printf(
      "\nWhat comes after a line that was left out may mean something else "
      "than it did:\nlook at the keys before you rely on them. To use the "
      "copies, and keep what is damaged:\n");
  for (const Made& made : copies_) {
    const std::string source = directory_.path_of(made.source);
    const std::string name = directory_.path_of(made.name);
    if (!made.source.empty()) {
      std::printf("  mv %s %s\n", quoted(source).c_str(),
                  quoted(source + ".damaged").c_str());
    }
    std::printf("  mv %s %s\n", quoted(name + std::string(kRepaired)).c_str(),
                quoted(name).c_str());
  }
  std::printf("  ./server --check %s\n", quoted(directory_.path()).c_str());
}

}  // namespace

int repair_directory(const std::string& path, Store& store,
                     const Apply& apply) {
  const DataDirectory directory(path, DataDirectory::Use::check);
  Loaded loaded;
  const Status damage = load_files(directory, store, apply, {}, loaded);
  if (damage.ok()) {
    std::printf("%s: nothing to repair\n", path.c_str());
    return 0;
  }
  std::printf("%s\n\n", damage.text().c_str());
  store.clear();
  Repair repair(directory, store, apply);
  const std::string complaint = repair.run();
  if (complaint.empty()) {
    repair.print_what_to_do();
    return 0;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", complaint.c_str());
  return 1;
}

}  // namespace klh
