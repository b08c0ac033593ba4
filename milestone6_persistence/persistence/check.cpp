#include "persistence/check.h"

#include <cstdio>

#include "persistence/data_directory.h"
#include "persistence/loader.h"

namespace klh {

void print_loaded(const DataDirectory& directory, const Loaded& loaded) {
  for (const LoadedFile& file : loaded.files) {
    const bool is_dump = file.name.starts_with("dump-");
    std::printf("%s: %s\n", file.name.c_str(),
                counted(file.count, is_dump ? "record" : "change").c_str());
  }
  for (const std::string& name : loaded.passed_over) {
    std::printf("%s\n", told(directory, name).c_str());
  }
  if (!loaded.torn.empty()) std::printf("%s\n", loaded.torn.c_str());
  if (loaded.is_suspect) {
    std::printf("%s\n", suspicion(directory).text().c_str());
  }
}

int check_directory(const std::string& path, Store& store, const Apply& apply) {
  const DataDirectory directory(path, DataDirectory::Use::check);
  Loaded loaded;
  const Status status = load_files(directory, store, apply, {}, loaded);
  print_loaded(directory, loaded);
  if (status.ok()) {
    if (loaded.files.empty()) std::printf("%s: no files yet\n", path.c_str());
    return 0;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", status.text().c_str());
  return 1;
}

std::string counted(uint64_t count, std::string_view what) {
  std::string text = std::to_string(count);
  for (size_t i = text.size(); i > 3;) text.insert(i -= 3, 1, ',');
  text += ' ';
  text += what;
  if (count != 1) text += 's';
  return text;
}

}  // namespace klh
