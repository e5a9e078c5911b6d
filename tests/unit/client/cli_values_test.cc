#include "cli/values.h"

#include "cli/exit_code.h"
#include "easel/error.h"
#include "gtest/gtest.h"

namespace easel::cli {
namespace {

template <typename T>
std::string FlagIn(const absl::StatusOr<T>& value) {
  const client::Error error(value.status());
  return error.violations().empty() ? "" : error.violations()[0].field();
}

TEST(Values, ReadsASize) {
  EXPECT_EQ(ParseSize("1280x960")->width(), 1280);
  EXPECT_EQ(ParseSize("1280X960")->height(), 960);
}

TEST(Values, RefusesWhatIsNoSize) {
  for (const char* text : {"", "1280", "1280x", "x1280", "0x512", "-1x512", "1280x960x3", "12.5x12", "99999999999x1"}) {
    EXPECT_EQ(FlagIn(ParseSize(text)), "--size") << text;
    EXPECT_EQ(ExitCodeOf(ParseSize(text).status()), kBadInput) << text;
  }
}

TEST(Values, ReadsATimeout) {
  EXPECT_EQ(*ParseTimeout("5m"), absl::Minutes(5));
  EXPECT_EQ(FlagIn(ParseTimeout("300")), "--timeout");
  EXPECT_EQ(FlagIn(ParseTimeout("-1s")), "--timeout");
}

TEST(Values, ReadsANameFromItselfOrItsId) {
  EXPECT_EQ(*ParseName("generations/a1"), "generations/a1");
  EXPECT_EQ(*ParseName("a1"), "generations/a1");
  EXPECT_EQ(FlagIn(ParseName("generations/")), "NAME");
  EXPECT_EQ(FlagIn(ParseName("images/a1")), "NAME");
}

TEST(Values, ReadsWordsOfClosedSets) {
  EXPECT_EQ(*ParseQuality("hd"), v1::QUALITY_HD);
  EXPECT_EQ(FlagIn(ParseQuality("best")), "--quality");
  EXPECT_EQ(*ParseCancelPolicy("abort"), v1::CANCEL_POLICY_ABORT);
  EXPECT_EQ(FlagIn(ParseCancelPolicy("kill")), "--cancel-policy");
  EXPECT_EQ(*ParseState("failed"), v1::GENERATION_STATE_FAILED);
  EXPECT_EQ(FlagIn(ParseState("unspecified")), "--state");
  EXPECT_FALSE(*ParseSwitch("--watermark", "false"));
  EXPECT_EQ(FlagIn(ParseSwitch("--watermark", "no")), "--watermark");
  EXPECT_EQ(*ParseLimit("7"), 7);
  EXPECT_EQ(FlagIn(ParseLimit("0")), "--limit");
}

TEST(Values, TakesControlCharactersOutOfWhatItRepeats) {
  const std::string message = client::Error(ParseQuality("a\x1b[31mb").status()).message();
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace easel::cli
