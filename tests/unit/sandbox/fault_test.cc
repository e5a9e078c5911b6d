#include "sandbox/fault.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/directive.h"

namespace easel::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Fault> InPrompt(const std::string& prompt) { return FaultsInPrompt(prompt).value(); }

TEST(FaultTest, APromptWithoutDirectiveHasNone) {
  EXPECT_THAT(InPrompt("a sandbox [with] [[brackets]]"), IsEmpty());
  EXPECT_THAT(InPrompt("[[sandbox]]"), IsEmpty());
}

TEST(FaultTest, ReadsCodeTimesAndRetryAfter) {
  const auto faults = InPrompt("a cat [[sandbox: code=1302 times=2 retry-after=7]]");
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].at, Fault::At::kSubmit);
  EXPECT_EQ(faults[0].code, 1302);
  EXPECT_EQ(faults[0].times, 2);
  EXPECT_EQ(faults[0].retry_after, 7);
}

TEST(FaultTest, IsLenientAboutCaseCommasColonsAndUnderscores) {
  const auto faults = InPrompt("[[SANDBOX Code:1305, RETRY_AFTER=3; slow=0.5]] x");
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_EQ(faults[0].code, 1305);
  EXPECT_EQ(faults[0].retry_after, 3);
  EXPECT_EQ(faults[0].slow_seconds, 0.5);
}

TEST(FaultTest, OperationDecidesWhereItStrikesWhereverItStands) {
  EXPECT_EQ(InPrompt("[[sandbox: hang operation=poll]]").at(0).at, Fault::At::kPoll);
  EXPECT_EQ(InPrompt("[[sandbox: operation=fetch drop]]").at(0).at, Fault::At::kFetch);
  EXPECT_EQ(InPrompt("[[sandbox: cut]]").at(0).at, Fault::At::kFetch);
  EXPECT_EQ(InPrompt("[[sandbox: cut operation=submit]]").at(0).at, Fault::At::kSubmit);
}

TEST(FaultTest, WordsForSeveralEventsBecomeSeveralFaults) {
  const auto faults = InPrompt("[[sandbox: code=1302 fail=\"out of memory\" 404=3 wrong-size times=2]]");
  ASSERT_THAT(faults, SizeIs(4));
  EXPECT_EQ(faults[0].code, 1302);
  EXPECT_EQ(faults[0].times, 2);
  EXPECT_TRUE(faults[1].outcome.fail);
  EXPECT_EQ(faults[1].outcome.fail_reason, "out of memory");
  EXPECT_TRUE(faults[2].not_found);
  EXPECT_EQ(faults[2].times, 3);
  EXPECT_TRUE(faults[3].wrong_size);
  EXPECT_FALSE(faults[3].not_found);
}

TEST(FaultTest, AFilterBesideCode1301BelongsToTheError) {
  const auto blocked = InPrompt("[[sandbox: code=1301 filter=0]]");
  ASSERT_THAT(blocked, SizeIs(1));
  EXPECT_EQ(blocked[0].filter, 0);
  const auto mild = InPrompt("[[sandbox: filter=3]]");
  ASSERT_THAT(mild, SizeIs(1));
  EXPECT_EQ(mild[0].outcome.filter, 3);
}

TEST(FaultTest, KeepsUrlsWhole) {
  EXPECT_EQ(InPrompt("[[sandbox: redirect=http://127.0.0.1:9/a?b=c;d,e]]").at(0).redirect, "http://127.0.0.1:9/a?b=c;d,e");
}

TEST(FaultTest, DropAfterAcceptIsShortForTwoWords) {
  for (const char* prompt : {"[[sandbox: drop=after-accept]]", "[[sandbox: drop after-accept]]"}) {
    EXPECT_TRUE(InPrompt(prompt).at(0).drop);
    EXPECT_TRUE(InPrompt(prompt).at(0).after_accept);
  }
}

TEST(FaultTest, RefusesUnknownWordsAndSaysWhatItKnows) {
  const auto status = FaultsInPrompt("[[sandbox: cod=1302]]").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"cod\""));
  for (const char* word : {"404", "code", "cut", "drop", "fail", "filter", "hang", "http", "model", "no-image", "not-image",
                           "operation", "redirect", "retry-after", "signed", "slow", "times", "wrong-size"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(word));
  }
}

TEST(FaultTest, RefusesBadValuesAndOpenEnds) {
  for (const char* prompt : {"[[sandbox: code=abc]]", "[[sandbox: code]]", "[[sandbox: times=-1]]", "[[sandbox: slow=long]]",
                             "[[sandbox: http=99]]", "[[sandbox: operation=pay]]", "[[sandbox: hang"}) {
    EXPECT_EQ(FaultsInPrompt(prompt).status().code(), absl::StatusCode::kInvalidArgument) << prompt;
  }
}

TEST(FaultTest, PicturesDoNotShowDirectives) {
  EXPECT_EQ(WithoutDirectives("[[sandbox: hang]] a cat [[Sandbox: 404=2]]on a mat"), "a cat on a mat");
  EXPECT_EQ(WithoutDirectives("a [[cat]]"), "a [[cat]]");
}

}  // namespace
}  // namespace easel::sandbox
