#include "options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/net.h"

namespace klh {

namespace {

template <class Number>
std::string_view set_number(Number& number, std::string_view text,
                            Number least = 0) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least) {
    return "not a number in range";
  }
  number = value;
  return "";
}

std::string_view set_text(std::string& option, std::string_view text) {
  if (text.empty()) return "empty";
  option = text;
  return "";
}

std::string_view set_yes_or_no(bool& option, std::string_view text) {
  if (text != "yes" && text != "no") return "must be yes or no";
  option = text == "yes";
  return "";
}

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

constexpr std::pair<SyncPolicy, std::string_view> kPolicies[] = {
    {SyncPolicy::always, "always"},
    {SyncPolicy::everysec, "everysec"},
    {SyncPolicy::no, "no"}};

std::string name_of_policy(SyncPolicy policy) {
  for (const auto& [each, name] : kPolicies) {
    if (each == policy) return std::string(name);
  }
  return "";
}

std::string_view set_policy(SyncPolicy& option, std::string_view text) {
  for (const auto& [policy, name] : kPolicies) {
    if (name != text) continue;
    option = policy;
    return "";
  }
  return "must be always, everysec or no";
}

std::string text_of(const std::vector<SaveRule>& rules) {
  std::string text;
  for (const SaveRule& rule : rules) {
    if (!text.empty()) text += ' ';
    text += std::to_string(rule.seconds) + ' ' + std::to_string(rule.changes);
  }
  return text;
}

// "SECONDS CHANGES SECONDS CHANGES …", or "" for no rules.
std::string_view set_rules(std::vector<SaveRule>& option,
                           std::string_view text) {
  std::vector<uint32_t> numbers;
  while (!text.empty()) {
    const size_t size = std::min(text.find(' '), text.size());
    if (size != 0) {
      if (!set_number(numbers.emplace_back(), text.substr(0, size), 1u)
               .empty()) {
        return "not pairs of seconds and changes";
      }
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  if (numbers.size() % 2 != 0) return "not pairs of seconds and changes";
  option.clear();
  for (size_t i = 0; i < numbers.size(); i += 2) {
    option.push_back({numbers[i], numbers[i + 1]});
  }
  return "";
}

constexpr bool kFixed = true;

const OptionRow kOptionRows[] = {
    {"appendfsync",
     [](const Options& options) { return name_of_policy(options.appendfsync); },
     [](Options& options, std::string_view value) {
       return set_policy(options.appendfsync, value);
     }},
    {"appendonly",
     [](const Options& options) { return yes_or_no(options.appendonly); },
     [](Options& options, std::string_view value) {
       return set_yes_or_no(options.appendonly, value);
     },
     kFixed},
    {"auto-aof-rewrite-min-size",
     [](const Options& options) {
       return std::to_string(options.auto_aof_rewrite_min_size);
     },
     [](Options& options, std::string_view value) {
       return set_number(options.auto_aof_rewrite_min_size, value);
     }},
    {"auto-aof-rewrite-percentage",
     [](const Options& options) {
       return std::to_string(options.auto_aof_rewrite_percentage);
     },
     [](Options& options, std::string_view value) {
       return set_number(options.auto_aof_rewrite_percentage, value);
     }},
    {"bind", [](const Options& options) { return options.bind; },
     [](Options& options, std::string_view value) {
       return set_text(options.bind, value);
     },
     kFixed},
    {"dir", [](const Options& options) { return options.dir; },
     [](Options& options, std::string_view value) {
       return set_text(options.dir, value);
     },
     kFixed},
    {"maxclients",
     [](const Options& options) { return std::to_string(options.maxclients); },
     [](Options& options, std::string_view value) {
       return set_number(options.maxclients, value, 1u);
     }},
    {"port",
     [](const Options& options) { return std::to_string(options.port); },
     [](Options& options, std::string_view value) {
       return set_number(options.port, value);
     },
     kFixed},
    {"requirepass", [](const Options& options) { return options.requirepass; },
     [](Options& options, std::string_view value) -> std::string_view {
       options.requirepass = value;
       return "";
     }},
    {"save", [](const Options& options) { return text_of(options.save); },
     [](Options& options, std::string_view value) {
       return set_rules(options.save, value);
     }},
    {"timeout",
     [](const Options& options) { return std::to_string(options.timeout); },
     [](Options& options, std::string_view value) {
       return set_number(options.timeout, value);
     }},
};

[[noreturn]] void print_help(const char* program) {
  std::printf("usage: %s", program);
  for (const OptionRow& row : kOptionRows) {
    std::printf(" [--%s VALUE]", row.name.data());
  }
  std::printf(
      "\n       %s --check DIR    says whether the files in DIR are whole\n"
      "       %s --repair DIR   writes beside those that are not what can be "
      "kept\n",
      program, program);
  std::exit(0);
}

}  // namespace

std::span<const OptionRow> option_rows() {
  return kOptionRows;
}

const OptionRow* find_option(std::string_view name) {
  for (const OptionRow& row : kOptionRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--help") print_help(argv[0]);
    if (!flag.starts_with("--")) die_plainly("unknown word '" + flag + "'");
    if (flag == "--check" || flag == "--repair") {
      if (argc != 3) die_plainly("usage: " + flag + " DIR");
      options.task = flag == "--check" ? Task::check : Task::repair;
      options.dir = argv[i + 1];
      break;
    }
    const OptionRow* const row = find_option(flag.substr(2));
    if (!row) die_plainly("unknown flag '" + flag + "'");
    if (i + 1 == argc) die_plainly("no value for " + flag);
    const std::string_view complaint = row->set(options, argv[i + 1]);
    if (!complaint.empty()) {
      die_plainly("bad value '" + std::string(argv[i + 1]) + "' for " + flag +
                  ": " + std::string(complaint));
    }
  }
  return options;
}

}  // namespace klh
