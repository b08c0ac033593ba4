// The store: loads its files, serves until it is told to stop, saves.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "command_line.h"
#include "commands/eviction.h"
#include "commands/host.h"
#include "commands/table.h"
#include "common/clock.h"
#include "common/net.h"
#include "common/signals.h"
#include "common/version.h"
#include "durability.h"
#include "options.h"
#include "persistence/check.h"
#include "persistence/repair.h"
#include "persistence/restore.h"
#include "server.h"
#include "store/store.h"

namespace klh {

namespace {

// Each client needs a descriptor, and the server some for itself. If the system
// allows fewer, fewer clients are let in.
void fit_maxclients(Options& options, Log log) {
  constexpr uint64_t kOwnDescriptors = 32;
  const uint64_t limit = raise_descriptor_limit();
  const uint64_t most = limit > kOwnDescriptors ? limit - kOwnDescriptors : 1;
  options.most_clients =
      static_cast<uint32_t>(std::min<uint64_t>(most, UINT32_MAX));
  if (options.maxclients <= most) return;
  options.maxclients = static_cast<uint32_t>(most);
  log.warning("maxclients is " + std::to_string(most) + ": " +
              std::to_string(limit) + " descriptors are allowed");
}

void tell_of_load(Host& host, std::chrono::duration<double> passed) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.2f s", passed.count());
  host.log.notice("ready: " + std::to_string(host.store.size()) +
                  " keys, loaded in " + seconds);
}

void tell_of_end(Host& host) {
  const int number = stop_signal();
  host.log.notice(number == 0 ? std::string("ending: SHUTDOWN")
                              : std::string("ending: ") + ::strsignal(number));
}

// Whether a sanitizer looks for leaks when the process ends.
#if defined(__SANITIZE_ADDRESS__)  // g++
constexpr bool kLooksForLeaks = true;
#elif defined(__has_feature)  // clang++
constexpr bool kLooksForLeaks = __has_feature(address_sanitizer);
#else
constexpr bool kLooksForLeaks = false;
#endif

// Leaves the memory of the keys to the end of the process, which takes it back
// at once: to free five million values one by one takes more than a second.
struct LeaveToProcess {
  void operator()(Store* store) const {
    if (kLooksForLeaks) delete store;
  }
};
using OwnedStore = std::unique_ptr<Store, LeaveToProcess>;

// Serves; the exit status. A forced end is no clean one if something was lost.
int run(Options& options) {
  const OwnedStore owner(new Store);
  Store& store = *owner;
  Host host{.store = store, .options = options};
  fit_maxclients(options, host.log);
  host.statistics.start_ms = monotonic_ms();
  host.statistics.reset();
  apply_policy(host);
  store.on_expired = [&host](std::string_view key) {
    ++host.statistics.expired_keys;
    const std::string_view effect[] = {"DEL", key};
    host.keeper->append(effect);
  };

  // The port stays ours until all is saved: a new server must find the files.
  const DataDirectory directory(options.dir);
  Server server(host);
  if (!options.config_file.empty()) {
    host.log.notice("configuration read: " + options.config_file);
  }
  host.log.notice("start: version " + std::string(kVersion) + ", process " +
                  std::to_string(::getpid()) + ", port " +
                  std::to_string(options.port) + ", files in " + options.dir);
  const auto begin = std::chrono::steady_clock::now();
  const auto loaded =
      load_store(host, directory, [&server] { return server.run_once(); });
  if (!loaded) {  // there is nothing to keep yet
    tell_of_end(host);
    return EXIT_SUCCESS;
  }
  Durability durability(host, directory, *loaded);
  tell_of_load(host, std::chrono::steady_clock::now() - begin);
  for (;;) {
    server.run();
    tell_of_end(host);
    const bool saves =
        host.should_stop ? host.stops_with_save : !options.save.empty();
    const Status status = durability.finish(saves);
    if (status.ok()) return EXIT_SUCCESS;
    // To end now is to lose what was acknowledged.
    host.log.warning((host.stops_by_force ? "ended by force, not saved: "
                                          : "not ended, not saved: ") +
                     status.text());
    if (host.stops_by_force) return EXIT_FAILURE;
    host.should_stop = false;
    forget_stop_request();
  }
}

// Begins the directory with the dump of --restore.
void begin_directory(const Options& options) {
  uint64_t records = 0;
  const Status status =
      restore(options.restore, options.dir, options.appendonly, records);
  if (!status.ok()) die_plainly(status.text());
  Log(options.loglevel)
      .notice(options.dir + ": begun with " + counted(records, "record") +
              " of " + options.restore);
}

// Looks after the files without serving; the exit status.
int maintain(Options& options) {
  const OwnedStore owner(new Store);
  Store& store = *owner;
  Host host{.store = store, .options = options};
  host.statistics.reset();
  const Apply apply = [&host](Args change) {
    return apply_effect(host, change);
  };
  return options.task == Task::check
             ? check_directory(options.dir, store, apply)
             : repair_directory(options.dir, store, apply);
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  klh::Options options = klh::parse_command_line(argc, argv);
  if (options.task != klh::Task::serve) return klh::maintain(options);
  if (!options.restore.empty()) klh::begin_directory(options);
  klh::install_signal_handlers();
  return klh::run(options);
}
