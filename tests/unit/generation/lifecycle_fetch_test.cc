#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/fakes/fake_image_model.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Fetched Ending(Fetched::Outcome outcome, const std::string& message = "HTTP 404") {
  return {.outcome = outcome, .status = absl::UnavailableError(message)};
}

class FetchTest : public ::testing::Test {
 protected:
  v1::Generation Run() {
    Process process(around_);
    auto started = process.Start(Kitten());
    const std::string name = started->current()->generation().name();
    process.RunToEnd();
    faults_ = process.faults().size();
    return process.Recorded(name);
  }

  Surroundings around_;
  std::size_t faults_ = 0;
};

TEST_F(FetchTest, AFreshUrlThatIsNotThereYetIsTriedAgain) {
  for (int i = 0; i < 2; ++i) around_.upstream.OnFetch(Ending(Fetched::Outcome::kRetry));
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.fetches(), 3);
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(FetchTest, AUrlThatKeepsFailingIsAskedForAfreshWhereThereIsATask) {
  for (int i = 0; i < 4; ++i) around_.upstream.OnFetch(Ending(Fetched::Outcome::kRetry));
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/first.png", .content_filter = {}});
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/second.png", .content_filter = {}});
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.fetched().back(), "https://images.test/second.png");
  EXPECT_EQ(around_.upstream.polls(), 2);
}

TEST_F(FetchTest, AnExpiredUrlIsAskedForAfreshAtOnceWhereThereIsATask) {
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/old.png", .content_filter = {}});
  around_.upstream.OnFetch(Ending(Fetched::Outcome::kExpired, "HTTP 403"));
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/new.png", .content_filter = {}});
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_THAT(around_.upstream.fetched(), ElementsAre("https://images.test/old.png", "https://images.test/new.png"));
}

TEST_F(FetchTest, AFailedQuestionForAFreshUrlIsNotTheEnd) {
  around_.upstream.OnPoll(ImageReady{.url = "https://images.test/old.png",
                                     .expire_time = around_.clock.Now() + absl::Seconds(6),
                                     .content_filter = {}});
  for (int i = 0; i < 8; ++i) around_.upstream.OnFetch(Ending(Fetched::Outcome::kExpired, "HTTP 403"));
  for (int i = 0; i < 7; ++i) around_.upstream.OnPoll(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kYes, "dns"));
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
}

TEST_F(FetchTest, FreshUrlsThatNeverWorkEndAfterADayWithTheChargeMade) {
  around_.upstream.AlwaysFetch(Ending(Fetched::Outcome::kExpired, "HTTP 403"));
  const absl::Time began = around_.clock.Now();
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_EQ(ended.error().code(), static_cast<int>(absl::StatusCode::kInternal));
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(MetadataOf(ended.error(), "task_id"), "task-1");
  EXPECT_GE(around_.clock.Now() - began, absl::Hours(24));
  EXPECT_LE(around_.clock.Now() - began, absl::Hours(24) + absl::Minutes(2));
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(FetchTest, TheSyncEndpointsExpiredUrlEndsItSoon) {
  around_.upstream.set_uses_tasks(false);
  around_.upstream.AlwaysFetch(Ending(Fetched::Outcome::kExpired, "HTTP 410"));
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_EQ(around_.upstream.polls(), 0);
}

TEST_F(FetchTest, TheSyncEndpointsUrlIsTriedUntilItExpires) {
  around_.upstream.set_uses_tasks(false);
  around_.upstream.OnSubmit(ImageReady{.url = "https://images.test/a.png?sign=abc",
                                       .expire_time = around_.clock.Now() + absl::Hours(1),
                                       .content_filter = {}});
  around_.upstream.AlwaysFetch(Ending(Fetched::Outcome::kRetry));
  const absl::Time began = around_.clock.Now();
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_GE(around_.clock.Now() - began, absl::Hours(1));
  EXPECT_LE(around_.clock.Now() - began, absl::Hours(1) + absl::Minutes(1));
}

TEST_F(FetchTest, AnAddressThatIsNotAllowedEndsItAtOnceAndItsErrorHasNoSignature) {
  around_.upstream.AlwaysFetch(Ending(Fetched::Outcome::kForbidden, "images.test resolves to 10.0.0.1"));
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_EQ(MetadataOf(ended.error(), "upstream_url"), "https://images.test/picture.png");
  EXPECT_THAT(ended.error().DebugString(), Not(HasSubstr("s3cret")));
  EXPECT_EQ(around_.upstream.fetches(), 1);
}

TEST_F(FetchTest, BytesThatAreNoImageAreFetchedAgain) {
  around_.upstream.OnFetch(std::string("<html>please wait</html>"));
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(around_.upstream.fetches(), 2);
}

TEST_F(FetchTest, BytesThatStayNoImageEndAsInvalidWithTheAddressAndTheCharge) {
  const std::string cut = fakes::PngOf(1280, 1280, 2000).substr(0, 1500);
  for (const std::string& bytes : {std::string("<html>sorry</html>"), cut, std::string()}) {
    Surroundings around;
    around.upstream.AlwaysFetch(bytes);
    Process process(around);
    auto started = process.Start(Kitten());
    process.RunToEnd();
    const v1::Generation ended = process.Recorded(started->current()->generation().name());
    EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_INVALID") << bytes.size();
    EXPECT_EQ(MetadataOf(ended.error(), "upstream_url"), "https://images.test/picture.png");
    EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
    EXPECT_EQ(around.upstream.fetches(), 3);
    EXPECT_TRUE(around.images.kept().empty());
  }
}

TEST_F(FetchTest, OtherDimensionsAreKeptWithTheRealSizeAndAWarning) {
  around_.upstream.OnFetch(fakes::PngOf(1024, 768, 2000));
  const v1::Generation made = Run();
  EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(made.image().width(), 1024);
  EXPECT_EQ(made.image().height(), 768);
  ASSERT_EQ(made.image().warnings_size(), 1);
  EXPECT_THAT(made.image().warnings(0), HasSubstr("1280x1280"));
}

TEST_F(FetchTest, AFullDiskIsWaitedForAndTheOperatorIsTold) {
  around_.images.FailCreates(1);
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(faults_, 1U);
}

TEST_F(FetchTest, AFullDiskInTheMiddleOrAtTheEndIsWaitedForToo) {
  around_.images.FailAppends(2);
  around_.images.FailKeeps(3);
  EXPECT_EQ(Run().state(), v1::GENERATION_STATE_SUCCEEDED);
  EXPECT_EQ(faults_, 5U);
}

TEST_F(FetchTest, ADiskThatStaysFullEndsItWhenTheUrlExpiresAndItsPathStaysWithTheOperator) {
  around_.upstream.set_uses_tasks(false);
  around_.images.FailKeeps(1'000'000);
  const v1::Generation ended = Run();
  EXPECT_EQ(ReasonOf(ended.error()), "IMAGE_UNAVAILABLE");
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_MADE);
  EXPECT_THAT(ended.error().DebugString(), Not(HasSubstr("secret/path")));
}

}  // namespace
}  // namespace easel::generation
