#include "sandbox/command_line.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace easel::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CommandLineTest, ReadsEveryOption) {
  const CommandLine line =
      ReadCommandLine({"--listen", "127.0.0.1:8090", "--ready-file=/tmp/ready", "--latency-scale", "0.1", "--concurrency=0",
                       "--key", "one", "--key=two", "--state-dir", "/tmp/state", "--prompt-limit", "1000", "--signed-urls",
                       "--reject-duplicates"})
          .value();
  EXPECT_EQ(line.options.listen, "127.0.0.1:8090");
  EXPECT_EQ(line.ready_file, "/tmp/ready");
  EXPECT_EQ(line.options.latency_scale, 0.1);
  EXPECT_EQ(line.options.concurrency, 0);
  EXPECT_THAT(line.options.keys, ElementsAre("one", "two"));
  EXPECT_EQ(line.options.state_directory, "/tmp/state");
  EXPECT_EQ(line.options.max_prompt_code_points, 1000u);
  EXPECT_TRUE(line.options.signed_urls);
  EXPECT_TRUE(line.options.reject_duplicates);
}

TEST(CommandLineTest, NamesTheWordThatIsWrong) {
  const std::vector<std::vector<std::string>> wrong = {{"--port", "1"}, {"--listen"},       {"--latency-scale", "fast"},
                                                       {"extra"},       {"--concurrency=-1"}, {"--latency-scale=nan"},
                                                       {"--key="}};
  for (const auto& args : wrong) {
    const auto line = ReadCommandLine(args);
    EXPECT_EQ(line.status().code(), absl::StatusCode::kInvalidArgument) << args[0];
    EXPECT_THAT(std::string(line.status().message()), HasSubstr(args[0].substr(0, args[0].find('=')))) << args[0];
  }
}

TEST(CommandLineTest, HelpNamesEveryOption) {
  EXPECT_TRUE(ReadCommandLine({"--help"})->help);
  for (const char* word : {"--listen", "--ready-file", "--latency-scale", "--concurrency", "--key", "--state-dir",
                           "--prompt-limit", "--signed-urls", "--reject-duplicates"}) {
    EXPECT_THAT(std::string(kUsage), HasSubstr(word));
  }
}

}  // namespace
}  // namespace easel::sandbox
