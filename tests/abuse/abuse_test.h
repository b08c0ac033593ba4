// What all scenarios of abuse have in common: one client behaves, others do
// not, and in the end the server
//
//   has answered the one that behaves, each time and to the byte;
//   sleeps, the others still connected, since there is nothing left to do;
//   has not taken more memory than the scenario's bound, at any time;
//   still has all data;
//   has as many descriptors as before, when the others have gone.
//
// How long the one had to wait is not asserted: that depends on the machine.
// tests/bench/abuse.sh measures it, with larger counts. For this it sets
// KLH_REPORT to the name of a file, which gets a line for each scenario.
// Scenarios whose names begin with DISABLED_ are for those figures only: tests
// of the stages, named beside each, have the rest of it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/prober.h"
#include "harness/client.h"
#include "harness/server_process.h"

namespace klh::test {

inline constexpr size_t kMiB = 1024 * 1024;

// For a few hundred clients, each with a read's bytes and their replies: far
// less than what is announced, asked for or sent in any scenario.
inline constexpr size_t kUsualBound = 16 * kMiB;

class Abuse : public testing::Test {
 protected:
  struct Scenario {
    std::string name;  // as it stands in the table
    size_t bound;      // on the growth of the server's memory, in bytes
  };

  void TearDown() override;

  // Without files, and started with the descriptors that it may have, 0 for as
  // many as the tests, and these flags.
  ServerProcess& start(uint64_t max_descriptors = 0,
                       const std::vector<std::string>& flags = {});
  ServerProcess& server();

  // Runs `attack` beside the client that behaves. Clients that it leaves in
  // attackers_ are still connected when the server must sleep.
  void withstand(const Scenario& scenario, const std::function<void()>& attack);

  Client connect(Client::Options options = {});
  void connect_attackers(size_t count);

  // Requires the bytes of a reply, and nothing of redis-server.
  void expect(Client& client, std::string_view reply,
              Where where = Where::here());

  // While the server is abused: returns when the one that behaves has been
  // answered `count` times more.
  void wait_for_answers(size_t count) { prober_->wait_for_more(count); }

  // A line below the table.
  static void report_note(const std::string& name, double number);

  static bool is_report();
  static size_t count(size_t in_tests, size_t in_report) {
    return is_report() ? in_report : in_tests;
  }

  std::vector<Client> attackers_;
  std::optional<Prober> prober_;

 private:
  void wait_for_descriptors();
  void report(const Scenario& scenario, const Latencies& latencies,
              size_t growth) const;

  std::optional<ServerProcess> server_;
  size_t descriptors_ = 0;  // of the server before anybody has connected
};

}  // namespace klh::test
