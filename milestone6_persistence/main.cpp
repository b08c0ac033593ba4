// The store: loads its file, serves until it is told to stop, saves its file.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "commands/eviction.h"
#include "commands/host.h"
#include "common/net.h"
#include "common/signals.h"
#include "options.h"
#include "persistence/snapshot.h"
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

std::string save(Host& host, Snapshots& snapshots) {
  std::string complaint = snapshots.save(host.store);
  if (complaint.empty()) {
    host.statistics.changes_since_save = 0;
    host.statistics.last_save_s = std::time(nullptr);
  }
  return complaint;
}

void run(Options& options) {
  fit_maxclients(options);
  Store store;
  Snapshots snapshots(options.dir);
  const std::string damage = snapshots.load(store);
  if (!damage.empty()) die_plainly(damage);

  Host host{.store = store, .options = options};
  host.statistics.start_s = std::time(nullptr);
  host.statistics.reset();
  apply_policy(host);
  host.save = [&] { return save(host, snapshots); };
  store.on_expired = [&host](std::string_view key) {
    ++host.statistics.expired_keys;
    const std::string_view effect[] = {"DEL", key};
    if (host.on_effect) host.on_effect(effect);
  };

  // The port stays ours until all is saved: a new server must find the file.
  Server server(host);
  for (;;) {
    server.run();
    // After SHUTDOWN, what was to be saved has been.
    if (host.should_stop || !options.save_at_end) return;
    const std::string complaint = host.save();
    if (complaint.empty()) return;
    // To end now would be to lose everything. SHUTDOWN NOSAVE does that.
    std::fprintf(stderr, "klh: not ended, not saved: %s\n", complaint.c_str());
    forget_stop_request();
  }
}

}  // namespace

}  // namespace klh

int main(int argc, char** argv) {
  klh::Options options = klh::parse_options(argc, argv);
  klh::install_signal_handlers();
  klh::run(options);
}
