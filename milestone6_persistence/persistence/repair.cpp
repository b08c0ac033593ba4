#include "persistence/repair.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "persistence/check.h"
#include "persistence/data_directory.h"
#include "persistence/dump.h"
#include "persistence/loader.h"

namespace klh {

namespace {

constexpr const char* kRepaired = "repaired.klh";

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

bool is_ours(const std::string& name) {
  return number_in(finished(name), FileKind::dump) ||
         number_in(finished(name), FileKind::journal) || name == kSyncFailed;
}

// A name that no file has.
std::string new_name(const std::vector<std::string>& names,
                     const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; std::find(names.begin(), names.end(), name) != names.end();) {
    name = wanted + "-" + std::to_string(i++);
  }
  return name;
}

Status write_repaired(const DataDirectory& directory, const Store& store) {
  const FileDescriptor fd = directory.create_new(kRepaired);
  const std::string path = directory.path_of(kRepaired);
  if (!fd.is_open()) return Status::from_errno(path);
  const int error = write_dump(fd.get(), store, "");
  if (error == 0 && directory.sync()) return {};
  Status status = Status::from_errno(path, error != 0 ? error : errno);
  directory.remove(kRepaired);
  return status;
}

// The dump first: what is left beside a journal without it is refused by a
// start, whenever that comes.
void print_what_to_do(const DataDirectory& directory) {
  std::vector<std::string> names =
      directory.names().value_or(std::vector<std::string>());
  std::sort(names.begin(), names.end());
  const std::string path = quoted(directory.path());
  const std::string repaired = quoted(directory.path_of(kRepaired));
  const std::string aside =
      quoted(directory.path_of(new_name(names, "damaged")));
  std::printf(
      "\nWhat comes after a line that was left out may mean something else "
      "than it did:\nlook at the keys before you rely on them. To use them, "
      "and keep what is damaged:\n  mkdir %s\n",
      aside.c_str());
  for (const std::string& name : names) {
    if (!is_ours(name)) continue;
    std::printf("  mv %s %s\n", quoted(directory.path_of(name)).c_str(),
                aside.c_str());
  }
  std::printf("  ./server --restore %s --dir %s\n", repaired.c_str(),
              path.c_str());
}

}  // namespace

int repair_directory(const std::string& path, Store& store,
                     const Apply& apply) {
  const DataDirectory directory(path, DataDirectory::Use::check);
  Loaded loaded;
  bool is_damaged = false;
  Status status = load_files(directory, store, apply, {}, loaded,
                             [&is_damaged](const Status& fault) {
                               is_damaged = true;
                               std::printf("%s\n", fault.text().c_str());
                             });
  if (status.ok() && !is_damaged) {
    std::printf("%s: nothing to repair\n", path.c_str());
    return 0;
  }
  if (status.ok()) status = write_repaired(directory, store);
  if (!status.ok()) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", status.text().c_str());
    return 1;
  }
  print_loaded(directory, loaded);
  std::printf("%s: %s, all that could be kept\n",
              directory.path_of(kRepaired).c_str(),
              counted(store.size(), "key").c_str());
  print_what_to_do(directory);
  return 0;
}

}  // namespace klh
