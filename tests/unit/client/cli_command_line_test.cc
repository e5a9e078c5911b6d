#include "cli/command_line.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "easel/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace easel::cli {
namespace {

using testing::HasSubstr;

std::string MessageOf(const std::vector<std::string>& words) {
  return client::Error(ParseCommandLine(words).status()).message();
}

TEST(CommandLine, TakesGlobalOptionsOnBothSidesOfTheCommand) {
  const auto line = ParseCommandLine({"--server", "box:1", "get", "a1", "--json", "--caller=me"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->command->name, "get");
  EXPECT_EQ(line->global.server, "box:1");
  EXPECT_EQ(line->global.caller, "me");
  EXPECT_TRUE(line->global.json);
  EXPECT_EQ(line->arguments.argument, "a1");
}

TEST(CommandLine, TakesAPromptThatLooksLikeAnOption) {
  const auto line = ParseCommandLine({"generate", "--size", "512x512", "--", "--odd prompt"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->arguments.argument, "--odd prompt");
  EXPECT_EQ(line->arguments.Text("size"), "512x512");
}

TEST(CommandLine, ASwitchDoesNotSwallowThePrompt) {
  const auto line = ParseCommandLine({"generate", "--watermark", "a kitten"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->arguments.argument, "a kitten");
  EXPECT_EQ(line->arguments.Text("watermark"), "true");
  EXPECT_EQ(ParseCommandLine({"generate", "--watermark=false", "x"})->arguments.Text("watermark"), "false");
  EXPECT_EQ(ParseCommandLine({"generate", "--watermark", "false", "x"})->arguments.Text("watermark"), "false");
  EXPECT_EQ(ParseCommandLine({"generate", "--", "--watermark"})->arguments.argument, "--watermark");
}

TEST(CommandLine, ExplainsWhatIsWrong) {
  EXPECT_THAT(MessageOf({}), HasSubstr("which command?"));
  EXPECT_THAT(MessageOf({"genrate", "x"}), HasSubstr("did you mean generate?"));
  EXPECT_THAT(MessageOf({"generate", "x", "--sice", "1x1"}), HasSubstr("did you mean --size?"));
  EXPECT_THAT(MessageOf({"generate", "x", "--qual", "hd"}), HasSubstr("no option --qual"));
  EXPECT_THAT(MessageOf({"generate", "a", "kitten"}), HasSubstr("quotation marks"));
  EXPECT_THAT(MessageOf({"generate"}), HasSubstr("PROMPT is missing"));
  EXPECT_THAT(MessageOf({"models", "x"}), HasSubstr("takes no argument"));
  EXPECT_THAT(MessageOf({"generate", "x", "--size"}), HasSubstr("size"));
  EXPECT_THAT(MessageOf({"generate", "x", "--size", "1x1", "--size", "2x2"}), HasSubstr("size"));
  EXPECT_THAT(MessageOf({"get", "x", "--timeout", "5"}), HasSubstr("is not a time"));
}

TEST(CommandLine, HelpNeedsNothingElse) {
  EXPECT_TRUE(ParseCommandLine({"--help"})->help);
  EXPECT_EQ(ParseCommandLine({"generate", "--help"})->command->name, "generate");
  EXPECT_EQ(ParseCommandLine({"help", "watch"})->command->name, "watch");
  EXPECT_TRUE(ParseCommandLine({"help"})->help);
  EXPECT_TRUE(ParseCommandLine({"--version"})->version);
}

TEST(CommandLine, WantsJsonEvenWhereItCannotBeParsed) {
  EXPECT_TRUE(WantsJson({"generate", "--nonsense", "--json"}));
  EXPECT_FALSE(WantsJson({"generate", "--", "--json"}));
}

TEST(Help, EveryCommandTeachesWithExamples) {
  for (const Command& command : Commands()) {
    const std::string help = CommandHelp(command);
    EXPECT_THAT(help, HasSubstr("Usage: easel " + command.name));
    EXPECT_THAT(help, HasSubstr("Examples:\n  ")) << command.name;
    EXPECT_THAT(GeneralHelp(), HasSubstr("\n  " + command.name + " "));
    EXPECT_THAT(command.examples, HasSubstr("easel " + command.name)) << command.name;
  }
}

}  // namespace
}  // namespace easel::cli
