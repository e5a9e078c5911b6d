#include "generation/generations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "generation/time.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GenerationsTest : public ::testing::Test {
 protected:
  std::string Start(const std::string& request_id = "kitten-1") {
    auto started = process_.Start(Kitten(request_id));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    return started->current()->generation().name();
  }
  v1::Generation Show(const std::string& name) { return process_.generations().Show(**process_.Get("default", name)); }

  Surroundings around_;
  Process process_{around_};
};

TEST_F(GenerationsTest, AnAcceptedGenerationShowsEveryDefaultAndWhenItExpires) {
  const v1::Generation shown = Show(Start());
  EXPECT_EQ(shown.spec().model(), "glm-image");
  EXPECT_EQ(shown.spec().quality(), v1::QUALITY_HD);
  EXPECT_EQ(shown.spec().size().width(), 1280);
  EXPECT_EQ(FromProto(shown.expire_time()), around_.clock.Now() + around_.pacing.retention);
  EXPECT_EQ(shown.charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_EQ(shown.request_id(), "kitten-1");
}

TEST_F(GenerationsTest, ProgressOfWhatRunsGrowsAndNeverPromisesTheEnd) {
  around_.upstream.AlwaysPoll(StillRendering{});
  const std::string name = Start();
  ASSERT_TRUE(process_.RunUntilState(name, v1::GENERATION_STATE_RENDERING));
  const absl::Time began = around_.clock.Now();
  EXPECT_EQ(FromProto(Show(name).progress().expected_end_time()), began + absl::Seconds(20));
  double last = Show(name).progress().fraction();
  EXPECT_EQ(last, 0);
  process_.RunFor(absl::Seconds(10));
  EXPECT_NEAR(Show(name).progress().fraction(), 0.5, 0.01);
  process_.RunFor(absl::Minutes(5));
  EXPECT_LT(Show(name).progress().fraction(), 1);
  EXPECT_GE(FromProto(Show(name).progress().expected_end_time()), around_.clock.Now());
}

TEST_F(GenerationsTest, WhatWaitsShowsItsPositionAndWhatHasEndedNoProgress) {
  around_.upstream.poll_hold().Close();
  const std::string a = Start("a");
  Start("b");
  const std::string c = Start("c");
  const std::string d = Start("d");
  process_.Settle();
  EXPECT_EQ(Show(c).progress().queue_position(), 0);
  EXPECT_EQ(Show(d).progress().queue_position(), 1);
  EXPECT_FALSE(Show(a).progress().has_queue_position());
  EXPECT_EQ(process_.generations().AtWork(), 2);
  EXPECT_EQ(process_.generations().Running(), 4);
  around_.upstream.poll_hold().Open();
  process_.RunToEnd();
  EXPECT_FALSE(Show(d).has_progress());
  EXPECT_EQ(process_.generations().AtWork(), 0);
}

TEST_F(GenerationsTest, AnImagesUrlIsMadeWhenItIsShownAndItsBytesAreReadable) {
  const std::string name = Start();
  process_.RunToEnd();
  const v1::Generation shown = Show(name);
  EXPECT_EQ(shown.image().url(), "https://easel.test/images/" + shown.image().sha256());
  EXPECT_TRUE(shown.image().has_url_expire_time());
  EXPECT_EQ(process_.Recorded(name).image().url(), "");
  const auto bytes = process_.Bytes(*process_.Get("default", name));
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, fakes::PngOf(1280, 1280, 2000));
}

TEST_F(GenerationsTest, BytesOfWhatRunsFailedOrWasLostAreTypedErrors) {
  around_.upstream.poll_hold().Close();
  const std::string running = Start("running");
  process_.Settle();
  EXPECT_EQ(ReasonOf(process_.Bytes(*process_.Get("default", running)).status()), "GENERATION_NOT_ENDED");
  around_.upstream.poll_hold().Open();
  process_.RunToEnd();
  around_.images.Lose();
  EXPECT_EQ(ReasonOf(process_.Bytes(*process_.Get("default", running)).status()), "IMAGE_LOST");
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo, "1301", 400));
  const std::string failed = Start("failed");
  process_.RunToEnd();
  EXPECT_EQ(ReasonOf(process_.Bytes(*process_.Get("default", failed)).status()), "NO_IMAGE");
}

TEST_F(GenerationsTest, DeletingTakesTheRecordAndTheBytesThatNobodyElseRefersTo) {
  const std::string a = Start("a");
  const std::string b = Start("b");
  process_.RunToEnd();
  ASSERT_EQ(around_.images.kept().size(), 1U);
  EXPECT_TRUE(absl::IsNotFound(process_.Delete("other", a)));
  EXPECT_TRUE(process_.Delete("default", a).ok());
  EXPECT_EQ(around_.images.kept().size(), 1U);
  EXPECT_TRUE(process_.Delete("default", b).ok());
  EXPECT_THAT(around_.images.kept(), IsEmpty());
  EXPECT_EQ(ReasonOf(process_.Delete("default", b)), "GENERATION_NOT_FOUND");
  EXPECT_EQ(ReasonOf(process_.Get("default", a).status()), "GENERATION_NOT_FOUND");
}

TEST_F(GenerationsTest, WhatRunsIsNotDeleted) {
  around_.upstream.poll_hold().Close();
  const std::string name = Start();
  process_.Settle();
  const absl::Status refused = process_.Delete("default", name);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ReasonOf(refused), "GENERATION_NOT_ENDED");
}

TEST_F(GenerationsTest, ADeletedOnesIdIsFreeAgain) {
  const std::string name = Start();
  process_.RunToEnd();
  ASSERT_TRUE(process_.Delete("default", name).ok());
  EXPECT_NE(Start(), name);
}

TEST_F(GenerationsTest, AQuoteNamesPriceAndTimeAndSpendsNothing) {
  v1::ImageSpec spec;
  spec.set_prompt("a kitten");
  spec.set_quality(v1::QUALITY_STANDARD);
  const auto quote = process_.generations().Quote(spec);
  ASSERT_TRUE(quote.ok());
  EXPECT_EQ(quote->cost_micros(), 15'000);
  EXPECT_EQ(quote->currency(), "USD");
  EXPECT_EQ(quote->expected_duration().seconds(), 8);
  EXPECT_EQ(quote->spec().size().width(), 1280);
  EXPECT_THAT(quote->notes(), IsEmpty());
  EXPECT_TRUE(around_.store.All().empty());
  around_.upstream.set_uses_tasks(false);
  EXPECT_EQ(process_.generations().Quote(spec)->notes_size(), 1);
  spec.clear_prompt();
  EXPECT_EQ(ReasonOf(process_.generations().Quote(spec).status()), "INVALID_REQUEST");
}

TEST_F(GenerationsTest, ModelsSayWhatTheyCostHowLongTheyTakeAndWhetherACrashLosesThem) {
  const v1::ListModelsResponse models = process_.generations().ListModels();
  ASSERT_EQ(models.models_size(), 2);
  EXPECT_TRUE(models.models(0).qualities(0).resumable());
  EXPECT_EQ(models.models(0).qualities(0).typical_duration().seconds(), 20);
  v1::ImageSpec spec = Show(Start()).spec();
  for (int i = 0; i < 9; ++i) process_.history().Record(spec, absl::Seconds(3));
  EXPECT_EQ(process_.generations().ListModels().models(0).qualities(0).typical_duration().seconds(), 3);
}

TEST_F(GenerationsTest, AReadFaultIsTypedAndTheOperatorIsTold) {
  const std::string name = Start();
  process_.RunToEnd();
  around_.store.FailReads(1);
  EXPECT_EQ(ReasonOf(process_.Get("default", name).status()), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(process_.faults().size(), 1U);
}

TEST_F(GenerationsTest, TheStateAtTheUpstreamIsNeverAheadOfWhatIsRecorded) {
  const std::string name = Start();
  around_.store.on_write = [&](const Record& record) {
    const auto state = record.generation().state();
    if (state == v1::GENERATION_STATE_SUBMITTING) { EXPECT_EQ(around_.upstream.submissions(), 0); }
    if (state == v1::GENERATION_STATE_RENDERING) { EXPECT_EQ(around_.upstream.polls(), 0); }
    if (state == v1::GENERATION_STATE_FETCHING) { EXPECT_EQ(around_.upstream.fetches(), 0); }
    if (state == v1::GENERATION_STATE_SUCCEEDED) { EXPECT_EQ(around_.images.kept().size(), 1U); }
  };
  process_.RunToEnd();
  EXPECT_EQ(process_.StateOf(name), v1::GENERATION_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace easel::generation
