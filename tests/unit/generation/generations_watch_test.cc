#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

constexpr auto kAbort = v1::CANCEL_POLICY_ABORT;
constexpr auto kFinish = v1::CANCEL_POLICY_FINISH_AND_KEEP;

class WatchTest : public ::testing::Test {
 protected:
  std::string Start() {
    auto started = process_.Start(Kitten());
    return started->current()->generation().name();
  }
  Watcher Watch(const std::string& name) {
    auto watcher = process_.Watch("default", name);
    if (!watcher.ok()) throw std::runtime_error(watcher.status().ToString());
    return *std::move(watcher);
  }
  void RunUntilRendering(const std::string& name) {
    around_.upstream.poll_hold().Close();
    ASSERT_TRUE(process_.RunUntilState(name, v1::GENERATION_STATE_RENDERING));
    ASSERT_TRUE(process_.RunUntil([&] { return around_.upstream.poll_hold().waiting() == 1; }));
  }

  Surroundings around_;
  Process process_{around_};
};

TEST_F(WatchTest, AWatcherSeesRevisionsThatOnlyRiseAndAlwaysTheEnd) {
  for (const bool queue_first : {false, true}) {
    around_.store = {};
    around_.queue_first = queue_first;
    const std::string name = Start();
    Watcher watcher = Watch(name);
    std::int64_t revision = 0;
    Snapshot now = watcher.current();
    while (!HasEnded(*now)) {
      now = process_.Next(watcher, revision, absl::InfiniteDuration());
      ASSERT_GE(now->generation().revision(), revision);
      revision = now->generation().revision();
    }
    EXPECT_EQ(now->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
    EXPECT_EQ(revision, queue_first ? 5 : 4);
  }
}

TEST_F(WatchTest, ARevisionThatIsAlreadyPastIsAnsweredAtOnce) {
  const std::string name = Start();
  RunUntilRendering(name);
  Watcher watcher = Watch(name);
  const absl::Time began = around_.clock.Now();
  EXPECT_EQ(process_.Next(watcher, 0, absl::InfiniteDuration())->generation().state(), v1::GENERATION_STATE_RENDERING);
  EXPECT_EQ(around_.clock.Now(), began);
}

TEST_F(WatchTest, ASlowReaderIsToldOfEveryStateThatCameWhileItWatched) {
  const std::string name = Start();
  Watcher watcher = Watch(name);
  Snapshot now = process_.Next(watcher, 0, absl::InfiniteDuration());
  process_.RunToEnd();
  while (!HasEnded(*now)) {
    const std::int64_t revision = now->generation().revision();
    now = process_.Next(watcher, revision, absl::InfiniteDuration());
    ASSERT_EQ(now->generation().revision(), revision + 1);
  }
  EXPECT_EQ(now->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(WatchTest, AnEndedGenerationIsAnsweredAtOnceWhateverRevisionIsAskedFrom) {
  const std::string name = Start();
  process_.RunToEnd();
  Watcher watcher = Watch(name);
  EXPECT_EQ(process_.Next(watcher, 1000, absl::InfiniteDuration())->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(WatchTest, AnotherCallersGenerationIsNotFound) {
  const std::string name = Start();
  EXPECT_TRUE(absl::IsNotFound(process_.Watch("other", name).status()));
  EXPECT_TRUE(absl::IsNotFound(process_.Get("other", name).status()));
  EXPECT_TRUE(absl::IsNotFound(process_.Watch("default", "generations/none").status()));
}

TEST_F(WatchTest, WhoLeavesWithAbortWhileAnotherOneIsAttachedChangesNothing) {
  const std::string name = Start();
  RunUntilRendering(name);
  Watcher stays = Watch(name);
  Watcher leaves = Watch(name);
  leaves.Leave(kAbort);
  process_.Settle();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_RENDERING);
  around_.upstream.poll_hold().Open();
  process_.RunToEnd();
  EXPECT_EQ(stays.current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(WatchTest, TheLastOneWhoLeavesWithAbortCancelsIt) {
  const std::string name = Start();
  RunUntilRendering(name);
  Watcher first = Watch(name);
  Watcher last = Watch(name);
  first.Leave(kFinish);
  last.Leave(kAbort);
  EXPECT_EQ(last.current()->generation().state(), v1::GENERATION_STATE_RENDERING);
  process_.RunToEnd();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_CANCELLED);
  EXPECT_EQ(process_.Recorded(name).charge().state(), v1::CHARGE_STATE_MADE);
}

TEST_F(WatchTest, WhoLeavesWithFinishAndKeepOrIsDestroyedChangesNothing) {
  const std::string name = Start();
  RunUntilRendering(name);
  { Watcher destroyed = Watch(name); }
  Watcher leaves = Watch(name);
  leaves.Leave(kFinish);
  leaves.Leave(kAbort);
  around_.upstream.poll_hold().Open();
  process_.RunToEnd();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(WatchTest, AMovedWatcherIsAttachedOnce) {
  const std::string name = Start();
  RunUntilRendering(name);
  Watcher first = Watch(name);
  Watcher second = std::move(first);
  second.Leave(kAbort);
  process_.RunToEnd();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_CANCELLED);
}

TEST_F(WatchTest, AWatcherOfAFirstLifeDoesNotDisturbTheSecond) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  const std::string name = Start();
  Watcher first = Watch(name);
  process_.RunToEnd();
  EXPECT_EQ(first.current()->generation().state(), v1::GENERATION_STATE_FAILED);
  Start();
  first.Leave(kAbort);
  process_.RunToEnd();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(WatchTest, WhoWatchesWhatAShutdownLeavesToTheNextProcessWaitsInsteadOfGoingRoundInCircles) {
  Surroundings around;
  std::string name;
  {
    Process first(around);
    name = first.Start(Kitten())->current()->generation().name();
  }
  Process next(around);
  next.generations().StopTaking();
  Watcher watcher = *next.Watch("default", name);
  const std::int64_t revision = watcher.current()->generation().revision();
  EXPECT_THROW(next.Next(watcher, revision, absl::InfiniteDuration()), std::runtime_error) << "it does not wait";
}

TEST_F(WatchTest, AnEndThatWasRecordedReportedAsFailedAndRemovedIsToldAllTheSame) {
  const std::string name = Start();
  Watcher watcher = Watch(name);
  ASSERT_TRUE(process_.RunUntilState(name, v1::GENERATION_STATE_FETCHING));
  around_.store.FailWritesAfterApplying(1);
  ASSERT_TRUE(process_.RunUntilState(name, v1::GENERATION_STATE_SUCCEEDED));
  around_.store = {};
  process_.RunToEnd();
  EXPECT_EQ(watcher.current()->generation().state(), v1::GENERATION_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace easel::generation
