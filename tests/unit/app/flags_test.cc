#include "app/flags.h"

#include <gmock/gmock.h>

namespace easel::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ErrorOf(const std::vector<std::string>& arguments) {
  return std::string(ParseFlags(arguments).status().message());
}

TEST(FlagsTest, ServesWithoutAny) {
  const auto flags = ParseFlags({});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->action, Action::kServe);
  EXPECT_EQ(flags->config_file, std::nullopt);
  EXPECT_FALSE(flags->sandbox || flags->insecure);
}

TEST(FlagsTest, ReadsThemAll) {
  const auto flags = ParseFlags({"--config", "a.yaml", "--ready-file=b.json", "--sandbox", "--insecure", "--check"});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->action, Action::kCheck);
  EXPECT_EQ(flags->config_file, "a.yaml");
  EXPECT_EQ(flags->ready_file, "b.json");
  EXPECT_TRUE(flags->sandbox && flags->insecure);
}

TEST(FlagsTest, ACallForHelpIsNeverAnsweredWithAStart) {
  EXPECT_EQ(ParseFlags({"--help", "--check"})->action, Action::kHelp);
  EXPECT_EQ(ParseFlags({"--check", "-h"})->action, Action::kHelp);
  EXPECT_EQ(ParseFlags({"--print-config", "--check"})->action, Action::kPrintConfig);
  EXPECT_EQ(ParseFlags({"--version"})->action, Action::kVersion);
}

TEST(FlagsTest, HandsTheSandboxItsArguments) {
  const auto flags = ParseFlags({"sandbox", "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->action, Action::kSandboxAlone);
  EXPECT_THAT(flags->sandbox_arguments, ElementsAre("--listen", "127.0.0.1:0"));
}

TEST(FlagsTest, AnswersMistakesWithOneLine) {
  const std::string help = "; easeld --help lists what there is";
  EXPECT_EQ(ErrorOf({"--confg=x"}), "there is no flag \"--confg\" (did you mean \"--config\"?)" + help);
  EXPECT_EQ(ErrorOf({"--port"}), "there is no flag \"--port\"" + help);
  EXPECT_EQ(ErrorOf({"serve"}), "easeld takes no argument \"serve\"" + help);
  EXPECT_EQ(ErrorOf({"--config"}), "--config needs a file behind it" + help);
  EXPECT_EQ(ErrorOf({"--ready-file="}), "--ready-file needs a file behind it" + help);
  EXPECT_EQ(ErrorOf({"--check=yes"}), "--check takes no value" + help);
}

TEST(FlagsTest, HelpNamesEveryFlagWithinAHundredColumns) {
  for (const char* flag : {"--config", "--check", "--print-config", "--sandbox", "--insecure", "--ready-file",
                           "--version", "--help", "easeld sandbox", "ZAI_API_KEY"}) {
    EXPECT_THAT(HelpText(), HasSubstr(flag));
  }
  EXPECT_FALSE(Version().empty());
}

}  // namespace
}  // namespace easel::app
