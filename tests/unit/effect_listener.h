// Hears of the changes that commands make, instead of the files.
#pragma once

#include <functional>
#include <utility>

#include "commands/host.h"
#include "commands/keeper.h"

namespace klh::test {

class EffectListener final : public KeepsNothing {
 public:
  using Hear = std::function<void(Args effect)>;

  // `host` must outlive this object.
  EffectListener(Host& host, Hear hear) : hear_(std::move(hear)) {
    host.keeper = this;
  }

  void append(Args effect) override { hear_(effect); }

 private:
  Hear hear_;
};

}  // namespace klh::test
