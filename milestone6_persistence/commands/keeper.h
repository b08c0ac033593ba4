// What commands and the loop ask of the files, without knowing of any: that
// changes outlast the process. Durability implements it, and exists only once the
// files are loaded. Until then, and in tests, the null form KeepsNothing stands
// in its place: whatever is asked for, it touches no file.
#pragma once

#include <cstdint>

#include "common/status.h"
#include "protocol/request.h"

namespace klh {

class Keeper {
 public:
  // Is told of each change of the store, in order, as a command that brings it
  // about again whenever it is run: no relative times, no random choice, DEL
  // for a key that has expired. Costs a copy of the effect's bytes.
  virtual void append(Args effect) = 0;

  // Makes all changes so far as safe as `appendfsync` says. False: they are
  // not, and no client may be told that they were made.
  [[nodiscard]] virtual bool commit() = 0;

  // Does what is due for the files, and returns when it wants to be called
  // again at the latest, in milliseconds of the monotonic clock.
  virtual int64_t tick() = 0;

  // Writes all keys to disk; start_save() does so in the background, and its
  // success only means that it has begun.
  virtual Status save() = 0;
  virtual Status start_save() = 0;

  // Makes everything as safe as it can be, since the server is about to end;
  // with `saves`, by a dump too if there is something new. Only after a success
  // may it end.
  virtual Status finish(bool saves) = 0;

 protected:
  ~Keeper() = default;  // nobody deletes one by its interface
};

class KeepsNothing : public Keeper {
 public:
  void append(Args) override {}
  [[nodiscard]] bool commit() override { return true; }
  int64_t tick() override { return INT64_MAX; }
  Status save() override { return Status::refused("no files are loaded"); }
  Status start_save() override { return save(); }
  Status finish(bool) override { return {}; }
};

}  // namespace klh
