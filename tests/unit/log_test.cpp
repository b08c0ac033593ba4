#include "common/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "common/net.h"

namespace klh {
namespace {

// What a log of this level writes into a pipe.
class LogLines : public testing::Test {
 protected:
  LogLines() {
    int ends[2];
    if (::pipe(ends) < 0) die("pipe");
    reader_ = FileDescriptor(ends[0]);
    writer_ = FileDescriptor(ends[1]);
  }

  Log log() { return Log(level_, writer_.get()); }

  // All lines so far, each without its date.
  std::string written() {
    writer_.reset();
    std::string text;
    char bytes[4096];
    ssize_t got;
    while ((got = ::read(reader_.get(), bytes, sizeof bytes)) > 0) {
      text.append(bytes, static_cast<size_t>(got));
    }
    const size_t date = format_time(0).size() + 1;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      text.erase(at, date);
    }
    return text;
  }

  LogLevel level_ = LogLevel::notice;

 private:
  FileDescriptor reader_;
  FileDescriptor writer_;
};

void write_all_levels(Log log) {
  log.debug("a");
  log.verbose("b");
  log.notice("c");
  log.warning("d");
}

TEST_F(LogLines, OfALowerLevelAreLeftOut) {
  write_all_levels(log());
  EXPECT_EQ(written(), "notice: c\nwarning: d\n");
}

TEST_F(LogLines, FollowTheLevelThatIsSetMeanwhile) {
  Log ours = log();
  level_ = LogLevel::nothing;
  write_all_levels(ours);
  EXPECT_FALSE(ours.writes(LogLevel::warning));
  level_ = LogLevel::debug;
  write_all_levels(ours);
  EXPECT_EQ(written(), "debug: a\nverbose: b\nnotice: c\nwarning: d\n");
}

// Else a name that a client has chosen could forge a line.
TEST_F(LogLines, AreOneEach) {
  log().notice("a\nb\r\x1b[0m\x7F\tc\xC3\xA4");
  EXPECT_EQ(written(), "notice: a?b??[0m??c\xC3\xA4\n");
}

TEST(Log, WritesTimesInUtc) {
  EXPECT_EQ(format_time(0), "1970-01-01 00:00:00.000Z");
  EXPECT_EQ(format_time(1'790'000'000'007), "2026-09-21 14:13:20.007Z");
}

using News = Incident::News;

TEST(Incident, TellsOfItsBeginAndOfItsEnd) {
  Incident incident;
  EXPECT_EQ(incident.look(0, 1000), News::none);
  EXPECT_EQ(incident.due_ms(), INT64_MAX);
  EXPECT_EQ(incident.look(3, 2000), News::begun);
  for (uint64_t count = 4; count <= 1000; ++count) {
    EXPECT_EQ(incident.look(count, 2000), News::none);
  }
  EXPECT_EQ(incident.due_ms(), 2000 + Incident::kQuietMs);
  EXPECT_EQ(incident.look(1000, incident.due_ms() - 1), News::none);
  EXPECT_EQ(incident.look(1000, incident.due_ms()), News::over);
  EXPECT_EQ(incident.count(), 1000u);
  EXPECT_EQ(incident.due_ms(), INT64_MAX);
  EXPECT_EQ(incident.look(1000, INT64_MAX), News::none);
}

TEST(Incident, BeginsAnew) {
  Incident incident;
  EXPECT_EQ(incident.look(5, 0), News::begun);
  EXPECT_EQ(incident.look(5, Incident::kQuietMs), News::over);
  EXPECT_EQ(incident.look(7, Incident::kQuietMs + 1), News::begun);
  EXPECT_EQ(incident.count(), 2u);
}

// CONFIG RESETSTAT.
TEST(Incident, IsNotBegunByACounterThatIsSetBack) {
  Incident incident;
  EXPECT_EQ(incident.look(5, 0), News::begun);
  EXPECT_EQ(incident.look(0, 1), News::none);
  EXPECT_EQ(incident.look(2, 2), News::none);
  EXPECT_EQ(incident.count(), 7u);
}

}  // namespace
}  // namespace klh
