// PING ECHO SELECT INFO COMMAND CONFIG, the options and the limit of clients.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "store/store_test.h"

namespace klh::test {

namespace {

class Admin : public StoreTest {
 protected:
  // The lines name:value of INFO.
  std::map<std::string, std::string> info(const Words& sections = {}) {
    Words words = {"INFO"};
    words.insert(words.end(), sections.begin(), sections.end());
    const std::string reply = ask(words);
    std::map<std::string, std::string> fields;
    size_t at = reply.find('\n') + 1;
    while (at < reply.size()) {
      const size_t end = reply.find("\r\n", at);
      const std::string line = reply.substr(at, end - at);
      const size_t colon = line.find(':');
      if (colon != std::string::npos) {
        fields[line.substr(0, colon)] = line.substr(colon + 1);
      }
      at = end + 2;
    }
    return fields;
  }
};

TEST_F(Admin, Ping) {
  check({"PING"}, "+PONG\r\n");
  check({"ping", "hello"}, bulk("hello"));
  check({"PING", every_byte()}, bulk(every_byte()));
  check({"PING", "a", "b"}, wrong_arity("ping"));
}

TEST_F(Admin, Echo) {
  check({"ECHO", ""}, bulk(""));
  check({"ECHO", every_byte()}, bulk(every_byte()));
  check({"ECHO"}, wrong_arity("echo"));
  check({"ECHO", "a", "b"}, wrong_arity("echo"));
}

TEST_F(Admin, SelectKnowsOneDatabase) {
  check({"SELECT", "0"}, "+OK\r\n");
  check({"SELECT", "99"}, "-ERR DB index is out of range\r\n");
  check({"SELECT", "-1"}, "-ERR DB index is out of range\r\n");
  check({"SELECT", "x"}, kNotAnInteger);
  check({"SELECT"}, wrong_arity("select"));
  check({"SELECT", "0", "1"}, wrong_arity("select"));
}

const std::set<std::string>& promised_commands() {
  static const std::set<std::string> names = {
      "set",      "get",     "del",   "exists", "incr", "mget",    "mset",
      "append",   "strlen",  "lpush", "rpush",  "lpop", "rpop",    "llen",
      "lrange",   "lindex",  "hset",  "hget",   "hdel", "hgetall", "hlen",
      "hexists",  "hkeys",   "hvals", "keys",   "scan", "type",    "dbsize",
      "flushall", "ping",    "echo",  "select", "info", "command", "config",
      "save",     "shutdown"};
  return names;
}

TEST_F(Admin, CommandListsThem) {
  const auto listed = client().ask_list({"COMMAND", "LIST"});
  const std::set<std::string> names(listed.begin(), listed.end());
  EXPECT_EQ(names.size(), listed.size());
  EXPECT_TRUE(std::includes(names.begin(), names.end(),
                            promised_commands().begin(),
                            promised_commands().end()));
  EXPECT_TRUE(names.contains("config|get"));
  const auto count =
      std::count_if(listed.begin(), listed.end(), [](const std::string& name) {
        return name.find('|') == std::string::npos;  // no subcommand
      });
  check({"COMMAND", "COUNT"}, number(count));
  EXPECT_TRUE(ask({"COMMAND"})
                  .starts_with("*" + std::to_string(count) + "\r\n*10\r\n$"));
}

// Names, arities, and where the keys are, as Redis tells them.
TEST_F(Admin, CommandInfo) {
  check({"COMMAND", "INFO", "get"},
        "*1\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n"
        ":1\r\n:1\r\n:1\r\n*3\r\n+@string\r\n+@read\r\n+@fast\r\n*0\r\n"
        "*1\r\n*6\r\n$5\r\nflags\r\n*1\r\n+RO\r\n"
        "$12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n"
        "$4\r\nspec\r\n*2\r\n$5\r\nindex\r\n:1\r\n"
        "$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n"
        "$4\r\nspec\r\n*6\r\n$7\r\nlastkey\r\n:0\r\n"
        "$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n*0\r\n");
  EXPECT_TRUE(ask({"COMMAND", "INFO", "MSET"})
                  .starts_with("*1\r\n*10\r\n$4\r\nmset\r\n:-3\r\n*2\r\n"
                               "+write\r\n+denyoom\r\n:1\r\n:-1\r\n:2\r\n"));
  EXPECT_TRUE(ask({"COMMAND", "INFO"}).starts_with("*"));
}

TEST_F(Admin, CommandInfoOfWhatIsNotThere) {
  check({"COMMAND", "INFO", "nosuch"}, "*1\r\n$-1\r\n");
}

// What a client has sent last is told with its subcommand.
TEST_F(Admin, ClientInfoNamesTheSubcommand) {
  EXPECT_NE(ask({"CLIENT", "INFO"}).find(" cmd=client|info "),
            std::string::npos);
}

TEST_F(Admin, CommandRefusesWhatItDoesNotKnow) {
  check({"COMMAND", "COUNT", "x"}, wrong_arity("command|count"));
  check({"COMMAND", "NOSUCH"},
        "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP.\r\n");
  check({"COMMAND", "DOCS", "get"},
        "-ERR unknown subcommand 'DOCS'. Try COMMAND HELP.\r\n");
  check({"command", "nosuch"},
        "-ERR unknown subcommand 'nosuch'. Try COMMAND HELP.\r\n");
}

TEST_F(Admin, ConfigGet) {
  start({"--maxclients", "77", "--timeout", "100"});
  const std::string port = std::to_string(server().port());
  check({"CONFIG", "GET", "port"}, array({"port", port}));
  check({"config", "get", "maxclients"}, array({"maxclients", "77"}));
  check({"CONFIG", "GET", "timeout"}, array({"timeout", "100"}));
  check({"CONFIG", "GET", "save"}, array({"save", "3600 1 300 100 60 10000"}));
  check({"CONFIG", "GET", "appendonly"}, array({"appendonly", "yes"}));
  check({"CONFIG", "GET", "appendfsync"}, array({"appendfsync", "everysec"}));
  check({"CONFIG", "GET", "bind"}, array({"bind", "127.0.0.1"}));
  check({"CONFIG", "GET", "nosuch"}, "*0\r\n");
  const auto pairs = client().ask_list({"CONFIG", "GET", "*"});
  std::set<std::string> names;
  for (size_t i = 0; i < pairs.size(); i += 2) names.insert(pairs[i]);
  EXPECT_EQ(names, (std::set<std::string>{"appendfsync",
                                          "appendonly",
                                          "auto-aof-rewrite-min-size",
                                          "auto-aof-rewrite-percentage",
                                          "bind",
                                          "dir",
                                          "loglevel",
                                          "maxclients",
                                          "maxmemory",
                                          "maxmemory-clients",
                                          "maxmemory-policy",
                                          "maxmemory-samples",
                                          "port",
                                          "protected-mode",
                                          "requirepass",
                                          "save",
                                          "tcp-keepalive",
                                          "timeout",
                                          "unixsocket",
                                          "unixsocketperm"}));
  EXPECT_EQ(client().ask_list({"CONFIG", "GET", "po*", "port", "ti*"}).size(),
            4u);
}

TEST_F(Admin, ConfigRefusesWhatItDoesNotKnow) {
  check({"CONFIG"}, wrong_arity("config"));
  check({"CONFIG", "GET"}, wrong_arity("config|get"));
  check({"CONFIG", "NOSUCH"},
        "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.\r\n");
  check({"config", "nosuch", "x"},
        "-ERR unknown subcommand 'nosuch'. Try CONFIG HELP.\r\n");
}

// Times are an estimate, but the first call of a command counts.
TEST_F(Admin, InfoCommandstats) {
  check({"SET", "a", "x"}, "+OK\r\n");
  check({"SET", "a"}, wrong_arity("set"));
  check({"INCR", "a"}, "-ERR value is not an integer or out of range\r\n");
  const auto all = info({"COMMANDSTATS"});
  const std::string& set = all.at("cmdstat_set");
  unsigned us[2];
  int size = 0;
  std::sscanf(set.c_str(),
              "calls=1,usec=%u,usec_per_call=%u.00,rejected_calls=1,"
              "failed_calls=0%n",
              &us[0], &us[1], &size);
  EXPECT_EQ(static_cast<size_t>(size), set.size()) << set;
  EXPECT_TRUE(all.at("cmdstat_incr").ends_with(",failed_calls=1"))
      << all.at("cmdstat_incr");
  EXPECT_EQ(info({"ERRORSTATS"}).at("errorstat_ERR"), "count=2");
}

// In the order in which Redis 7.0 has them; clients take them all for granted.
TEST_F(Admin, ClientInfoHasTheFieldsOfRedis) {
  std::istringstream line(ask({"CLIENT", "INFO"}));
  std::string names;
  line >> names;  // the length
  names.clear();
  for (std::string field; line >> field;) {
    names += field.substr(0, field.find('=')) + " ";
  }
  EXPECT_EQ(names,
            "id addr laddr fd name age idle flags db sub psub ssub multi qbuf "
            "qbuf-free argv-mem multi-mem rbs rbp obl oll omem tot-mem events "
            "cmd user redir resp lib-name lib-ver ");
}

TEST_F(Admin, Info) {
  check({"SET", "a", "1"}, "+OK\r\n");
  check({"GET", "a"}, bulk("1"));
  check({"GET", "nosuch"}, kNull);
  const auto all = info();
  EXPECT_EQ(all.at("connected_clients"), "1");
  EXPECT_EQ(all.at("tcp_port"), std::to_string(server().port()));
  EXPECT_EQ(all.at("process_id"), std::to_string(server().pid()));
  EXPECT_EQ(all.at("keyspace_hits"), "1");
  EXPECT_EQ(all.at("keyspace_misses"), "1");
  EXPECT_EQ(all.at("db0"), "keys=1,expires=0,avg_ttl=0");
  EXPECT_EQ(all.at("rdb_changes_since_last_save"), "1");
  EXPECT_EQ(all.at("role"), "master");
  EXPECT_TRUE(all.contains("redis_version"));
  EXPECT_TRUE(all.contains("uptime_in_seconds"));

  Connected second = another();
  EXPECT_EQ(second.ask({"PING"}), "+PONG\r\n");
  EXPECT_EQ(info({"CLIENTS"}).at("connected_clients"), "2");
  EXPECT_EQ(info({"stats"}).at("total_connections_received"), "2");
  EXPECT_FALSE(info({"clients"}).contains("tcp_port"));
  EXPECT_TRUE(info({"clients", "server"}).contains("tcp_port"));
  check({"INFO", "nosuch"}, bulk(""));
  check({"SAVE"}, "+OK\r\n");
  EXPECT_EQ(info().at("rdb_changes_since_last_save"), "0");
  check({"FLUSHALL"}, "+OK\r\n");
  EXPECT_FALSE(info().contains("db0"));
  check({"SET", "a", "1", "EX", "1000"}, "+OK\r\n");
  EXPECT_EQ(info().at("db0"), "keys=1,expires=1,avg_ttl=0");
}

// What redis_exporter, Datadog's check and redis-cli --stat read.
TEST_F(Admin, InfoHasWhatMonitorsRead) {
  const auto all = info();
  for (const char* name : {"os",
                           "run_id",
                           "uptime_in_days",
                           "hz",
                           "executable",
                           "config_file",
                           "blocked_clients",
                           "tracking_clients",
                           "maxmemory_human",
                           "total_system_memory",
                           "mem_fragmentation_bytes",
                           "allocator_frag_bytes",
                           "instantaneous_ops_per_sec",
                           "total_net_input_bytes",
                           "total_net_output_bytes",
                           "instantaneous_input_kbps",
                           "instantaneous_output_kbps",
                           "sync_full",
                           "pubsub_channels",
                           "connected_slaves",
                           "master_replid",
                           "repl_backlog_histlen",
                           "used_cpu_sys_children",
                           "cluster_enabled"}) {
    EXPECT_TRUE(all.contains(name)) << name;
  }
  EXPECT_EQ(all.at("blocked_clients"), "0");
  EXPECT_EQ(all.at("run_id").size(), 40U);
  EXPECT_EQ(all.at("arch_bits"), "64");
  EXPECT_EQ(all.at("cluster_enabled"), "0");
  EXPECT_TRUE(all.at("executable").ends_with("/server"));
  EXPECT_EQ(info().at("run_id"), all.at("run_id"));
}

TEST_F(Admin, InfoCountsTraffic) {
  const auto bytes = [](const std::string& text) { return std::stoull(text); };
  const std::string request = encode(Dialect::resp, {"ECHO", "hello"});
  const std::string reply = bulk("hello");
  const std::string ask_info = encode(Dialect::resp, {"INFO"});
  const auto before = info();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask({"ECHO", "hello"}), reply);
  const auto after = info();
  EXPECT_EQ(bytes(after.at("total_net_input_bytes")) -
                bytes(before.at("total_net_input_bytes")),
            100 * request.size() + ask_info.size());
  EXPECT_GT(bytes(after.at("total_net_output_bytes")) -
                bytes(before.at("total_net_output_bytes")),
            100 * reply.size());
  EXPECT_GE(bytes(after.at("total_reads_processed")), 102U);
}

// An id that nobody has is no mistake.
TEST_F(Admin, ClientListOfIds) {
  const std::string id = ask({"CLIENT", "ID"});
  const std::string mine = id.substr(1, id.size() - 3);
  for (const char* nobody : {"0", "-1", "9223372036854775807"}) {
    check({"CLIENT", "LIST", "ID", nobody}, bulk(""));
    EXPECT_TRUE(ask({"CLIENT", "LIST", "ID", nobody, mine, mine})
                    .find("id=" + mine + " ") != std::string::npos);
  }
  for (const char* wrong : {"x", "", "05", "9223372036854775808", "1.5"}) {
    check({"CLIENT", "LIST", "ID", mine, wrong}, "-ERR Invalid client ID\r\n");
  }
}

TEST_F(Admin, ConfigSetTakesNumbersAsRedisDoes) {
  for (const char* name : {"timeout", "maxclients", "maxmemory-samples",
                           "auto-aof-rewrite-percentage", "tcp-keepalive"}) {
    for (const char* text : {"05", "00", "-0", "+5", " 5", "5 ", "", "0x5"}) {
      check({"CONFIG", "SET", name, text},
            std::string("-ERR CONFIG SET failed (possibly related to argument "
                        "'") +
                name + "') - argument couldn't be parsed into an integer\r\n");
    }
  }
  check({"CONFIG", "SET", "maxmemory", "005"}, "+OK\r\n");
}

// Also of one that cannot be changed while the server runs.
TEST_F(Admin, ConfigSetOfTheValueThatItHas) {
  const auto pairs = client().ask_list({"CONFIG", "GET", "*"});
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (pairs[i] == "unixsocket") continue;  // there is none
    check({"CONFIG", "SET", pairs[i], pairs[i + 1]}, "+OK\r\n");
  }
  check({"CONFIG", "SET", "timeout", "7", "port", "1"},
        "-ERR CONFIG SET failed (possibly related to argument 'port') - can't "
        "set immutable config\r\n");
  check({"CONFIG", "GET", "timeout"}, array({"timeout", "0"}));
}

// --- options ---

TEST_F(Admin, RefusesOptionsAndValuesThatDoNotExist) {
  const auto check_refused = [&](const std::string& name,
                                 const std::string& value) {
    const std::string line = refusal({name, value});
    EXPECT_NE(line.find(name), std::string::npos) << line;
  };
  check_refused("--appendonly", "perhaps");
  check_refused("--appendfsync", "sometimes");
  check_refused("--save", "60");
  check_refused("--save", "60 x");
  check_refused("--save", "0 1");
  check_refused("--maxmemory", "1x");
  check_refused("--maxmemory", "");
  check_refused("--maxmemory", "-1");
  check_refused("--maxmemory", "99999999999999999999");
  check_refused("--maxmemory", "9999999999gb");
  check_refused("--maxmemory-policy", "volatile-lru");
  check_refused("--maxmemory-samples", "0");
  check_refused("--maxmemory-clients", "101%");
  check_refused("--maxmemory-clients", "x");
  check_refused("--protected-mode", "maybe");
  check_refused("--tcp-keepalive", "-1");
  check_refused("--nosuch", "x");
  check_refused("--port", "x");
  check_refused("--port", "65536");
  check_refused("--timeout", "-1");
  check_refused("--timeout", "x");
  check_refused("--maxclients", "x");
  check_refused("--maxclients", "");
  check_refused("--dir", "");
  check_refused("--bind", "");
  EXPECT_EQ(refusal({"--save"}), "no value for --save");
  EXPECT_EQ(refusal({"word"}), "unknown word 'word'");
}

// Nobody could connect, not even to shut it down.
TEST_F(Admin, RefusesToServeNobody) {
  const std::string line = refusal({"--maxclients", "0"});
  EXPECT_NE(line.find("--maxclients"), std::string::npos) << line;
}

TEST_F(Admin, TakesTheOptionsItHas) {
  start({"--appendonly", "no", "--appendfsync", "always", "--save",
         "60 1 10 100", "--auto-aof-rewrite-percentage", "0", "--bind",
         "127.0.0.1", "--timeout", "0", "--maxclients", "5", "--dir",
         path("made")});
  check({"PING"}, "+PONG\r\n");
  EXPECT_TRUE(std::filesystem::is_directory(path("made")));
}

TEST_F(Admin, TellsTheClientThatIsOneTooMany) {
  start({"--maxclients", "3"});
  std::vector<Connected> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(another());
    EXPECT_EQ(clients.back().ask({"PING"}), "+PONG\r\n");
  }
  for (int i = 0; i < 5; ++i) {
    Connected refused = another();
    EXPECT_EQ(refused.receive(), "-ERR max number of clients reached\r\n");
    refused.client().expect_closed();
  }
  EXPECT_NE(clients[0].ask({"INFO", "stats"}).find("rejected_connections:5"),
            std::string::npos);
  clients.pop_back();
  // The server learns of it when it comes to that: a request shows that.
  Connected next = another();
  for (std::string reply; reply != "+PONG\r\n";) {
    next.client().request({"PING"});
    reply = next.receive();
    if (reply != "+PONG\r\n") next = another();
  }
}

}  // namespace

}  // namespace klh::test
