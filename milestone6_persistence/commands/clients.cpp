// Commands about the connection: https://redis.io/commands/?group=connection
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "commands/args.h"
#include "commands/command.h"
#include "commands/table.h"

namespace klh {

namespace {

void ping(Context& context) {
  if (context.args.size() > 2) {
    return context.reply.error(
        "ERR wrong number of arguments for 'ping' command");
  }
  if (context.args.size() == 2) return context.reply.bulk(context.args[1]);
  context.reply.status("PONG");
}

void echo(Context& context) {
  context.reply.bulk(context.args[1]);
}

// There is one database, number 0.
void select(Context& context) {
  ArgReader in(context, 1);
  const int64_t index = in.integer_in(INT32_MIN, INT32_MAX, kNotAnInt32);
  if (!in.finish()) return;
  if (index != 0) return context.reply.error("ERR DB index is out of range");
  context.reply.ok();
}

void quit(Context& context) {
  context.session.should_close = true;
  context.reply.ok();
}

void reset(Context& context) {
  Session& session = context.session;
  session.protocol = 2;
  session.name.clear();
  session.mute = Session::Mute::none;
  session.is_authenticated = context.host.options.requirepass.empty();
  context.reply.status("RESET");
}

// AUTH and HELLO

// Takes the same time wherever the first difference is, so that the password
// cannot be guessed byte by byte.
bool equals_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() != b.size();
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = i < b.size() ? b[i] : '\0';
    difference |= static_cast<unsigned char>(a[i] ^ other);
  }
  return difference == 0;
}

// False when the error has been replied. There is one user, "default"; without
// a password set, any will do, as in Redis.
bool authenticate(Context& context, std::string_view user,
                  std::string_view password) {
  const std::string& wanted = context.host.options.requirepass;
  const bool is_right =
      wanted.empty() || equals_in_constant_time(password, wanted);
  if (user != "default" || !is_right) {
    context.reply.error(
        "WRONGPASS invalid username-password pair or user is disabled.");
    return false;
  }
  context.session.is_authenticated = true;
  return true;
}

void auth(Context& context) {
  const Args args = context.args;
  if (args.size() > 3) return context.reply.error(kSyntaxError);
  if (args.size() == 2 && context.host.options.requirepass.empty()) {
    return context.reply.error(
        "ERR AUTH <password> called without any password configured for the "
        "default user. Are you sure your configuration is correct?");
  }
  const std::string_view user = args.size() == 3 ? args[1] : "default";
  if (authenticate(context, user, args.back())) context.reply.ok();
}

bool is_valid_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char byte) { return byte >= '!' && byte <= '~'; });
}

constexpr std::string_view kBadName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

void reply_hello(Context& context) {
  Reply reply(context.reply.output(), context.session.protocol);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kCompatibleVersion);
  reply.bulk("proto");
  reply.integer(context.session.protocol);
  reply.bulk("id");
  reply.integer(static_cast<int64_t>(context.session.id));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

// Each takes effect as it is read, also when a later one is wrong. False: the
// error has been replied.
bool read_hello_options(Context& context, ArgReader& in) {
  while (!in.at_end() && !in.failed()) {
    const size_t left = context.args.size() - in.position();
    if (left >= 3 && in.accept("auth")) {
      const std::string_view user = in.word();
      if (!authenticate(context, user, in.word())) return false;
    } else if (left >= 2 && in.accept("setname")) {
      const std::string_view name = in.word();
      if (!is_valid_name(name)) {
        in.fail(kBadName);
      } else {
        context.session.name = name;
      }
    } else {
      in.fail("ERR Syntax error in HELLO option '" + std::string(in.word()) +
              "'");
    }
  }
  return in.finish();
}

void hello(Context& context) {
  Session& session = context.session;
  int protocol = session.protocol;
  ArgReader in(context, 1);
  if (!in.at_end()) {
    const std::optional<int64_t> wanted = parse_integer(in.word());
    if (!wanted) {
      return context.reply.error(
          "ERR Protocol version is not an integer or out of range");
    }
    if (*wanted != 2 && *wanted != 3) {
      return context.reply.error("NOPROTO unsupported protocol version");
    }
    protocol = static_cast<int>(*wanted);
  }
  if (!read_hello_options(context, in)) return;
  if (needs_password(context.host, session)) {
    return context.reply.error(
        "NOAUTH HELLO must be called with the client already authenticated, "
        "otherwise the HELLO AUTH <user> <pass> option can be used to "
        "authenticate the client and select the RESP protocol version at the "
        "same time");
  }
  session.protocol = protocol;
  reply_hello(context);
}

// CLIENT: https://redis.io/commands/client-list says what the fields mean.

// A client of the unix socket has no address of its own, but its path, on both
// sides.
std::string text_of(const Host& host, const sockaddr_storage& address) {
  if (address.ss_family == AF_UNIX) return host.options.unixsocket + ":0";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) +
           "]:" + std::to_string(ntohs(in6.sin6_port));
  }
  const auto& in = reinterpret_cast<const sockaddr_in&>(address);
  inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
}

// The address of one end of a connection. See getpeername(2), getsockname(2).
template <class Get>
std::string address_of(const Host& host, const Session& session, Get get) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (get(session.fd, any, &size) < 0) return "?:0";
  return text_of(host, address);
}

std::string peer_of(const Host& host, const Session& session) {
  return address_of(host, session, getpeername);
}

std::string local_of(const Host& host, const Session& session) {
  return address_of(host, session, getsockname);
}

std::string flags_of(const Host& host, const Session& session,
                     const std::string& address) {
  std::string flags;
  const std::string& path = host.options.unixsocket;
  if (!path.empty() && address == path + ":0") flags += 'U';
  if (session.share.is_exempt()) flags += 'e';
  return flags.empty() ? "N" : flags;
}

std::string describe(const Host& host, const Session& session) {
  const auto number = [](int64_t value) { return std::to_string(value); };
  const int64_t now_ms = host.monotonic_ms;
  const std::string address = peer_of(host, session);
  std::string line = "id=" + std::to_string(session.id);
  line += " addr=" + address + " laddr=" + local_of(host, session);
  line += " fd=" + number(session.fd) + " name=" + session.name;
  line += " age=" + number((now_ms - session.connected_ms) / 1000);
  line += " idle=" + number((now_ms - session.last_active_ms) / 1000);
  line += " flags=" + flags_of(host, session, address);
  line += " db=0 sub=0 psub=0 ssub=0 multi=-1";
  // What the buffers are filled with is the connection's affair, but clients
  // rely on these fields: redis-py raises KeyError without.
  line += " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0";
  line += " obl=0 oll=0 omem=0";
  line += " tot-mem=" + std::to_string(session.share.get()) + " events=r";
  line += " cmd=" + std::string(session.last_command) + " user=default";
  line += " redir=-1 resp=" + number(session.protocol);
  line += " lib-name=" + session.library_name;
  line += " lib-ver=" + session.library_version;
  return line;
}

void client_id(Context& context) {
  ArgReader in(context, 2);
  if (!in.finish()) return;
  context.reply.integer(static_cast<int64_t>(context.session.id));
}

void client_info(Context& context) {
  ArgReader in(context, 2);
  if (!in.finish()) return;
  context.reply.text(describe(context.host, context.session) + "\n");
}

std::vector<Session*> all_sessions(Context& context) {
  std::vector<Session*> sessions = context.host.sessions->all();
  std::sort(sessions.begin(), sessions.end(),
            [](const Session* a, const Session* b) { return a->id < b->id; });
  return sessions;
}

// Every client is of type "normal": are those asked for? A type that Redis does
// not know is a mistake.
bool read_client_type(ArgReader& in) {
  const std::string_view type = in.word();
  if (same_word(type, "normal")) return true;
  for (const std::string_view none : {"master", "replica", "slave", "pubsub"}) {
    if (same_word(type, none)) return false;
  }
  in.fail("ERR Unknown client type '" + std::string(type) + "'");
  return false;
}

// Reads all arguments that are left. Nobody has an id below 1: that is no
// mistake. Sorted, so that many ids and many clients are not compared each with
// each.
void read_client_ids(ArgReader& in, std::vector<int64_t>& ids) {
  do {
    const std::optional<int64_t> id = parse_integer(in.word());
    if (!id) in.fail("ERR Invalid client ID");
    ids.push_back(id.value_or(0));
  } while (!in.at_end() && !in.failed());
  std::sort(ids.begin(), ids.end());
}

void client_list(Context& context) {
  ArgReader in(context, 2);
  std::vector<int64_t> ids;
  bool is_any_type = true;
  if (in.accept("type")) {
    is_any_type = read_client_type(in);
  } else if (in.accept("id")) {
    read_client_ids(in, ids);
  }
  if (!in.finish()) return;
  std::string lines;
  for (const Session* session : all_sessions(context)) {
    const auto id = static_cast<int64_t>(session->id);
    const bool is_asked_for =
        ids.empty() || std::binary_search(ids.begin(), ids.end(), id);
    if (is_any_type && is_asked_for) {
      lines += describe(context.host, *session) + "\n";
      if (!context.can_take(2 * lines.size())) return;
    }
  }
  context.reply.text(lines);
}

void client_getname(Context& context) {
  ArgReader in(context, 2);
  if (!in.finish()) return;
  const std::string& name = context.session.name;
  name.empty() ? context.reply.null() : context.reply.bulk(name);
}

void client_setname(Context& context) {
  ArgReader in(context, 2);
  const std::string_view name = in.word();
  if (!is_valid_name(name)) in.fail(kBadName);
  if (!in.finish()) return;
  context.session.name = name;
  context.reply.ok();
}

void client_setinfo(Context& context) {
  ArgReader in(context, 2);
  const bool is_name = in.accept("lib-name");
  if (!is_name && !in.accept("lib-ver")) {
    in.fail("ERR Unrecognized option '" + std::string(in.word()) + "'");
  }
  const std::string_view value = in.word();
  if (!is_valid_name(value)) {
    in.fail(
        "ERR lib-name and lib-ver cannot contain spaces, newlines or special "
        "characters.");
  }
  if (!in.finish()) return;
  Session& session = context.session;
  (is_name ? session.library_name : session.library_version) = value;
  context.reply.ok();
}

void client_reply(Context& context) {
  ArgReader in(context, 2);
  Session& session = context.session;
  if (in.accept("on")) {
    if (!in.finish()) return;
    session.mute = Session::Mute::none;
    context.reply.ok();
  } else if (in.accept("off")) {
    if (in.finish()) session.mute = Session::Mute::all;
  } else if (in.accept("skip")) {
    if (!in.finish()) return;
    if (session.mute != Session::Mute::all) session.mute = Session::Mute::next;
  } else {
    context.reply.error(kSyntaxError);
  }
}

struct KillFilter {
  std::optional<int64_t> id;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  bool skips_me = true;
  bool hits_none = false;

  bool selects(const Host& host, const Session& session,
               const Session& me) const {
    if (hits_none || (skips_me && &session == &me)) return false;
    if (id && static_cast<int64_t>(session.id) != *id) return false;
    if (address && peer_of(host, session) != *address) return false;
    return !local_address || local_of(host, session) == *local_address;
  }
};

void read_kill_id(ArgReader& in, KillFilter& filter) {
  filter.id = parse_integer(in.word()).value_or(0);
  if (*filter.id < 1) in.fail("ERR client-id should be greater than 0");
}

void read_kill_user(ArgReader& in) {
  const std::string_view user = in.word();
  if (user != "default") {
    in.fail("ERR No such user '" + std::string(user) + "'");
  }
}

bool read_kill_filter(ArgReader& in, KillFilter& filter) {
  while (!in.at_end() && !in.failed()) {
    if (in.accept("id")) {
      read_kill_id(in, filter);
    } else if (in.accept("addr")) {
      filter.address = in.word();
    } else if (in.accept("laddr")) {
      filter.local_address = in.word();
    } else if (in.accept("skipme")) {
      filter.skips_me = in.accept("yes");
      if (!filter.skips_me && !in.accept("no")) in.fail(kSyntaxError);
    } else if (in.accept("user")) {
      read_kill_user(in);
    } else if (in.accept("type")) {
      filter.hits_none = !read_client_type(in);
    } else {
      in.fail(kSyntaxError);
    }
  }
  return in.finish();
}

// The client that asks still gets its reply; for any other, what waits for it
// is dropped: it may be one that never reads.
int64_t kill(Context& context, const KillFilter& filter) {
  int64_t killed = 0;
  for (Session* session : all_sessions(context)) {
    if (!filter.selects(context.host, *session, context.session)) continue;
    const bool is_me = session == &context.session;
    (is_me ? session->should_close : session->is_killed) = true;
    context.host.has_killed |= !is_me;
    ++killed;
  }
  return killed;
}

// CLIENT KILL ip:port replies OK, the form with filters how many it hit.
void client_kill(Context& context) {
  ArgReader in(context, 2);
  KillFilter filter;
  if (context.args.size() == 3) {
    filter.address = in.word();
    filter.skips_me = false;
    if (!in.finish()) return;
    if (kill(context, filter) == 0) {
      return context.reply.error("ERR No such client");
    }
    return context.reply.ok();
  }
  if (read_kill_filter(in, filter)) {
    context.reply.integer(kill(context, filter));
  }
}

void client_no_evict(Context& context) {
  ArgReader in(context, 2);
  const bool is_on = in.accept("on");
  if (!is_on && !in.accept("off")) in.fail(kSyntaxError);
  if (!in.finish()) return;
  context.session.share.set_exempt(is_on);
  context.reply.ok();
}

const Command kCommands[] = {
    {"auth", -2, kFast | kLoading | kNoAuth, {0, 0, 0}, auth},
    {"client", -2, kHasSubcommands, {0, 0, 0}, nullptr},
    {"client|getname", 2, kLoading, {0, 0, 0}, client_getname},
    {"client|id", 2, kLoading, {0, 0, 0}, client_id},
    {"client|info", 2, kLoading, {0, 0, 0}, client_info},
    {"client|kill", -3, kAdmin | kLoading, {0, 0, 0}, client_kill},
    {"client|list", -2, kAdmin | kLoading, {0, 0, 0}, client_list},
    {"client|no-evict", 3, kAdmin | kLoading, {0, 0, 0}, client_no_evict},
    {"client|reply", 3, kLoading, {0, 0, 0}, client_reply},
    {"client|setinfo", 4, kLoading, {0, 0, 0}, client_setinfo},
    {"client|setname", 3, kLoading, {0, 0, 0}, client_setname},
    {"echo", 2, kLoading | kFast, {0, 0, 0}, echo},
    {"hello", -1, kFast | kLoading | kNoAuth, {0, 0, 0}, hello},
    {"ping", -1, kFast, {0, 0, 0}, ping},
    {"quit", -1, kFast | kLoading | kNoAuth, {0, 0, 0}, quit},
    {"reset", 1, kFast | kLoading | kNoAuth, {0, 0, 0}, reset},
    {"select", 2, kLoading | kFast, {0, 0, 0}, select},
};

}  // namespace

std::span<const Command> client_commands() {
  return kCommands;
}

}  // namespace klh
