// The store: loads its files, serves until it is told to stop, saves.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "commands/eviction.h"
#include "commands/host.h"
#include "commands/table.h"
#include "common/net.h"
#include "common/signals.h"
#include "durability.h"
#include "options.h"
#include "persistence/check.h"
#include "persistence/repair.h"
#include "server.h"
#include "store/store.h"

namespace klh {

namespace {

// Each client needs a descriptor, and the server some for itself. If the system
// allows fewer, fewer clients are let in.
void fit_maxclients(Options& options) {
  constexpr uint64_t kOwnDescriptors = 32;
  const uint64_t limit = raise_descriptor_limit();
  const uint64_t most = limit > kOwnDescriptors ? limit - kOwnDescriptors : 1;
  options.most_clients =
      static_cast<uint32_t>(std::min<uint64_t>(most, UINT32_MAX));
  if (options.maxclients <= most) return;
  options.maxclients = static_cast<uint32_t>(most);
  std::fprintf(stderr, "klh: maxclients is %u: %llu descriptors are allowed\n",
               options.maxclients, static_cast<unsigned long long>(limit));
}

void run(Options& options) {
  fit_maxclients(options);
  Store store;
  Host host{.store = store, .options = options};
  host.statistics.start_s = std::time(nullptr);
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
  const auto loaded =
      load_store(host, directory, [&server] { return server.run_once(); });
  if (!loaded) return;  // stopped before there was anything to keep
  Durability durability(host, directory, *loaded);
  for (;;) {
    server.run();
    const bool saves =
        host.should_stop ? host.stops_with_save : !options.save.empty();
    const Status status = durability.finish(saves);
    if (status.ok() || host.stops_by_force) return;
    // To end now would be to lose what was acknowledged.
    std::fprintf(stderr, "klh: not ended, not saved: %s\n",
                 status.text().c_str());
    host.should_stop = false;
    forget_stop_request();
  }
}

// Looks after the files without serving; the exit status.
int maintain(Options& options) {
  Store store;
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
  klh::Options options = klh::parse_options(argc, argv);
  if (options.task != klh::Task::serve) return klh::maintain(options);
  klh::install_signal_handlers();
  klh::run(options);
}
