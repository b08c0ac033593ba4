// What a command is: a row of a table, and a handler.
//
// To add a command, write a function `void name(Context&)` in the file of its
// family, and a row in the table at that file's end. A handler
//   1. reads its arguments (args.h),
//   2. finds its key, with find_to_read() if it replies what is there: the
//      error has been replied if it is of another type,
//   3. does the work with the store and replies,
//   4. when it has changed something, says so: changed() if the request itself,
//      run again later, would bring about the same change, else changed_as()
//      with a command that does. What depends on the clock or on chance is
//      spelled out there: a time becomes PXAT, an INCRBYFLOAT a SET.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "commands/host.h"
#include "commands/session.h"
#include "protocol/reply.h"
#include "protocol/request.h"
#include "store/store.h"

namespace klh {

class Context {
 public:
  Context(Host& the_host, Session& the_session, Args the_args, Buffer& output)
      : host(the_host),
        store(the_host.store),
        session(the_session),
        args(the_args),
        reply(output, the_session.protocol),
        reply_begin_(output.size()) {}

  Host& host;
  Store& store;
  Session& session;
  Args args;  // args[0] is the command's name
  Reply reply;

  // Looks for the value of a key, as a String, List, Hash or SortedSet. False
  // when it is of another type: then the error has been replied. `value` is
  // nullptr when there is no such key.
  template <class T>
  [[nodiscard]] bool find(std::string_view key, T*& value);

  // The same for a command that asks for the value: INFO counts a hit or a
  // miss, as Redis does, which does not for one that only changes it.
  template <class T>
  [[nodiscard]] bool find_to_read(std::string_view key, T*& value);
  Entry* find_to_read(std::string_view key);

  // The same for a command that makes the value if there is none.
  template <class T>
  [[nodiscard]] bool find_or_create(std::string_view key, T*& value);

  // May the command take so many bytes while it runs, for what it builds and
  // for what it has yet to reply? False when all clients together would then
  // take more than they may: then what it has replied so far is dropped, and
  // the error, -OOM, is replied. Every command whose need is a product of its
  // arguments asks this, before the bytes are allocated and before anything is
  // changed. Always true for a change that is read from a file. O(1).
  [[nodiscard]] bool can_take(size_t bytes);

  // May the data grow by so many bytes? False when that alone would exceed
  // maxmemory by far: then the error, -OOM, has been replied. For commands of
  // which a few bytes ask for much; that the data has not exceeded it yet is
  // asked before any command runs. Always true for a change that is read from
  // a file. O(1).
  [[nodiscard]] bool can_store(size_t bytes);

  // A collection that has become empty is no value: its key goes.
  template <class T>
  void erase_if_empty(std::string_view key, const T& value) {
    if (value.empty()) store.erase(key);
  }

  // The store is no longer what it was: `count` things in it have changed, and
  // the request says how, or the given command does. Every change of a handler
  // is said once; a handler may say several, in their order.
  void changed(uint64_t count = 1) { changed_as(args, count); }
  void changed_as(Args effect, uint64_t count = 1);
  void changed_as(std::initializer_list<std::string_view> effect,
                  uint64_t count = 1) {
    changed_as(Args(effect.begin(), effect.size()), count);
  }

 private:
  template <class T>
  bool read_value(Entry* entry, T*& value);
  void reply_wrong_type();

  const size_t reply_begin_;  // in the output
};

// What a command does, as COMMAND tells it to clients.
enum Flags : uint16_t {
  kWrite = 1 << 0,           // may change the store
  kReadOnly = 1 << 1,        // never does
  kDenyOom = 1 << 2,         // may need memory
  kAdmin = 1 << 3,           // is about the server, not about data
  kFast = 1 << 4,            // O(1) or O(log n)
  kLoading = 1 << 5,         // could run while the files are loaded
  kNoAuth = 1 << 6,          // may be sent before the password
  kMovableKeys = 1 << 7,     // the number of keys is told by an argument
  kHasSubcommands = 1 << 8,  // the next argument names one: a row of its own
  kSubcommand = 1 << 9,      // is one; set for a name with a '|' in it
};

// Where the keys are among the arguments: from `first` to `last` (negative:
// counted from the end), every `step`; all 0 for a command without keys. With
// `count` the keys that args[count] counts stand behind it, too.
struct Keys {
  int first;
  int last;
  int step;
  int count = 0;
};

struct Command {
  std::string_view name;  // lower case; of a subcommand, as "config|get"
  int arity;              // number of arguments with the name; -n: at least n
  uint16_t flags;
  Keys keys;
  void (*handle)(Context& context);
  std::string_view category = {};  // of ACL; the table sets it, by family
};

inline void Context::changed_as(Args effect, uint64_t count) {
  if (count == 0) return;
  host.statistics.changes_since_save += count;
  session.has_changed = true;
  host.keeper->append(effect);
}

template <class T>
bool Context::find(std::string_view key, T*& value) {
  return read_value(store.find(key), value);
}

template <class T>
bool Context::find_to_read(std::string_view key, T*& value) {
  return read_value(find_to_read(key), value);
}

inline Entry* Context::find_to_read(std::string_view key) {
  Entry* const entry = store.find(key);
  Statistics& statistics = host.statistics;
  ++(entry ? statistics.keyspace_hits : statistics.keyspace_misses);
  return entry;
}

template <class T>
bool Context::read_value(Entry* entry, T*& value) {
  value = entry ? entry->value<T>() : nullptr;
  if (entry && !value) {
    reply_wrong_type();
    return false;
  }
  return true;
}

template <class T>
bool Context::find_or_create(std::string_view key, T*& value) {
  value = store.find_or_create<T>(key);
  if (!value) reply_wrong_type();
  return value != nullptr;
}

}  // namespace klh
