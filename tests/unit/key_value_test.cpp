// The application of milestones 1 to 5: requests and their replies.
#include "common/key_value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_map>

namespace klh {
namespace {

TEST(KeyValue, SetsGetsAndDeletes) {
  KeyValue store;
  EXPECT_EQ(store.execute("GET name"), "_");
  EXPECT_EQ(store.execute("SET name Alice"), "+OK");
  EXPECT_EQ(store.execute("GET name"), "$Alice");
  EXPECT_EQ(store.execute("SET name Bob"), "+OK");
  EXPECT_EQ(store.execute("GET name"), "$Bob");
  EXPECT_EQ(store.execute("DEL name"), ":1");
  EXPECT_EQ(store.execute("DEL name"), ":0");
  EXPECT_EQ(store.execute("GET name"), "_");
}

TEST(KeyValue, TakesTheRestOfTheRequestAsTheValue) {
  KeyValue store;
  EXPECT_EQ(store.execute("SET text two  words "), "+OK");
  EXPECT_EQ(store.execute("GET text"), "$two  words ");
  EXPECT_EQ(store.execute("SET nothing "), "+OK");
  EXPECT_EQ(store.execute("GET nothing"), "$");

  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  EXPECT_EQ(store.execute("SET bytes " + every_byte), "+OK");
  EXPECT_EQ(store.execute("GET bytes"), "$" + every_byte);
}

TEST(KeyValue, SaysHowACommandIsUsed) {
  KeyValue store;
  for (const char* request : {"SET", "SET ", "SET name", "SET  value"}) {
    EXPECT_EQ(store.execute(request), "-ERR usage: SET key value") << request;
  }
  for (const char* request : {"GET", "GET ", "GET a b", "GET a ", "GET  a"}) {
    EXPECT_EQ(store.execute(request), "-ERR usage: GET key") << request;
  }
  for (const char* request : {"DEL", "DEL ", "DEL a b", "DEL a "}) {
    EXPECT_EQ(store.execute(request), "-ERR usage: DEL key") << request;
  }
}

TEST(KeyValue, RefusesWhatItDoesNotKnow) {
  KeyValue store;
  EXPECT_EQ(store.execute(""), "-ERR empty request");
  EXPECT_EQ(store.execute("NOSUCH a"), "-ERR unknown command 'NOSUCH'");
  EXPECT_EQ(store.execute("set a b"), "-ERR unknown command 'set'");
  EXPECT_EQ(store.execute(" GET a"), "-ERR unknown command ''");
  // However long the request is, the reply is not.
  EXPECT_LT(store.execute(std::string(1'000'000, 'x')).size(), 200u);
}

TEST(KeyValue, IsAMap) {
  KeyValue store;
  std::unordered_map<std::string, std::string> model;
  std::mt19937 generator(1);
  for (int step = 0; step < 200'000; ++step) {
    const std::string key = "key" + std::to_string(generator() % 5000);
    const auto found = model.find(key);
    switch (generator() % 4) {
      case 0:
        ASSERT_EQ(store.execute("DEL " + key),
                  found == model.end() ? ":0" : ":1");
        model.erase(key);
        break;
      case 1:
        ASSERT_EQ(store.execute("GET " + key),
                  found == model.end() ? "_" : "$" + found->second);
        break;
      default: {
        const std::string value = std::to_string(generator());
        ASSERT_EQ(store.execute("SET " + key + " " + value), "+OK");
        model[key] = value;
      }
    }
  }
}

}  // namespace
}  // namespace klh
