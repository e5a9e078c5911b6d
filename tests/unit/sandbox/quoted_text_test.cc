#include "sandbox/quoted_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace easel::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(QuotedTextTest, FindsEveryKindOfMarkInOrder) {
  EXPECT_THAT(QuotedTexts(R"(a sign "Open" and “Sale”, „Hallo“, ‘hi there’, 'now', 「猫」『犬』 and «Été»)"),
              ElementsAre("Open", "Sale", "Hallo", "hi there", "now", "猫", "犬", "Été"));
}

TEST(QuotedTextTest, ChineseMarksAreNoTroubleInsideChineseText) {
  EXPECT_THAT(QuotedTexts("一张海报，标题是“春节快乐”，副标题为「阖家幸福」。"), ElementsAre("春节快乐", "阖家幸福"));
  EXPECT_THAT(QuotedTexts("标题是'春节'，不错"), ElementsAre("春节"));
}

TEST(QuotedTextTest, ApostrophesAreNoMarks) {
  EXPECT_THAT(QuotedTexts("the dog's bowl isn't full, the cats' neither"), IsEmpty());
  EXPECT_THAT(QuotedTexts("it's a sign that says 'don't panic' in red"), ElementsAre("don't panic"));
  EXPECT_THAT(QuotedTexts("it says ‘don’t panic’ in red"), ElementsAre("don’t panic"));
}

TEST(QuotedTextTest, PassesOverEmptyOpenAndVeryLongOnes) {
  EXPECT_THAT(QuotedTexts("a \"\" and \"  \" and \"open"), IsEmpty());
  EXPECT_THAT(QuotedTexts("\"" + std::string(301, 'x') + "\""), IsEmpty());
}

TEST(QuotedTextTest, ExcerptsEndAtAWordAndNeverInsideACharacter) {
  EXPECT_EQ(Excerpt("a short one", 20), "a short one");
  EXPECT_EQ(Excerpt("a kitten on a windowsill", 20), "a kitten on a…");
  EXPECT_EQ(Excerpt("一只可爱的小猫咪", 4), "一只可爱…");
}

}  // namespace
}  // namespace easel::sandbox
