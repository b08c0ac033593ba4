#include "options.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <sstream>
#include <type_traits>
#include <utility>

#include "common/ascii.h"
#include "common/number.h"

namespace klh {

namespace {

// The complaints are those of Redis 7.0, config.c, which clients see.

template <auto kMember>
using Member =
    std::remove_reference_t<decltype(std::declval<Options>().*kMember)>;

template <auto kMember, int64_t kLeast, int64_t kMost>
Status set_number(Options& options, std::string_view text) {
  const std::optional<int64_t> value = parse_integer(text);
  if (!value) {
    return Status::invalid("argument couldn't be parsed into an integer");
  }
  if (*value < kLeast || *value > kMost) {
    return Status::invalid("argument must be between " +
                           std::to_string(kLeast) + " and " +
                           std::to_string(kMost) + " inclusive");
  }
  options.*kMember = static_cast<Member<kMember>>(*value);
  return Status();
}

template <auto kMember>
std::string get_number(const Options& options) {
  return std::to_string(options.*kMember);
}

template <auto kMember>
Status set_flag(Options& options, std::string_view text) {
  if (!same_word(text, "yes") && !same_word(text, "no")) {
    return Status::invalid("argument must be 'yes' or 'no'");
  }
  options.*kMember = same_word(text, "yes");
  return Status();
}

template <auto kMember>
std::string get_flag(const Options& options) {
  return options.*kMember ? "yes" : "no";
}

template <auto kMember>
Status set_any_text(Options& options, std::string_view text) {
  options.*kMember = text;
  return Status();
}

template <auto kMember>
Status set_text(Options& options, std::string_view text) {
  if (text.empty()) return Status::invalid("empty");
  return set_any_text<kMember>(options, text);
}

template <auto kMember>
std::string get_text(const Options& options) {
  return options.*kMember;
}

template <auto kMember>
Status set_memory(Options& options, std::string_view text) {
  const std::optional<uint64_t> bytes = parse_memory(text);
  if (!bytes) return Status::invalid("argument must be a memory value");
  options.*kMember = *bytes;
  return Status();
}

// One of a few names.
template <class Value>
struct Choice {
  std::string_view name;
  Value value;
};

constexpr Choice<LogLevel> kLogLevels[] = {{"debug", LogLevel::debug},
                                           {"verbose", LogLevel::verbose},
                                           {"notice", LogLevel::notice},
                                           {"warning", LogLevel::warning},
                                           {"nothing", LogLevel::nothing}};

constexpr Choice<SyncPolicy> kSyncPolicies[] = {
    {"everysec", SyncPolicy::everysec},
    {"always", SyncPolicy::always},
    {"no", SyncPolicy::no}};

constexpr Choice<EvictionPolicy> kEvictionPolicies[] = {
    {"allkeys-lru", EvictionPolicy::all_keys_lru},
    {"noeviction", EvictionPolicy::no_eviction}};

template <class Value>
std::string_view name_among(std::span<const Choice<Value>> choices,
                            Value value) {
  for (const Choice<Value>& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  return "";
}

template <auto kMember, const auto& kChoices>
Status set_choice(Options& options, std::string_view text) {
  std::string names;
  for (const auto& choice : kChoices) {
    if (same_word(choice.name, text)) {
      options.*kMember = choice.value;
      return Status();
    }
    names.append(names.empty() ? "" : ", ").append(choice.name);
  }
  return Status::invalid("argument(s) must be one of the following: " + names);
}

template <auto kMember, const auto& kChoices>
std::string get_choice(const Options& options) {
  using Value = Member<kMember>;
  return std::string(name_among<Value>(kChoices, options.*kMember));
}

Status set_maxclients(Options& options, std::string_view text) {
  Options changed = options;
  Status status =
      set_number<&Options::maxclients, 1, UINT32_MAX>(changed, text);
  if (!status.ok()) return status;
  if (changed.maxclients > options.most_clients) {
    return Status::invalid(
        "The operating system is not able to handle the specified number of "
        "clients");
  }
  options.maxclients = changed.maxclients;
  return Status();
}

// Octal, as for chmod(1).
Status set_permissions(Options& options, std::string_view text) {
  constexpr int kOctal = 8;
  constexpr uint64_t kMost = 0777;
  const std::optional<uint64_t> value = parse_digits(text, kOctal);
  if (!value || *value > kMost) {
    return Status::invalid("argument must be an octal number up to 777");
  }
  options.unixsocketperm = static_cast<uint32_t>(*value);
  return Status();
}

std::string get_permissions(const Options& options) {
  char text[8];
  const auto result =
      std::to_chars(text, text + sizeof text, options.unixsocketperm, 8);
  return {text, result.ptr};
}

Status set_maxmemory_clients(Options& options, std::string_view text) {
  constexpr int64_t kAll = 100;
  if (text.ends_with('%')) {
    const auto percent = parse_integer(text.substr(0, text.size() - 1));
    if (percent && *percent > kAll) {
      return Status::invalid(
          "percentage argument must be less or equal to 100");
    }
    if (percent && *percent >= 0) {
      options.maxmemory_clients = -*percent;
      return Status();
    }
  }
  const std::optional<uint64_t> bytes = parse_memory(text);
  if (!bytes) {
    return Status::invalid("argument must be a memory or percent value");
  }
  options.maxmemory_clients = static_cast<int64_t>(*bytes);
  return Status();
}

std::string get_maxmemory_clients(const Options& options) {
  const int64_t value = options.maxmemory_clients;
  return value < 0 ? std::to_string(-value) + "%" : std::to_string(value);
}

std::string get_save(const Options& options) {
  std::string text;
  for (const SaveRule& rule : options.save) {
    if (!text.empty()) text += ' ';
    text += std::to_string(rule.seconds) + ' ' + std::to_string(rule.changes);
  }
  return text;
}

std::optional<uint32_t> parse_positive(std::string_view text) {
  const std::optional<uint64_t> value = parse_digits(text);
  if (!value || *value == 0 || *value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

// "SECONDS CHANGES SECONDS CHANGES …", or "" for no rules.
Status set_save(Options& options, std::string_view text) {
  std::istringstream words{std::string(text)};
  std::vector<SaveRule> rules;
  for (std::string seconds, changes; words >> seconds;) {
    if (!(words >> changes)) changes.clear();
    const auto s = parse_positive(seconds);
    const auto c = parse_positive(changes);
    if (!s || !c) return Status::invalid("Invalid save parameters");
    rules.push_back({*s, *c});
  }
  options.save = std::move(rules);
  return Status();
}

constexpr bool kFixed = true;
constexpr bool kManyWords = true;

const OptionRow kOptionRows[] = {
    {"appendfsync", get_choice<&Options::appendfsync, kSyncPolicies>,
     set_choice<&Options::appendfsync, kSyncPolicies>},
    {"appendonly", get_flag<&Options::appendonly>,
     set_flag<&Options::appendonly>, kFixed},
    {"auto-aof-rewrite-min-size",
     get_number<&Options::auto_aof_rewrite_min_size>,
     set_memory<&Options::auto_aof_rewrite_min_size>},
    {"auto-aof-rewrite-percentage",
     get_number<&Options::auto_aof_rewrite_percentage>,
     set_number<&Options::auto_aof_rewrite_percentage, 0, INT32_MAX>},
    {"bind", get_text<&Options::bind>, set_text<&Options::bind>, kFixed,
     kManyWords},
    {"dir", get_text<&Options::dir>, set_text<&Options::dir>, kFixed},
    {"loglevel", get_choice<&Options::loglevel, kLogLevels>,
     set_choice<&Options::loglevel, kLogLevels>},
    {"maxclients", get_number<&Options::maxclients>, set_maxclients},
    {"maxmemory", get_number<&Options::maxmemory>,
     set_memory<&Options::maxmemory>},
    {"maxmemory-clients", get_maxmemory_clients, set_maxmemory_clients},
    {"maxmemory-policy",
     get_choice<&Options::maxmemory_policy, kEvictionPolicies>,
     set_choice<&Options::maxmemory_policy, kEvictionPolicies>},
    {"maxmemory-samples", get_number<&Options::maxmemory_samples>,
     set_number<&Options::maxmemory_samples, 1, INT32_MAX>},
    {"port", get_number<&Options::port>,
     set_number<&Options::port, 0, UINT16_MAX>, kFixed},
    {"protected-mode", get_flag<&Options::protected_mode>,
     set_flag<&Options::protected_mode>},
    {"requirepass", get_text<&Options::requirepass>,
     set_any_text<&Options::requirepass>},
    {"save", get_save, set_save, !kFixed, kManyWords},
    {"tcp-keepalive", get_number<&Options::tcp_keepalive>,
     set_number<&Options::tcp_keepalive, 0, INT32_MAX>},
    {"timeout", get_number<&Options::timeout>,
     set_number<&Options::timeout, 0, INT32_MAX>},
    {"unixsocket", get_text<&Options::unixsocket>,
     set_text<&Options::unixsocket>, kFixed},
    {"unixsocketperm", get_permissions, set_permissions, kFixed},
};

}  // namespace

std::string_view name_of(EvictionPolicy policy) {
  return name_among<EvictionPolicy>(kEvictionPolicies, policy);
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

}  // namespace klh
