// The reader of replies: whole, cut anywhere, and without a second look at any
// byte; everything that can be wrong with one.
#include "protocol/reply_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace klh {
namespace {

// What came out of a stream of bytes.
struct Found {
  std::vector<size_t> sizes;  // of the replies
  std::string error;
  size_t stopped = 0;  // how far the reader got in what is left

  bool operator==(const Found&) const = default;
};

void PrintTo(const Found& found, std::ostream* out) {
  *out << testing::PrintToString(found.sizes) << ", error '" << found.error
       << "', stopped at " << found.stopped;
}

// Reads a stream that comes in pieces. What the reader has said that it has
// looked at is not there any more when it goes on: so it cannot look again.
class Stream {
 public:
  void feed(std::string_view piece) {
    if (!found_.error.empty()) return;
    input_ += piece;
    ReplyState state;
    while ((state = reader_.read(input_)) == ReplyState::complete) {
      found_.sizes.push_back(reader_.size());
      input_.erase(0, reader_.size());
      reader_.reset();
    }
    found_.stopped = reader_.size();
    if (state == ReplyState::malformed) found_.error = reader_.error();
    if (state == ReplyState::need_more) {
      EXPECT_EQ(reader_.size(), input_.size());
      input_.assign(input_.size(), '\xFF');
    }
  }

  const Found& found() const { return found_; }

 private:
  std::string input_;
  ReplyReader reader_;
  Found found_;
};

Found read_at_once(std::string_view bytes) {
  Stream stream;
  stream.feed(bytes);
  return stream.found();
}

Found read_in_pieces(std::string_view bytes, size_t size) {
  Stream stream;
  for (size_t i = 0; i < bytes.size(); i += size) {
    stream.feed(bytes.substr(i, size));
  }
  return stream.found();
}

const std::vector<std::string>& replies() {
  static const std::vector<std::string> all = {
      "+OK\r\n",
      "+\r\n",
      "-ERR wrong\r\n",
      ":-12\r\n",
      ",1.5\r\n",
      "#t\r\n",
      "(12345678901234567890\r\n",
      "_\r\n",
      "$5\r\nhello\r\n",
      "$0\r\n\r\n",
      "$-1\r\n",
      "$4\r\n\r\n\r\n\r\n",
      "=8\r\ntxt:text\r\n",
      "!9\r\nERR wrong\r\n",
      "*0\r\n",
      "*-1\r\n",
      "*2\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n",
      "*3\r\n*1\r\n*1\r\n+a\r\n*-1\r\n$-1\r\n",
      "~2\r\n+a\r\n+b\r\n",
      ">2\r\n+message\r\n$2\r\nhi\r\n",
      "%2\r\n+a\r\n:1\r\n+b\r\n%1\r\n+c\r\n_\r\n",
      "%0\r\n",
  };
  return all;
}

TEST(ReplyReader, EachKindOfReply) {
  for (const std::string& reply : replies()) {
    const Found whole{{reply.size()}, "", 0};
    EXPECT_EQ(read_at_once(reply), whole) << reply;
    EXPECT_EQ(read_in_pieces(reply, 1), whole) << reply;
  }
}

TEST(ReplyReader, ManyRepliesCutAnywhere) {
  std::string stream;
  std::vector<size_t> sizes;
  for (const std::string& reply : replies()) {
    stream += reply;
    sizes.push_back(reply.size());
  }
  for (size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(read_in_pieces(stream, size), (Found{sizes, "", 0})) << size;
  }
}

// A reader that begins anew with each piece would need 10^11 looks here.
TEST(ReplyReader, AMillionElementsInSmallPieces) {
  constexpr size_t kElements = 1'000'000;
  std::string reply = "*" + std::to_string(kElements) + "\r\n";
  for (size_t i = 0; i < kElements; ++i) reply += "$4\r\nsame\r\n";
  ReplyReader reader;
  for (size_t size = 0; size < reply.size(); size += 100) {
    ASSERT_EQ(reader.read(std::string_view(reply).substr(0, size)),
              ReplyState::need_more);
    ASSERT_EQ(reader.size(), size);
  }
  ASSERT_EQ(reader.read(reply), ReplyState::complete);
  EXPECT_EQ(reader.size(), reply.size());
}

struct Malformed {
  std::string bytes;
  std::string error;
};

TEST(ReplyReader, SaysWhatIsWrong) {
  const std::string type = "no reply begins with this byte";
  const std::string number = "a count is not a number";
  const std::string large = "a count is too large";
  const std::string line = "a line's CR has no LF behind it";
  const std::string value = "a value has no CR LF behind its bytes";
  // The last byte of each is the one that is wrong.
  const std::vector<Malformed> all = {
      {"H", type},
      {"\n", type},
      {"|", type},
      {"*1\r\nx", type},
      {"$a", number},
      {"$\r", number},
      {"*1a", number},
      {"*-\r", number},
      {"*-2", number},
      {"*-11", number},
      {"$--", number},
      {"$5-", number},
      {"$+", number},
      {"$?", number},
      {"$2147483648", large},
      {"*00000000000", large},
      {"+a\rb", line},
      {"$1\r\r", line},
      {"$1\r\nab", value},
      {"$1\r\na\r\r", value},
      {"$0\r\n+", value},
  };
  for (const auto& [bytes, error] : all) {
    const Found found = read_at_once(bytes + "more");
    EXPECT_EQ(found.error, error) << bytes;
    EXPECT_EQ(found.stopped, bytes.size()) << bytes;
    EXPECT_EQ(read_in_pieces(bytes, 1), found) << bytes;
  }
}

TEST(ReplyReader, ArraysInEachOtherHaveABound) {
  std::string deep;
  for (size_t i = 0; i < ReplyReader::kMaxDepth; ++i) deep += "*1\r\n";
  EXPECT_EQ(read_at_once(deep + ":1\r\n").sizes,
            std::vector<size_t>{deep.size() + 4});
  EXPECT_EQ(read_at_once(deep + "*1\r\n").error,
            "too many arrays in each other");
  EXPECT_EQ(read_at_once(deep + "*0\r\n").error, "");
}

TEST(ReplyReader, TheLineOfAWholeReply) {
  const ReplyLine ok = reply_line("+OK\r\n");
  EXPECT_EQ(ok.type, '+');
  EXPECT_EQ(ok.text, "OK");
  EXPECT_EQ(ok.size, 5u);
  const ReplyLine bytes = reply_line("$12\r\nhello, world\r\n");
  EXPECT_EQ(bytes.count, 12);
  EXPECT_EQ(bytes.size, 5u);
  EXPECT_EQ(reply_line("*-1\r\n").count, -1);
  EXPECT_EQ(reply_line("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n").count, 2);
}

}  // namespace
}  // namespace klh
