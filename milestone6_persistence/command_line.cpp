#include "command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "common/net.h"
#include "common/version.h"
#include "common/words.h"

namespace klh {

namespace {

using Words = std::vector<std::string_view>;

[[noreturn]] void print_help(const char* program) {
  std::printf("usage: %s [FILE]", program);
  for (const OptionRow& row : option_rows()) {
    std::printf(" [--%s VALUE]", row.name.data());
  }
  std::printf(
      "\n       FILE has a line for each option: NAME VALUE"
      "\n       --restore FILE begins --dir with what is in a dump"
      "\n       %s --check DIR    says whether the files in DIR are whole\n"
      "       %s --repair DIR   writes beside those that are not what can be "
      "kept\n",
      program, program);
  std::exit(0);
}

[[noreturn]] void print_version() {
  std::printf("klh-server %s, for clients of Redis %s\n", kVersion.data(),
              kCompatibleVersion.data());
  std::exit(0);
}

// What is done with the files of a server that does not run; none if `flag` is
// no such task.
std::optional<Task> task_of(std::string_view flag) {
  if (flag == "--check") return Task::check;
  if (flag == "--repair") return Task::repair;
  return std::nullopt;
}

void set_by_flag(Options& options, const std::string& flag, const char* value) {
  const bool is_restore = flag == "--restore";
  const OptionRow* const row = find_option(flag.substr(2));
  if (!row && !is_restore) die_plainly("unknown flag '" + flag + "'");
  if (!value) die_plainly("no value for " + flag);
  if (is_restore) {
    options.restore = value;
    return;
  }
  const Status status = row->set(options, value);
  if (status.ok()) return;
  die_plainly("bad value '" + std::string(value) + "' for " + flag + ": " +
              status.text());
}

// Sets options from the lines of a file, one after another.
class ConfigurationReader {
 public:
  explicit ConfigurationReader(Options& options) : options_(options) {}

  [[nodiscard]] Status read_line(std::string line) {
    if (line.find('\0') != line.npos) {
      return Status::invalid("a byte 0x00: this is no text");
    }
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos || line[begin] == '#') return Status();
    Words words;
    if (!split_words(line.data(), line.size(), words)) {
      return Status::invalid("a quote is not closed, or closed in a word");
    }
    return words.empty() ? Status() : set(words);
  }

 private:
  [[nodiscard]] Status set(const Words& words) {
    const std::string name = lower_case(words[0]);
    const OptionRow* const row = find_option(name);
    if (!row) {
      return Status::invalid("unknown directive '" + std::string(words[0]) +
                             "'");
    }
    if (words.size() == 1) return Status::invalid("no value for " + name);
    if (words.size() > 2 && !row->takes_words) {
      return Status::invalid("more than one value for " + name);
    }
    std::string value;
    for (size_t i = 1; i < words.size(); ++i) {
      value.append(i == 1 ? "" : " ").append(words[i]);
    }
    const Status status =
        name == "save" ? add_save(*row, value) : row->set(options_, value);
    if (status.ok()) return status;
    return Status::invalid("bad value '" + value + "' for " + name + ": " +
                           status.text());
  }

  // The first line replaces the rules that hold without any, the others add
  // theirs; an empty value takes all away that stand before it.
  [[nodiscard]] Status add_save(const OptionRow& row, std::string_view value) {
    std::vector<SaveRule> rules;
    if (std::exchange(has_saves_, true)) rules = options_.save;
    Status status = row.set(options_, value);
    if (!status.ok() || options_.save.empty()) return status;
    options_.save.insert(options_.save.begin(), rules.begin(), rules.end());
    return status;
  }

  Options& options_;
  bool has_saves_ = false;
};

[[nodiscard]] Status read_all(const std::string& path, std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return Status::from_errno(path);
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(file.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::from_errno(path);
    if (got == 0) return Status();
    text.append(bytes, static_cast<size_t>(got));
  }
}

}  // namespace

Status read_configuration(std::string_view text, Options& options) {
  ConfigurationReader reader(options);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t size = std::min(text.find('\n'), text.size());
    Status status = reader.read_line(std::string(text.substr(0, size)));
    if (!status.ok()) return std::move(status).at(std::to_string(number));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return Status();
}

Status read_configuration_file(const std::string& path, Options& options) {
  std::string text;
  if (Status status = read_all(path, text); !status.ok()) return status;
  std::error_code none;
  options.config_file = std::filesystem::absolute(path, none).string();
  return read_configuration(text, options).at(path);
}

Options parse_command_line(int argc, char** argv) {
  Options options;
  int i = 1;
  if (argc > 1 && !std::string_view(argv[1]).starts_with("--")) {
    const Status status = read_configuration_file(argv[i++], options);
    if (!status.ok()) die_plainly(status.text());
  }
  for (; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--help") print_help(argv[0]);
    if (flag == "--version") print_version();
    if (!flag.starts_with("--")) die_plainly("unknown word '" + flag + "'");
    if (const std::optional<Task> task = task_of(flag)) {
      if (argc != 3) die_plainly("usage: " + flag + " DIR");
      options.task = *task;
      options.dir = argv[i + 1];
      break;
    }
    set_by_flag(options, flag, i + 1 < argc ? argv[i + 1] : nullptr);
  }
  return options;
}

}  // namespace klh
