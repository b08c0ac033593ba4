#include "abuse/abuse_test.h"

#include <sched.h>

#include <cstdlib>
#include <fstream>
#include <iomanip>

#include "harness/deadline.h"
#include "harness/diagnosis.h"
#include "harness/process_info.h"
#include "harness/settings.h"

namespace klh::test {

namespace {

// Data that nobody touches: a hundred keys, and their values.
struct Witness {
  Words set = {"MSET"};
  Words get = {"MGET"};
  std::string values = "*100\r\n";

  Witness() {
    for (int i = 0; i < 100; ++i) {
      const std::string key = "witness:" + std::to_string(i);
      const std::string text(static_cast<size_t>(i), 'w');
      set.insert(set.end(), {key, text});
      get.push_back(key);
      values += encode(Dialect::resp, value(text));
    }
  }
};

const char* report_path() {
  return std::getenv("KLH_REPORT");
}

}  // namespace

bool Abuse::is_report() {
  return report_path() != nullptr;
}

void Abuse::TearDown() {
  prober_.reset();
  attackers_.clear();
  if (server_ && !HasFailure()) server_->end();
}

ServerProcess& Abuse::start(uint64_t max_descriptors,
                            const std::vector<std::string>& flags) {
  std::vector<std::string> all = {"--save", "", "--appendonly", "no"};
  all.insert(all.end(), flags.begin(), flags.end());
  server_.emplace(
      ServerOptions{.flags = all, .max_descriptors = max_descriptors});
  server_->wait_until_asleep();
  descriptors_ = open_descriptors(server_->pid());
  return *server_;
}

ServerProcess& Abuse::server() {
  return server_ ? *server_ : start();
}

void Abuse::withstand(const Scenario& scenario,
                      const std::function<void()>& attack) {
  constexpr size_t kAnswersAfterwards = 50;
  const Witness witness;
  const pid_t pid = server().pid();
  prober_.emplace(server().port());
  prober_->ask(witness.set, "+OK\r\n");
  server().wait_until_asleep();
  const size_t memory = resident_memory(pid);

  prober_->start();
  wait_for_answers(1);
  attack();
  wait_for_answers(kAnswersAfterwards);
  const Latencies latencies = prober_->stop();

  server().wait_until_asleep();
  const size_t growth = peak_memory(pid) - memory;
  prober_->ask(witness.get, witness.values);
  prober_.reset();
  for (Client& client : attackers_) client.reset();
  wait_for_descriptors();
  server().wait_until_asleep();
  if (is_report()) return report(scenario, latencies, growth);
  require(growth < scenario.bound,
          "the server's memory grows by less than " +
              with_commas(scenario.bound / 1024) + " KiB",
          with_commas(growth / 1024) + " KiB");
}

Client Abuse::connect(Client::Options options) {
  return Client(server().port(), Dialect::resp, options);
}

// A request now and then makes sure that the server has accepted them all: the
// kernel's queue does not hold as many.
void Abuse::connect_attackers(size_t count) {
  attackers_.reserve(attackers_.size() + count);
  for (size_t i = 1; i <= count; ++i) {
    attackers_.push_back(connect());
    if (i % 100 == 0) attackers_.back().ask({"GET", "nobody"}, none());
  }
}

void Abuse::expect(Client& client, std::string_view reply, Where where) {
  if (tests_learner()) return;
  const std::string received = client.receive(reply.size(), where);
  require(received == reply, escaped(reply), escaped(received), where);
}

// A connection that was reset is closed when the server comes round to it.
void Abuse::wait_for_descriptors() {
  const Deadline deadline(settings().deadline_ms);
  size_t now;
  while ((now = open_descriptors(server().pid())) > descriptors_) {
    if (deadline.has_passed()) {
      fail("no more than " + counted(descriptors_, "descriptor") +
               " when the clients have gone",
           counted(now, "descriptor"));
    }
    sched_yield();
  }
}

void Abuse::report(const Scenario& scenario, const Latencies& latencies,
                   size_t growth) const {
  std::ofstream(report_path(), std::ios::app)
      << "row\t" << scenario.name << '\t' << latencies.worst_us << '\t'
      << latencies.percentile_99_us << '\t' << growth << '\t' << scenario.bound
      << '\t' << latencies.answers << '\n';
}

void Abuse::report_note(const std::string& name, double number) {
  if (!is_report()) return;
  std::ofstream(report_path(), std::ios::app)
      << "note\t" << name << '\t' << std::fixed << std::setprecision(2)
      << number << '\n';
}

}  // namespace klh::test
