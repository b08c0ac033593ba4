// INFO beside redis-server's: monitors take its fields for granted.
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include "compare/compare_test.h"

namespace klh::test {

namespace {

using Fields = std::map<std::string, std::string>;

Fields fields_of(const std::string& reply) {
  Fields fields;
  std::istringstream lines(parse_reply(reply).text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (line.ends_with('\r')) line.pop_back();
    if (colon != line.npos) {
      fields[line.substr(0, colon)] = line.substr(colon + 1);
    }
  }
  return fields;
}

// What Redis 7.0 tells and ours does not: of what is measured by nobody here,
// of how Redis is built, and of what only it has.
const std::set<std::string> kOnlyInRedis = {
    "redis_git_sha1", "redis_git_dirty", "redis_build_id", "gcc_version",
    "monotonic_clock", "atomicvar_api", "process_supervised", "lru_clock",
    "io_threads_active",
    // buffers
    "client_recent_max_input_buffer", "client_recent_max_output_buffer",
    "reply_buffer_shrinks", "reply_buffer_expands",
    // scripts
    "used_memory_vm_eval", "used_memory_lua_human", "used_memory_scripts_eval",
    "used_memory_vm_functions", "used_memory_vm_total",
    "used_memory_vm_total_human", "used_memory_functions",
    "used_memory_scripts_human",
    // snapshots
    "current_cow_peak", "current_cow_size", "current_cow_size_age",
    "current_fork_perc", "current_save_keys_processed",
    "current_save_keys_total", "rdb_last_cow_size",
    "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded", "aof_rewrites",
    "aof_rewrites_consecutive_failures", "aof_last_cow_size",
    "latest_fork_usec", "total_forks",
    // the rest
    "expired_stale_perc", "expired_time_cap_reached_count",
    "expire_cycle_cpu_milliseconds", "total_eviction_exceeded_time",
    "current_eviction_exceeded_time", "total_active_defrag_time",
    "current_active_defrag_time", "dump_payload_sanitizations",
    "used_cpu_sys_main_thread", "used_cpu_user_main_thread"};

bool is_number(const std::string& text) {
  char* end = nullptr;
  (void)std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

class Info : public CompareTest {};

TEST_F(Info, HasTheFieldsOfRedis) {
  const Fields ours = fields_of(ask_ours({"INFO"}));
  const Fields redis = fields_of(ask_redis({"INFO"}));
  std::set<std::string> missing;
  for (const auto& [name, value] : redis) {
    const auto found = ours.find(name);
    if (found == ours.end()) {
      missing.insert(name);
    } else {
      EXPECT_EQ(is_number(found->second), is_number(value))
          << name << ": ours " << found->second << ", redis " << value;
    }
  }
  EXPECT_EQ(missing, kOnlyInRedis);
}

// What there is none of, in either.
TEST_F(Info, ZerosAreThoseOfRedis) {
  const Fields ours = fields_of(ask_ours({"INFO"}));
  for (const auto& [name, value] : fields_of(ask_redis({"INFO"}))) {
    for (const char* kind : {"blocked", "tracking", "pubsub", "sync_",
                             "cluster", "connected_slaves", "second_repl",
                             "role", "master_failover", "arch_bits", "os"}) {
      if (!name.starts_with(kind)) continue;
      const auto found = ours.find(name);
      ASSERT_NE(found, ours.end()) << name;
      EXPECT_EQ(found->second, value) << name;
    }
  }
}

}  // namespace

}  // namespace klh::test
