#include "options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <type_traits>
#include <utility>

#include "common/ascii.h"
#include "common/net.h"

namespace klh {

namespace {

// A number from `least` to `most` in base 10, or what is wrong with the text.
// The complaints are those of Redis.
template <auto kMember, int64_t kLeast, int64_t kMost>
std::string_view set_number(Options& options, std::string_view text) {
  static const std::string out_of_range = "argument must be between " +
                                          std::to_string(kLeast) + " and " +
                                          std::to_string(kMost) + " inclusive";
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    return "argument couldn't be parsed into an integer";
  }
  if (value < kLeast || value > kMost) return out_of_range;
  using Number = std::remove_reference_t<decltype(options.*kMember)>;
  options.*kMember = static_cast<Number>(value);
  return "";
}

template <auto kMember>
std::string get_number(const Options& options) {
  return std::to_string(options.*kMember);
}

template <auto kMember>
std::string_view set_flag(Options& options, std::string_view text) {
  if (!same_word(text, "yes") && !same_word(text, "no")) {
    return "argument must be 'yes' or 'no'";
  }
  options.*kMember = same_word(text, "yes");
  return "";
}

template <auto kMember>
std::string get_flag(const Options& options) {
  return options.*kMember ? "yes" : "no";
}

std::string_view set_maxclients(Options& options, std::string_view text) {
  Options changed = options;
  const std::string_view complaint =
      set_number<&Options::maxclients, 1, UINT32_MAX>(changed, text);
  if (!complaint.empty()) return complaint;
  if (changed.maxclients > options.most_clients) {
    return "The operating system is not able to handle the specified number of "
           "clients";
  }
  options.maxclients = changed.maxclients;
  return "";
}

// Octal, as for chmod(1).
std::string_view set_permissions(Options& options, std::string_view text) {
  constexpr uint32_t kMost = 0777;
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 8);
  if (error != std::errc() || stop != end || value > kMost) {
    return "argument must be an octal number up to 777";
  }
  options.unixsocketperm = value;
  return "";
}

std::string get_permissions(const Options& options) {
  char text[8];
  const auto result =
      std::to_chars(text, text + sizeof text, options.unixsocketperm, 8);
  return {text, result.ptr};
}

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {
    {"", 1},          {"b", 1},        {"k", 1000},       {"kb", 1 << 10},
    {"m", 1'000'000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30},
};

std::optional<uint32_t> parse_positive(std::string_view text) {
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value == 0) return std::nullopt;
  return value;
}

// "100", "100mb" as Redis takes them: a k is 1000, a kb 1024.
std::optional<uint64_t> parse_memory(std::string_view text) {
  constexpr uint64_t kMost = INT64_MAX;
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest(stop, static_cast<size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (!same_word(rest, unit.name)) continue;
    if (value > kMost / unit.bytes) return std::nullopt;
    return value * unit.bytes;
  }
  return std::nullopt;
}

template <auto kMember>
std::string_view set_memory(Options& options, std::string_view text) {
  const std::optional<uint64_t> bytes = parse_memory(text);
  if (!bytes) return "argument must be a memory value";
  options.*kMember = *bytes;
  return "";
}

std::string_view set_maxmemory_clients(Options& options,
                                       std::string_view text) {
  constexpr uint64_t kAll = 100;
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  const std::optional<uint64_t> value = parse_memory(text);
  if (!value) return "argument must be a memory or percent value";
  if (is_percent && *value > kAll) {
    return "percentage argument must be less or equal to 100";
  }
  const auto number = static_cast<int64_t>(*value);
  options.maxmemory_clients = is_percent ? -number : number;
  return "";
}

std::string get_maxmemory_clients(const Options& options) {
  const int64_t value = options.maxmemory_clients;
  return value < 0 ? std::to_string(-value) + "%" : std::to_string(value);
}

constexpr LogLevel kLogLevels[] = {LogLevel::debug, LogLevel::verbose,
                                   LogLevel::notice, LogLevel::warning,
                                   LogLevel::nothing};

std::string get_loglevel(const Options& options) {
  return std::string(name_of(options.loglevel));
}

std::string_view set_loglevel(Options& options, std::string_view text) {
  for (const LogLevel level : kLogLevels) {
    if (!same_word(name_of(level), text)) continue;
    options.loglevel = level;
    return "";
  }
  return "argument(s) must be one of the following: debug, verbose, notice, "
         "warning, nothing";
}

std::string_view set_policy(Options& options, std::string_view text) {
  if (same_word(text, "noeviction")) {
    options.maxmemory_policy = EvictionPolicy::no_eviction;
  } else if (same_word(text, "allkeys-lru")) {
    options.maxmemory_policy = EvictionPolicy::all_keys_lru;
  } else {
    return "argument(s) must be one of the following: allkeys-lru, noeviction";
  }
  return "";
}

std::string get_policy(const Options& options) {
  return std::string(name_of(options.maxmemory_policy));
}

std::string_view set_text(std::string& option, std::string_view text) {
  if (text.empty()) return "empty";
  option = text;
  return "";
}

constexpr std::pair<SyncPolicy, std::string_view> kPolicies[] = {
    {SyncPolicy::always, "always"},
    {SyncPolicy::everysec, "everysec"},
    {SyncPolicy::no, "no"}};

std::string get_appendfsync(const Options& options) {
  for (const auto& [policy, name] : kPolicies) {
    if (policy == options.appendfsync) return std::string(name);
  }
  return "";
}

std::string_view set_appendfsync(Options& options, std::string_view text) {
  for (const auto& [policy, name] : kPolicies) {
    if (!same_word(name, text)) continue;
    options.appendfsync = policy;
    return "";
  }
  return "argument(s) must be one of the following: everysec, always, no";
}

std::string get_save(const Options& options) {
  std::string text;
  for (const SaveRule& rule : options.save) {
    if (!text.empty()) text += ' ';
    text += std::to_string(rule.seconds) + ' ' + std::to_string(rule.changes);
  }
  return text;
}

// "SECONDS CHANGES SECONDS CHANGES …", or "" for no rules.
std::string_view set_save(Options& options, std::string_view text) {
  constexpr std::string_view kComplaint = "Invalid save parameters";
  std::istringstream words{std::string(text)};
  std::vector<SaveRule> rules;
  for (std::string seconds, changes; words >> seconds;) {
    if (!(words >> changes)) return kComplaint;
    const auto s = parse_positive(seconds);
    const auto c = parse_positive(changes);
    if (!s || !c) return kComplaint;
    rules.push_back({*s, *c});
  }
  options.save = std::move(rules);
  return "";
}

constexpr bool kFixed = true;

const OptionRow kOptionRows[] = {
    {"appendfsync", get_appendfsync, set_appendfsync},
    {"appendonly", get_flag<&Options::appendonly>,
     set_flag<&Options::appendonly>, kFixed},
    {"auto-aof-rewrite-min-size",
     get_number<&Options::auto_aof_rewrite_min_size>,
     set_memory<&Options::auto_aof_rewrite_min_size>},
    {"auto-aof-rewrite-percentage",
     get_number<&Options::auto_aof_rewrite_percentage>,
     set_number<&Options::auto_aof_rewrite_percentage, 0, INT32_MAX>},
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
    {"loglevel", get_loglevel, set_loglevel},
    {"maxclients", get_number<&Options::maxclients>, set_maxclients},
    {"maxmemory", get_number<&Options::maxmemory>,
     set_memory<&Options::maxmemory>},
    {"maxmemory-clients", get_maxmemory_clients, set_maxmemory_clients},
    {"maxmemory-policy", get_policy, set_policy},
    {"maxmemory-samples", get_number<&Options::maxmemory_samples>,
     set_number<&Options::maxmemory_samples, 1, INT32_MAX>},
    {"port", get_number<&Options::port>,
     set_number<&Options::port, 0, UINT16_MAX>, kFixed},
    {"protected-mode", get_flag<&Options::protected_mode>,
     set_flag<&Options::protected_mode>},
    {"requirepass", [](const Options& options) { return options.requirepass; },
     [](Options& options, std::string_view value) -> std::string_view {
       options.requirepass = value;
       return "";
     }},
    {"save", get_save, set_save},
    {"tcp-keepalive", get_number<&Options::tcp_keepalive>,
     set_number<&Options::tcp_keepalive, 0, INT32_MAX>},
    {"timeout", get_number<&Options::timeout>,
     set_number<&Options::timeout, 0, INT32_MAX>},
    {"unixsocket", [](const Options& options) { return options.unixsocket; },
     [](Options& options, std::string_view value) {
       return set_text(options.unixsocket, value);
     },
     kFixed},
    {"unixsocketperm", get_permissions, set_permissions, kFixed},
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

std::string_view name_of(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::no_eviction: return "noeviction";
    case EvictionPolicy::all_keys_lru: return "allkeys-lru";
  }
  return "";
}

uint64_t clients_limit(const Options& options) {
  constexpr uint64_t kAll = 100;
  const int64_t limit = options.maxmemory_clients;
  if (limit >= 0) return static_cast<uint64_t>(limit);
  return options.maxmemory / kAll * static_cast<uint64_t>(-limit);
}

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
