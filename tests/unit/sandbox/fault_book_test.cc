#include "sandbox/fault_book.h"

#include "gtest/gtest.h"
#include "sandbox/directive.h"

namespace easel::sandbox {
namespace {

std::vector<Fault> Called(const FaultWords& words) { return ParseFault(words, 1).value(); }

TEST(FaultBookTest, APromptsFaultStrikesAsOftenAsItSaysForEachScope) {
  FaultBook book;
  const auto own = FaultsInPrompt("[[sandbox: code=1302 times=2]]").value();
  EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", own, "a"));
  EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", own, "a"));
  EXPECT_FALSE(book.Strike(Fault::At::kSubmit, "m", own, "a"));
  EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", own, "b"));
  EXPECT_FALSE(book.Strike(Fault::At::kPoll, "m", own, "b"));
}

TEST(FaultBookTest, WithoutTimesAPromptsFaultStrikesAlwaysAndACalledOneOnce) {
  FaultBook book;
  const auto own = FaultsInPrompt("[[sandbox: hang]]").value();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", own, "a"));
  book.Add(Called({{"drop", ""}}));
  EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", {}, "a")->drop);
  EXPECT_FALSE(book.Strike(Fault::At::kSubmit, "m", {}, "a"));
}

TEST(FaultBookTest, FaultsStrikeInOrderOneAfterTheOther) {
  FaultBook book;
  const auto own = FaultsInPrompt("[[sandbox: code=1302 times=1]][[sandbox: code=1305 times=1]]").value();
  book.Add(Called({{"code", "1234"}}));
  EXPECT_EQ(book.Strike(Fault::At::kSubmit, "m", own, "a")->code, 1302);
  EXPECT_EQ(book.Strike(Fault::At::kSubmit, "m", own, "a")->code, 1305);
  EXPECT_EQ(book.Strike(Fault::At::kSubmit, "m", own, "a")->code, 1234);
  EXPECT_FALSE(book.Strike(Fault::At::kSubmit, "m", own, "a"));
}

TEST(FaultBookTest, ACalledFaultMayWaitForOneModel) {
  FaultBook book;
  book.Add(Called({{"code", "1302"}, {"model", "glm-image"}}));
  EXPECT_FALSE(book.Strike(Fault::At::kSubmit, "cogview-4-250304", {}, "a"));
  EXPECT_EQ(book.List().size(), 1u);
  EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "glm-image", {}, "a"));
  EXPECT_TRUE(book.List().empty());
}

TEST(FaultBookTest, TimesZeroByTheCallLastsUntilCleared) {
  FaultBook book;
  book.Add(Called({{"code", "1302"}, {"times", "0"}}));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(book.Strike(Fault::At::kSubmit, "m", {}, "a"));
  book.Clear();
  EXPECT_FALSE(book.Strike(Fault::At::kSubmit, "m", {}, "a"));
}

}  // namespace
}  // namespace easel::sandbox
