#include "telemetry/log.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace easel::telemetry {
namespace {

google::protobuf::Struct Parse(const std::string& line) {
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &object);
  EXPECT_TRUE(status.ok()) << line;
  return object;
}

TEST(LogTest, ALineIsOneJsonObject) {
  const LogLine line{LogLevel::kWarning, "key refused", {{"key", "0a1b2c3d"}, {"tries", 3}, {"ratio", 0.5}, {"up", false}}};
  EXPECT_EQ(ToJson(line, absl::UnixEpoch() + absl::Microseconds(1500000)),
            R"({"level":"warning","time":"1970-01-01T00:00:01.500000Z","message":"key refused",)"
            R"("key":"0a1b2c3d","tries":3,"ratio":0.5,"up":false})"
            "\n");
}

TEST(LogTest, NoTextBreaksTheLine) {
  const std::string wild = "quote \" slash \\ newline \n tab \t nul \x01 中文 bad \xff\xc3( cut \xe4\xb8";
  const std::string json = ToJson({LogLevel::kInfo, wild, {{wild, wild}}}, absl::UnixEpoch());
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  EXPECT_EQ(Parse(json).fields().at("message").string_value(),
            "quote \" slash \\ newline \n tab \t nul \x01 中文 bad \xef\xbf\xbd\xef\xbf\xbd( cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(LogTest, LinesBelowTheLevelAreNotWritten) {
  std::string written;
  Log log(LogLevel::kWarning, [&written](std::string_view line) { written.append(line); });
  log.Debug("a");
  log.Info("b");
  EXPECT_EQ(written, "");
  log.Warning("c");
  log.Error("d");
  EXPECT_NE(written.find("\"c\""), std::string::npos);
  EXPECT_NE(written.find("\"d\""), std::string::npos);
}

TEST(LogTest, LinesOfSeveralThreadsDoNotMix) {
  std::vector<std::string> lines;
  Log log(LogLevel::kInfo, [&lines](std::string_view line) { lines.emplace_back(line); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log, i] {
      for (int n = 0; n < 250; ++n) log.Info("line", {{"thread", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(lines.size(), 1000U);
  for (const std::string& line : lines) EXPECT_EQ(Parse(line).fields().at("message").string_value(), "line");
}

TEST(LogTest, LevelsHaveNames) {
  EXPECT_EQ(LogLevelFrom("debug"), LogLevel::kDebug);
  EXPECT_EQ(LogLevelFrom("error"), LogLevel::kError);
  EXPECT_EQ(LogLevelFrom("loud"), std::nullopt);
}

}  // namespace
}  // namespace easel::telemetry
