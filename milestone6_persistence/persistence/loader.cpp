#include "persistence/loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "persistence/dump.h"
#include "persistence/journal.h"

namespace klh {

namespace {

constexpr const char* kAlone = "; to begin with a dump alone, use --restore";

// A name that somebody may take for that of a dump or journal, and a start does
// not: "dump.klh", "dump-01.klh", "journal-1 (1).klh", "Dump-1.klh".
bool looks_like_ours(std::string_view name) {
  const auto begins_with = [name](std::string_view word) {
    return same_word(name.substr(0, word.size()), word);
  };
  const bool ends_like_ours =
      name.size() > 4 && same_word(name.substr(name.size() - 4), ".klh");
  return ends_like_ours && (begins_with("dump") || begins_with("journal")) &&
         !number_in(name, FileKind::dump) &&
         !number_in(name, FileKind::journal);
}

class Loader {
 public:
  Loader(const DataDirectory& directory, Store& store, const Apply& apply,
         const Progress& progress, Loaded& loaded, const Tolerate& tolerate)
      : directory_(directory),
        store_(store),
        apply_(apply),
        progress_(progress),
        loaded_(loaded),
        tolerate_(tolerate) {}

  Status load() {
    Status status = look_around();
    if (status.ok() && loaded_.dump != 0) status = load_dump();
    uint64_t number = first_journal();
    if (status.ok()) status = look_for_more(number);
    while (status.ok() && number != 0) {
      status = load_journal(number);
      number = next_;
      if (status.ok()) status = look_for_more(number);
    }
    return status;
  }

 private:
  // Whether to go on in spite of this.
  Status pass(Status fault) {
    if (!tolerate_) return fault;
    tolerate_(fault);
    return {};
  }

  // Which files there are.
  Status look_around() {
    const auto names = directory_.names();
    if (!names) return Status::from_errno("directory " + directory_.path());
    names_.insert(names->begin(), names->end());
    loaded_.is_suspect = names_.contains(std::string(kSyncFailed));
    for (const std::string& name : names_) {
      if (const auto number = number_in(name, FileKind::dump)) {
        loaded_.dump = std::max(loaded_.dump, *number);
      }
      if (const auto number = number_in(name, FileKind::journal)) {
        journals_.insert(*number);
      }
      if (looks_like_ours(name)) loaded_.passed_over.push_back(name);
    }
    journals_.erase(journals_.begin(), journals_.lower_bound(loaded_.dump));
    const uint64_t newest =
        journals_.empty() ? loaded_.dump : *journals_.rbegin();
    if (newest >= UINT64_MAX - 1) {
      return Status::refused("no number is left for the next file")
          .at(directory_.path());
    }
    count_bytes(file_name(FileKind::dump, loaded_.dump));
    loaded_.dump_size = loaded_.total_bytes;
    for (const uint64_t number : journals_) {
      count_bytes(file_name(FileKind::journal, number));
    }
    return {};
  }

  void count_bytes(const std::string& name) {
    struct stat status {};
    if (::stat(directory_.path_of(name).c_str(), &status) < 0) return;
    loaded_.total_bytes += static_cast<uint64_t>(status.st_size);
  }

  Status load_dump() {
    const std::string name = file_name(FileKind::dump, loaded_.dump);
    FileDescriptor fd;
    Status status = open_regular(directory_.path_of(name), fd);
    if (!status.ok()) return status;
    ReadDump dump;
    const std::string path = directory_.path_of(name);
    bool is_whole = true;
    Tolerate tolerate;
    if (tolerate_) {
      tolerate = [&](Status fault) {
        is_whole = false;
        tolerate_(std::move(fault).at(path));
      };
    }
    status = read_dump(fd.get(), progress_, store_, dump, tolerate).at(path);
    if (!status.ok()) return status;
    loaded_.files.push_back({name, dump.records});
    led_by_ = name;
    led_to_ = dump.journal;
    const auto own = number_in(led_to_, FileKind::journal);
    if (!is_whole || !own || *own == loaded_.dump) return {};
    return Status::invalid("is " + file_name(FileKind::dump, *own) +
                           " by its header; give it that name")
        .at(path + ":1");
  }

  // The one that the dump names; else the one of its number, if it is there:
  // the dump was written by hand, or by a server without a journal.
  uint64_t first_journal() {
    if (loaded_.dump == 0) return journals_.empty() ? 0 : *journals_.begin();
    const bool is_named = !led_to_.empty();
    return is_named || journals_.contains(loaded_.dump) ? loaded_.dump : 0;
  }

  Status load_journal(uint64_t number) {
    std::string name = file_name(FileKind::journal, number);
    if (!journals_.contains(number)) {
      if (!names_.contains(unfinished(name))) {
        const bool is_alone = loaded_.journal == 0 && journals_.empty();
        next_ = journals_.empty() ? 0 : *journals_.begin();
        return pass(Status::missing("missing, " + led_by_ + " leads to it" +
                                    (is_alone ? kAlone : ""))
                        .at(directory_.path_of(name)));
      }
      name = loaded_.unfinished_journal = unfinished(name);
    }
    FileDescriptor fd;
    Status status = open_regular(directory_.path_of(name), fd);
    if (!status.ok()) return status;
    Replayed replayed;
    const bool is_first = loaded_.journal == 0;
    const auto located = [&](Status fault) {
      if (is_first && loaded_.dump == 0 && fault.is(Status::Kind::missing)) {
        return Status::missing("missing, " + name + " goes on where it ends")
            .at(directory_.path_of(file_name(FileKind::dump, number)));
      }
      return std::move(fault).at(directory_.path_of(name));
    };
    Tolerate tolerate;
    if (tolerate_) {
      tolerate = [&](const Status& fault) { tolerate_(located(fault)); };
    }
    status = located(replay_journal(fd.get(), progress_, number,
                                    may_follow(number, loaded_.dump, is_first),
                                    apply_, replayed, tolerate));
    if (status.ok()) loaded_.files.push_back({name, replayed.changes});
    journals_.erase(number);
    loaded_.journal = number;
    loaded_.journal_size = replayed.size;
    loaded_.journal_checksum = replayed.checksum;
    loaded_.changes += replayed.changes;
    if (!replayed.torn.empty()) {
      loaded_.torn = directory_.path_of(name) + ":" + replayed.torn;
    }
    led_by_ = name;
    next_ = replayed.next;
    return status;
  }

  // If there is no next journal: one that none leads to, because the one before
  // it has lost its end, or the dump that it follows is gone.
  Status look_for_more(uint64_t& number) {
    if (number != 0) return {};
    std::string left;
    if (!journals_.empty()) {
      number = *journals_.begin();
      left = file_name(FileKind::journal, number);
    } else if (next_was_in_use()) {
      number = loaded_.journal + 1;
      left = unfinished(file_name(FileKind::journal, number));
    } else {
      return {};
    }
    return pass(Status::damaged(led_by_ + " does not lead to it")
                    .at(directory_.path_of(left)));
  }

  // A journal that still has its unfinished name, but more in it than the
  // header that it is made with.
  bool next_was_in_use() const {
    if (loaded_.journal == 0) return false;
    const uint64_t next = loaded_.journal + 1;
    const std::string header =
        journal_header(next, file_name(FileKind::journal, loaded_.journal));
    struct stat status {};
    const std::string path =
        directory_.path_of(unfinished(file_name(FileKind::journal, next)));
    return ::stat(path.c_str(), &status) == 0 &&
           static_cast<uint64_t>(status.st_size) > header.size();
  }

  const DataDirectory& directory_;
  Store& store_;
  const Apply& apply_;
  const Progress& progress_;
  Loaded& loaded_;
  const Tolerate& tolerate_;
  std::set<std::string> names_;
  std::set<uint64_t> journals_;  // those not read yet, from the dump's on
  std::string led_to_;           // the journal that the dump names
  std::string led_by_;
  uint64_t next_ = 0;
};

}  // namespace

std::string told(const DataDirectory& directory,
                 const std::string& passed_over) {
  return directory.path_of(passed_over) +
         ": not loaded: names are written dump-1.klh and journal-1.klh";
}

Status load_files(const DataDirectory& directory, Store& store,
                  const Apply& apply, const Progress& progress, Loaded& loaded,
                  const Tolerate& tolerate) {
  return Loader(directory, store, apply, progress, loaded, tolerate).load();
}

std::vector<std::string> may_follow(uint64_t journal, uint64_t dump,
                                    bool is_first) {
  const std::string before = file_name(FileKind::journal, journal - 1);
  if (!is_first) return {before};
  if (dump == 0) return {std::string(kNothing)};
  std::vector<std::string> names = {file_name(FileKind::dump, journal), before};
  if (journal == 1) names.emplace_back(kNothing);
  return names;
}

}  // namespace klh
