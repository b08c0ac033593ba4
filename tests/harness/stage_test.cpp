#include "harness/stage_test.h"

#include <cctype>

#include "harness/capabilities.h"

namespace klh::test {

namespace {

// The section of a chapter that is about this suite bears its name; what is
// still broken stands in a section of its own.
std::string section_of(const Capability& capability) {
  std::string section = "still-wrong";
  if (!capability.suite.starts_with("StillBroken")) {
    section = capability.suite;
    for (char& byte : section) {
      byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    }
  }
  return std::string(capability.read) + "#" + section;
}

}  // namespace

void StageTest::SetUp() {
  const char* suite =
      testing::UnitTest::GetInstance()->current_test_suite()->name();
  const Capability* capability = find_capability(suite);
  to_read(capability ? section_of(*capability) : "");
  likely_cause("");
}

void StageTest::TearDown() {
  if (server_ && !HasFailure()) {
    likely_cause("");
    server_->end();
  }
}

ServerProcess& StageTest::start(const ServerOptions& options, Where where) {
  server_.emplace(options, where);
  return *server_;
}

ServerProcess& StageTest::server(Where where) {
  return server_ ? *server_ : start({}, where);
}

Client StageTest::connect(Where where) {
  return connect({}, where);
}

Client StageTest::connect(Client::Options options, Where where) {
  return Client(server(where).port(), dialect(), options, where);
}

std::vector<Client> StageTest::connect_many(size_t count, Where where) {
  std::vector<Client> clients;
  clients.reserve(count);
  while (clients.size() < count) {
    clients.push_back(connect(where));
    if (clients.size() % 1000 == 0) {
      clients.back().ask({"GET", "nobody"}, none(), where);
    }
  }
  return clients;
}

}  // namespace klh::test
