// Commands do the same to a store as their effects do to another, as a journal
// brings them there; and each gives one reply.
//
// A line of the input is a command, its words separated by spaces, quoted as
// in split_words(). A line "+N" lets N milliseconds pass.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/words.h"
#include "persistence/effect.h"
#include "protocol/request.h"
#include "unit/contents.h"
#include "unit/effect_listener.h"
#include "unit/machine.h"

namespace klh {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

class Twins {
 public:
  Twins() {
    original_.store().set_now(now_ms_);
    original_.store().on_expired = [this](std::string_view key) {
      append(std::array<std::string_view, 2>{"DEL", key});
    };
  }

  void take(std::string line) {
    if (line.starts_with('+')) return wait(std::strtoul(&line[1], nullptr, 10));
    std::vector<std::string_view> words;
    if (!split_words(line.data(), line.size(), words) || words.empty()) return;
    const Command* const command = command_table().find(words[0]);
    // What is about the server and not about data does not belong here.
    if (!command || !(command->flags & (kWrite | kReadOnly))) return;
    if (needs_much(words)) return;
    const size_t effects = effects_;
    const std::string reply =
        original_.run(test::Words(words.begin(), words.end()));
    if (reply.empty() || !reply.ends_with("\r\n")) std::abort();
    if (!(command->flags & kWrite) && effects != effects_) std::abort();
  }

  void check() {
    original_.store().expire_due(SIZE_MAX);
    replay();
    if (test::contents_of(original_.store(), INT64_MIN) !=
        test::contents_of(copy_.store(), INT64_MIN)) {
      std::abort();
    }
  }

 private:
  void append(Args effect) {
    if (effect[0] != "DEL") ++effects_;
    checksum_ = append_effect(journal_, effect, checksum_);
  }

  void wait(uint64_t ms) {
    now_ms_ += static_cast<int64_t>(ms % 1'000'000'000);
    original_.store().set_now(now_ms_);
  }

  // SETRANGE key 500000000 x
  static bool needs_much(const std::vector<std::string_view>& words) {
    for (const std::string_view word : words) {
      if (word.size() > 6 && word.size() < 12 &&
          word.find_first_not_of("0123456789") == word.npos) {
        return true;
      }
    }
    return false;
  }

  void replay() {
    uint32_t before = 0;
    while (!journal_.empty()) {
      const std::string_view all = journal_.view();
      const std::string line(all.substr(0, all.find('\n')));
      journal_.consume(line.size() + 1);
      test::Words words;
      if (!read_effect(line, words, before).ok()) std::abort();
      before = *given_checksum(line);
      const std::vector<std::string_view> views(words.begin(), words.end());
      if (!apply_effect(copy_.host(), views).ok()) std::abort();
    }
  }

  int64_t now_ms_ = kStartMs;
  test::Machine original_;
  test::EffectListener listener_{original_.host(),
                                 [this](Args effect) { append(effect); }};
  test::Machine copy_;  // nobody tells it the time
  Buffer journal_;
  uint32_t checksum_ = 0;
  size_t effects_ = 0;
};

}  // namespace
}  // namespace klh

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  klh::Twins twins;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    twins.take(std::string(input.substr(0, end)));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  twins.check();
  return 0;
}
