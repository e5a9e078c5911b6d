#include "app/config_text.h"

#include <gmock/gmock.h>

namespace easel::app {
namespace {

using testing::ElementsAre;

TEST(ConfigTextTest, ReadsDurationsInEveryUnit) {
  EXPECT_EQ(ParseDuration("200ms"), absl::Milliseconds(200));
  EXPECT_EQ(ParseDuration("5s"), absl::Seconds(5));
  EXPECT_EQ(ParseDuration("15m"), absl::Minutes(15));
  EXPECT_EQ(ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseDuration("7d"), absl::Hours(168));
  EXPECT_EQ(ParseDuration("1d12h"), absl::Hours(36));
  EXPECT_EQ(ParseDuration("0.5d"), absl::Hours(12));
  EXPECT_EQ(ParseDuration("0"), absl::ZeroDuration());
}

TEST(ConfigTextTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "5 s", "-5s", "d", "-1d", "1d-5s", "1.2.3d", "5sec", "inf", "999999999d", "1h7d"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(ConfigTextTest, WritesDurationsAsPeopleDo) {
  for (const char* text : {"200ms", "5s", "15m", "5m30s", "1h30m", "2h", "7d", "1h5s"}) {
    EXPECT_EQ(DurationText(*ParseDuration(text)), text);
  }
  EXPECT_EQ(DurationText(absl::Hours(25)), "25h");
}

TEST(ConfigTextTest, ReadsAndWritesBytes) {
  EXPECT_EQ(ParseBytes("1048576"), 1 << 20);
  EXPECT_EQ(ParseBytes("64MiB"), 64 << 20);
  EXPECT_EQ(ParseBytes("5MB"), 5'000'000);
  for (const char* text : {"", "MiB", "1.5MiB", "-1", "64 MiB", "9999999999GiB", "64mib"}) {
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
  }
  EXPECT_EQ(BytesText(64 << 20), "64MiB");
  EXPECT_EQ(BytesText(1000), "1000");
}

TEST(ConfigTextTest, SplitsListsAndTrims) {
  EXPECT_THAT(SplitList(" a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitList(" , "), ElementsAre());
}

TEST(ConfigTextTest, QuotesWithoutControlCharactersAndUsers) {
  EXPECT_EQ(Quoted("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(Quoted("猫"), "\"猫\"");
  EXPECT_EQ(Quoted("postgres://ada:secret@host/db"), "\"postgres://***\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(60, 'x') + "...\"");
  EXPECT_EQ(WithoutUser("http://ada:secret@proxy:3128"), "http://***@proxy:3128");
  EXPECT_EQ(WithoutUser("http://proxy:3128"), "http://proxy:3128");
}

TEST(ConfigTextTest, SuggestsTheNearestWord) {
  EXPECT_EQ(DidYouMean("lisen", {"listen", "public_url"}), " (did you mean \"listen\"?)");
  EXPECT_EQ(DidYouMean("ltsien", {"listen"}), " (did you mean \"listen\"?)");
  EXPECT_EQ(DidYouMean("banana", {"listen", "public_url"}), "");
}

}  // namespace
}  // namespace easel::app
