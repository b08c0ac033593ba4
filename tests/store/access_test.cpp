// Who may connect, what may be sent before the password, and when a connection
// is closed: maxclients, requirepass, protected-mode, bind, unixsocket,
// timeout, tcp-keepalive.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "harness/keep_asking.h"
#include "store/store_test.h"

namespace klh::test {

namespace {

class Access : public StoreTest {
 protected:
  // What our client prints.
  std::string run_client(const std::vector<std::string>& words,
                         Where where = Where::here()) {
    std::vector<std::string> command = {
        course_program(settings().milestone, "client")};
    command.insert(command.end(), words.begin(), words.end());
    const Outcome outcome = run_program(command);
    require(outcome.ending.with(0), "exit status 0",
            outcome.ending.text() + ": " + outcome.errors, where);
    return outcome.output;
  }

  // All that comes from a server to a client that says nothing.
  static std::string read_to_end(const std::string& address, uint16_t port) {
    const FileDescriptor fd = connect_tcp(address, port);
    std::string text;
    char bytes[512];
    for (ssize_t got; (got = read(fd.get(), bytes, sizeof bytes)) > 0;) {
      text.append(bytes, static_cast<size_t>(got));
    }
    return text;
  }

  // An IPv4 address of this machine that is not loopback; "" if it has none.
  static std::string other_address() {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) < 0) return "";
    std::string found;
    for (const ifaddrs* each = all; each; each = each->ifa_next) {
      if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET) continue;
      const auto* in = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      if (ntohl(in->sin_addr.s_addr) >> 24 == 127) continue;
      char text[INET_ADDRSTRLEN];
      inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
      found = text;
    }
    freeifaddrs(all);
    return found;
  }

  // The server says this and hangs up.
  void check_closed(const std::string& bytes, const std::string& replies,
                    Where where = Where::here()) {
    Connected connection = another(where);
    connection.client().send(bytes, where);
    const std::string received =
        connection.client().receive(replies.size(), where);
    require(received == replies, escaped(replies), escaped(received), where);
    connection.client().expect_closed(where);
  }

  std::string socket_path() const { return path("socket"); }
};

// --- maxclients ---

constexpr const char* kRefusing =
    "warning: clients are refused: too many, or not from this machine\n";
constexpr const char* kTooMany = "-ERR max number of clients reached\r\n";

TEST_F(Access, MaxclientsCanBeLoweredWhileTheServerRuns) {
  std::vector<Connected> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(another());
    EXPECT_EQ(clients.back().ask({"PING"}), "+PONG\r\n");
  }
  EXPECT_EQ(clients[0].ask({"CONFIG", "SET", "maxclients", "2"}), "+OK\r\n");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(read_to_end("127.0.0.1", server().port()), kTooMany);
  }
  server().wait_until_asleep();
  for (Connected& each : clients) EXPECT_EQ(each.ask({"PING"}), "+PONG\r\n");
  EXPECT_EQ(server().complaints(), kRefusing);
  EXPECT_EQ(clients[0].ask({"CONFIG", "SET", "maxclients", "6"}), "+OK\r\n");
  EXPECT_EQ(another().ask({"PING"}), "+PONG\r\n");
}

TEST_F(Access, MaxclientsIsNotRaisedBeyondTheDescriptors) {
  ServerProcess small({.max_descriptors = 64, .directory = directory()});
  Connected connection(small.port());
  EXPECT_EQ(connection.ask({"CONFIG", "GET", "maxclients"}),
            array({"maxclients", "32"}));
  EXPECT_NE(connection.ask({"CONFIG", "SET", "maxclients", "33"})
                .find("operating system is not able to handle"),
            std::string::npos);
  EXPECT_EQ(connection.ask({"CONFIG", "SET", "maxclients", "32"}), "+OK\r\n");
  small.end();
}

// --- before the password ---

class Stranger : public Access {
 protected:
  void SetUp() override { start({"--requirepass", "secret"}); }
};

constexpr const char* kNoAuth = "-NOAUTH Authentication required.\r\n";

TEST_F(Stranger, MayOnlyIdentifyAndLeave) {
  EXPECT_EQ(ask({"GET", "a"}), kNoAuth);
  EXPECT_EQ(ask({"CONFIG", "GET", "requirepass"}), kNoAuth);
  EXPECT_EQ(ask({"CLIENT", "LIST"}), kNoAuth);
  EXPECT_EQ(ask({"INFO"}), kNoAuth);
  EXPECT_EQ(ask({"SHUTDOWN", "NOSAVE"}), kNoAuth);
  EXPECT_EQ(ask({"RESET"}), "+RESET\r\n");
  EXPECT_TRUE(ask({"HELLO", "3"}).starts_with("-NOAUTH HELLO must be called"));
  EXPECT_EQ(another().ask({"QUIT"}), "+OK\r\n");
  EXPECT_EQ(ask({"AUTH", "secret"}), "+OK\r\n");
  EXPECT_EQ(ask({"GET", "a"}), kNull);
}

TEST_F(Stranger, MayNotAnnounceMuch) {
  check_closed("*11\r\n",
               "-ERR Protocol error: unauthenticated multibulk length\r\n");
  check_closed("*1000000\r\n",
               "-ERR Protocol error: unauthenticated multibulk length\r\n");
  check_closed("*2\r\n$4\r\nAUTH\r\n$16385\r\n",
               "-ERR Protocol error: unauthenticated bulk length\r\n");
  EXPECT_TRUE(ask({"AUTH", std::string(16384, 'x')}).starts_with("-WRONGPASS"));
  EXPECT_EQ(ask({"DEL", "2", "3", "4", "5", "6", "7", "8", "9", "10"}),
            kNoAuth);
}

TEST_F(Stranger, MayDoSoWithThePassword) {
  const std::string large(20'000, 'x');
  EXPECT_EQ(ask({"AUTH", "secret"}), "+OK\r\n");
  check({"ECHO", large}, bulk(large));
  check({"DEL", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"},
        number(0));
  check_closed("AUTH secret\r\nRESET\r\n*11\r\n",
               "+OK\r\n+RESET\r\n-ERR Protocol error: unauthenticated "
               "multibulk length\r\n");
}

// As in Redis: who was there before the password stays known.
TEST_F(Access, APasswordThatIsSetLaterIsForThoseWhoComeLater) {
  check({"CONFIG", "SET", "requirepass", "secret"}, "+OK\r\n");
  check({"PING"}, "+PONG\r\n");
  EXPECT_EQ(another().ask({"PING"}), kNoAuth);
}

// --- who connects from where ---

TEST_F(Access, ProtectedModeServesThisMachineOnly) {
  const std::string address = other_address();
  if (address.empty()) return;  // tests/unit/access_test.cpp asks the same
  const uint16_t port = start({"--bind", "127.0.0.1 " + address}).port();
  EXPECT_TRUE(read_to_end(address, port).starts_with("-DENIED "));
  check({"PING"}, "+PONG\r\n");
  check({"CONFIG", "SET", "protected-mode", "no"}, "+OK\r\n");
  const std::vector<std::string> ping = {"--host", address, "--port",
                                         std::to_string(port), "PING"};
  EXPECT_EQ(run_client(ping), "PONG\n");
  check({"CONFIG", "SET", "protected-mode", "yes", "requirepass", "p"},
        "+OK\r\n");
  EXPECT_EQ(run_client(ping), "(error) NOAUTH Authentication required.\n");
}

TEST_F(Access, BindsToSeveralAddresses) {
  const uint16_t port = start({"--bind", "127.0.0.1 127.0.0.2"}).port();
  for (const std::string host : {"127.0.0.1", "127.0.0.2"}) {
    EXPECT_EQ(run_client({"--host", host, "--port", std::to_string(port),
                          "CONFIG", "GET", "bind"}),
              "1) \"bind\"\n2) \"127.0.0.1 127.0.0.2\"\n");
  }
  end();
  EXPECT_EQ(refusal({"--bind", " "}), "no address in ' '");
  EXPECT_NE(refusal({"--bind", "127.0.0.1 nonsense"}).find("'nonsense'"),
            std::string::npos);
}

TEST_F(Access, BindsToIpv6) {
  const uint16_t port = start({"--bind", "127.0.0.1 ::1"}).port();
  const std::string line = run_client(
      {"--host", "::1", "--port", std::to_string(port), "CLIENT", "LIST"});
  EXPECT_NE(line.find(" laddr=[::1]:" + std::to_string(port) + " "),
            std::string::npos)
      << line;
}

// --- unix sockets ---

TEST_F(Access, ListensAtAUnixSocket) {
  start({"--unixsocket", socket_path(), "--unixsocketperm", "700"});
  EXPECT_EQ(run_client({"-s", socket_path(), "SET", "a", "1"}), "OK\n");
  EXPECT_EQ(run_client({"--unixsocket", socket_path(), "GET", "a"}), "\"1\"\n");
  check({"GET", "a"}, bulk("1"));
  const Outcome redis_cli =
      run_program({"redis-cli", "-s", socket_path(), "CLIENT", "LIST"});
  EXPECT_NE(redis_cli.output.find(" addr=" + socket_path() +
                                  ":0 laddr=" + socket_path() + ":0 "),
            std::string::npos)
      << redis_cli.output;
  EXPECT_NE(redis_cli.output.find(" flags=U "), std::string::npos);
  struct stat status {};
  ASSERT_EQ(stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(Access, RemovesItsSocketAtTheEnd) {
  start({"--unixsocket", socket_path()});
  EXPECT_TRUE(std::filesystem::exists(socket_path()));
  end();
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

TEST_F(Access, ReplacesASocketThatNobodyListensAt) {
  start({"--unixsocket", socket_path()});
  kill_server();
  EXPECT_TRUE(std::filesystem::exists(socket_path()));
  start({"--unixsocket", socket_path()});
  EXPECT_EQ(run_client({"-s", socket_path(), "PING"}), "PONG\n");
}

TEST_F(Access, RefusesASocketThatIsInUse) {
  start({"--unixsocket", socket_path()});
  EXPECT_EQ(
      refusal({"--unixsocket", socket_path(), "--dir", path("other")}),
      "unix socket '" + socket_path() + "': another server listens there");
  EXPECT_EQ(run_client({"-s", socket_path(), "PING"}), "PONG\n");
}

TEST_F(Access, RefusesWhatIsNoSocket) {
  write_file(socket_path(), "precious");
  EXPECT_EQ(
      refusal({"--unixsocket", socket_path()}),
      "unix socket '" + socket_path() + "': there is a file that is no socket");
  EXPECT_EQ(read_file(socket_path()), "precious");
  EXPECT_NE(refusal({"--unixsocket", std::string(200, 'x')}).find("too long"),
            std::string::npos);
  EXPECT_NE(refusal({"--unixsocketperm", "800"}).find("octal"),
            std::string::npos);
}

// --- what a browser can be made to send ---

TEST_F(Access, ServesNoBrowser) {
  const std::string error = "-ERR Protocol error: this is not HTTP\r\n";
  check_closed("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nFLUSHALL\r\n", error);
  check_closed("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
               wrong_arity("get") + error);
  check_closed("PUT /x HTTP/1.1\r\nhost: a\r\n\r\nFLUSHALL\r\n",
               "-ERR unknown command 'PUT', with args beginning with: '/x' "
               "'HTTP/1.1' \r\n" +
                   error);
  for (int i = 0; i < 100; ++i) check_closed("POST / HTTP/1.1\r\n", error);
  EXPECT_EQ(server().complaints(), "");
}

// --- connections that have ended, or as good as ---

TEST_F(Access, TimeoutCanBeSetWhileTheServerRuns) {
  Connected idle = another();
  EXPECT_EQ(idle.ask({"PING"}), "+PONG\r\n");
  EXPECT_EQ(another().ask({"CONFIG", "SET", "timeout", "1"}), "+OK\r\n");
  idle.client().expect_closed();
}

TEST_F(Access, HasTheKernelLookForPeersThatAreGone) {
  const auto trace_of = [&](const std::vector<std::string>& flags) {
    ServerProcess traced(
        {.flags = flags, .trace = "setsockopt", .directory = directory()});
    Connected connection(traced.port());
    EXPECT_EQ(connection.ask({"PING"}), "+PONG\r\n");
    traced.end();
    return traced.trace();
  };
  const std::string usual = trace_of({});
  EXPECT_NE(usual.find("SO_KEEPALIVE, [1]"), std::string::npos) << usual;
  EXPECT_NE(usual.find("TCP_KEEPIDLE, [300]"), std::string::npos) << usual;
  const std::string never = trace_of({"--tcp-keepalive", "0"});
  EXPECT_EQ(never.find("SO_KEEPALIVE"), std::string::npos) << never;
}

// A byte of a request now and then does not keep a connection open, a request
// now and then does.
TEST_F(Access, SlowClientsAreTimedOut) {
  constexpr int kRequestsForAByte = 100;
  for (int seconds = 1;; seconds *= 2) {
    start({"--timeout", std::to_string(seconds)});
    Connected slow = another();
    bool is_open = slow.client().send_until_closed("*1\r\n$1000000\r\n");
    int requests = 0;
    Connected busy = another();
    const auto silence = keep_asking(busy.client(), [&] {
      if (++requests % kRequestsForAByte != 0) return false;
      is_open = is_open && slow.client().has_nothing_to_read() &&
                slow.client().send_until_closed("x");
      return !is_open;
    });
    if (silence >= std::chrono::seconds(seconds)) continue;  // with more time
    slow.client().expect_closed();
    EXPECT_EQ(busy.ask({"PING"}), "+PONG\r\n");
    return;
  }
}

}  // namespace

}  // namespace klh::test
