#include "crash/model.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

#include "commands/table.h"
#include "common/net.h"
#include "compare/peer.h"
#include "harness/diagnosis.h"
#include "persistence/dump.h"

namespace klh::test {

namespace {

// Times further away than this are absolute ones; see Generator::Times.
constexpr int64_t kAbsoluteMs = 4'000'000'000'000;
constexpr int64_t kToleranceMs = 600'000;

int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string join(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) {
    text += " " + std::to_string(value.text.size()) + ":" + value.text;
  }
  return text;
}

// The fields of a hash have no order.
std::string join_pairs(const std::vector<Value>& values) {
  std::vector<std::string> pairs;
  for (size_t i = 0; i + 1 < values.size(); i += 2) {
    pairs.push_back(join({values[i], values[i + 1]}));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const std::string& pair : pairs) text += pair;
  return text;
}

// Redis keeps -0 in a sorted set, here it is 0 (store/sorted_set.h).
std::vector<Value> without_negative_zeros(std::vector<Value> values) {
  for (size_t i = 1; i < values.size(); i += 2) {
    if (values[i].text == "-0") values[i].text = "0";
  }
  return values;
}

std::string value_of(const Ask& ask, const std::string& key) {
  const std::string type = parse_reply(ask({"TYPE", key})).text;
  const auto all = [&](const Words& command) {
    return parse_reply(ask(command)).elements;
  };
  if (type == "list") return type + join(all({"LRANGE", key, "0", "-1"}));
  if (type == "hash") return type + join_pairs(all({"HGETALL", key}));
  if (type == "zset") {
    return type + join(without_negative_zeros(
                      all({"ZRANGE", key, "0", "-1", "WITHSCORES"})));
  }
  return type + " " + parse_reply(ask({"GET", key})).text;
}

bool are_equal(const Content& left, const Content& right) {
  if (left.value != right.value) return false;
  const auto [least, most] = std::minmax(left.expiry_ms, right.expiry_ms);
  if (least < 0 || most >= kAbsoluteMs) return least == most;
  return most - least <= kToleranceMs;
}

std::string text_of(const Contents& contents, const std::string& key) {
  const auto found = contents.find(key);
  if (found == contents.end()) return "(none)";
  const int64_t expiry_ms = found->second.expiry_ms;
  return escaped(found->second.value, 300) +
         (expiry_ms < 0 ? "" : " until " + std::to_string(expiry_ms));
}

}  // namespace

Contents contents_of(const Ask& ask, const std::string& prefix) {
  Contents contents;
  for (const Value& key : parse_reply(ask({"KEYS", prefix + "*"})).elements) {
    const Value expiry = parse_reply(ask({"PEXPIRETIME", key.text}));
    contents[key.text] = {value_of(ask, key.text),
                          std::strtoll(expiry.text.c_str(), nullptr, 10)};
  }
  return contents;
}

bool are_equal(const Contents& left, const Contents& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) {
                      return a.first == b.first &&
                             are_equal(a.second, b.second);
                    });
}

std::string difference(const Contents& expected, const Contents& found) {
  for (const Contents* const each : {&expected, &found}) {
    for (const auto& [key, content] : *each) {
      if (expected.count(key) && found.count(key) &&
          are_equal(expected.at(key), found.at(key))) {
        continue;
      }
      return escaped(key) + "\n    expected " + text_of(expected, key) +
             "\n    found    " + text_of(found, key) + "\n";
    }
  }
  return "nothing";
}

std::string Model::run(const Words& command) {
  const std::vector<std::string_view> words(command.begin(), command.end());
  host_.now_ms = unix_ms();
  store_.set_now(host_.now_ms);
  session_.has_changed = false;
  Buffer output;
  Context context(host_, session_, words, output);
  execute(context);
  return std::string(output.view());
}

Contents Model::contents(const std::string& prefix) {
  return contents_of([this](const Words& words) { return run(words); }, prefix);
}

void Model::become(const Model& other) {
  run({"FLUSHALL"});
  const FileDescriptor file(memfd_create("model", MFD_CLOEXEC));
  ReadDump dump;
  if (write_dump(file.get(), other.store_, "") != 0) die("write_dump");
  if (lseek(file.get(), 0, SEEK_SET) < 0) die("lseek");
  const Status status = read_dump(file.get(), {}, store_, dump);
  if (!status.ok()) die_plainly(status.text());
}

bool is_change(const Words& command) {
  const klh::Command* const row = command_table().find(command[0]);
  return row && (row->flags & kWrite);
}

}  // namespace klh::test
