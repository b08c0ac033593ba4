// What a connection keeps between its turns.
#include "network/buffer_pool.h"

#include <gtest/gtest.h>

#include <string>

namespace klh {
namespace {

TEST(BufferPool, AnEmptyBufferKeepsNothing) {
  BufferPool pool;
  Buffer buffer;
  pool.lend(buffer);
  EXPECT_GE(buffer.room(), 64u * 1024);
  EXPECT_EQ(BufferPool::bytes_of(buffer), 0u);
  pool.take_back(buffer);
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(BufferPool, AFewBytesKeepAFewBytes) {
  BufferPool pool;
  Buffer buffer;
  for (const std::string text : {"a", "ab", "abc"}) {
    pool.lend(buffer);
    buffer.append(text.substr(text.size() - 1));
    EXPECT_GE(buffer.room(), 64u * 1024 - 1);
    pool.take_back(buffer);
    EXPECT_EQ(buffer.view(), text);
    EXPECT_EQ(buffer.capacity(), text.size());
    EXPECT_EQ(BufferPool::bytes_of(buffer), text.size());
  }
}

TEST(BufferPool, ManyBytesStayWhereTheyAre) {
  BufferPool pool;
  Buffer buffer;
  pool.lend(buffer);
  buffer.append(std::string(40'000, 'x'));
  const char* const data = buffer.data();
  pool.take_back(buffer);
  EXPECT_EQ(buffer.data(), data);
  EXPECT_EQ(buffer.size(), 40'000u);
}

TEST(BufferPool, ALargeBufferIsNotKeptForAFewBytes) {
  BufferPool pool;
  Buffer buffer;
  pool.lend(buffer);
  buffer.append(std::string(1'000'000, 'x') + "rest");
  EXPECT_GT(BufferPool::bytes_of(buffer), 1'000'000u);
  buffer.consume(1'000'000);
  EXPECT_GT(BufferPool::bytes_of(buffer), 1'000'000u);
  pool.take_back(buffer);
  EXPECT_EQ(buffer.view(), "rest");
  EXPECT_EQ(buffer.capacity(), 4u);
}

// One after another they are given the same storage.
TEST(BufferPool, StorageIsUsedAgain) {
  BufferPool pool;
  Buffer first;
  pool.lend(first);
  const char* const storage = first.data();
  first.append("rest");
  pool.take_back(first);
  Buffer second;
  pool.lend(second);
  EXPECT_EQ(second.data(), storage);
  EXPECT_TRUE(second.empty());
}

}  // namespace
}  // namespace klh
