#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "tests/unit/generation/process.h"

namespace easel::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kCogView[] = "cogview-4-250304";

// A first upstream, and another one, whose prices are its own.
class FallbackTest : public ::testing::Test {
 protected:
  FallbackTest() {
    around_.accounts = {&around_.upstream, &elsewhere_};
    around_.terms.emplace(elsewhere_.upstream(), UpstreamTerms{elsewhere_catalog_});
  }
  void OnlyTheFirst() { around_.accounts = {&around_.upstream}; }

  Order OrderOf(bool allow_fallback) {
    Order order = Kitten();
    order.allow_fallback = allow_fallback;
    return order;
  }
  v1::Generation Run(Order order) {
    Process process(around_);
    const absl::Time began = around_.clock.Now();
    auto started = process.Start(std::move(order));
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    const std::string name = started->current()->generation().name();
    process.RunToEnd();
    took_ = around_.clock.Now() - began;
    return process.Recorded(name);
  }
  void ExpectMadeElsewhere(const v1::Generation& made) {
    EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED);
    const v1::Attempt& last = *made.attempts().rbegin();
    EXPECT_EQ(last.upstream(), elsewhere_.upstream());
    EXPECT_EQ(last.model(), "glm-image");
    EXPECT_EQ(made.charge().cost_micros(), 777);
    EXPECT_EQ(around_.upstream.paid(), 0);
    EXPECT_EQ(elsewhere_.paid(), 1);
    EXPECT_THAT(made.image().warnings(), IsEmpty());
  }

  Surroundings around_;
  fakes::ScriptedImageModel elsewhere_{"0e0e0e0e", "https://elsewhere.test/api/paas/v4"};
  Catalog elsewhere_catalog_{Host::kZai, {{.model = "glm-image", .cost_micros = 777, .currency = ""}}};
  absl::Duration took_;
};

struct Refusal {
  v1::ErrorReason reason;
  const char* code;
  int http_status;
};

class UpstreamFallbackTest : public FallbackTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(UpstreamFallbackTest, AnotherUpstreamTakesOverAtOnceForItsOwnPrice) {
  around_.upstream.AlwaysSubmit(Failure(GetParam().reason, Taken::kNo, GetParam().code, GetParam().http_status));
  const v1::Generation made = Run(OrderOf(false));
  ExpectMadeElsewhere(made);
  EXPECT_EQ(around_.upstream.submissions(), 1);
  EXPECT_LT(took_, absl::Seconds(10));
}

INSTANTIATE_TEST_SUITE_P(Refusals, UpstreamFallbackTest,
                         ::testing::Values(Refusal{v1::ERROR_REASON_UPSTREAM_CREDENTIALS, "1000", 401},
                                           Refusal{v1::ERROR_REASON_UPSTREAM_QUOTA, "1113", 429},
                                           Refusal{v1::ERROR_REASON_UPSTREAM_BUSY, "1302", 429},
                                           Refusal{v1::ERROR_REASON_UPSTREAM_OVERLOADED, "1305", 429},
                                           Refusal{v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "connection", 0}));

TEST_F(FallbackTest, WhereBothUpstreamsFailEachIsLeftAloneBetweenItsTries) {
  const UpstreamError down = Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "connection");
  around_.upstream.AlwaysSubmit(down);
  elsewhere_.AlwaysSubmit(down);
  const v1::Generation ended = Run(OrderOf(false));
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(ended.error()), 0);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_NONE);
  EXPECT_LT(around_.upstream.submissions() + elsewhere_.submissions(), 80);
}

TEST_F(FallbackTest, ABlockAndARejectionAreTriedNowhereElse) {
  for (const v1::ErrorReason reason : {v1::ERROR_REASON_CONTENT_BLOCKED, v1::ERROR_REASON_UPSTREAM_REJECTED}) {
    around_.upstream.OnSubmit(Failure(reason, Taken::kNo, "1301", 400));
    Order order = OrderOf(true);
    order.request_id = ReasonName(reason);
    EXPECT_EQ(ReasonOf(Run(std::move(order)).error()), ReasonName(reason));
  }
  EXPECT_EQ(around_.upstream.submissions(), 2);
  EXPECT_EQ(elsewhere_.submissions(), 0);
}

TEST_F(FallbackTest, AnAmbiguousOutcomeIsNotTriedElsewhereEither) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "http_502", 502));
  EXPECT_EQ(ReasonOf(Run(OrderOf(true)).error()), "OUTCOME_UNKNOWN");
  EXPECT_EQ(elsewhere_.submissions(), 0);
}

TEST_F(FallbackTest, WhatAnotherUpstreamCannotDoIsNeverSentThere) {
  const Catalog mainland(Host::kMainland);
  around_.terms.clear();
  around_.terms.emplace(elsewhere_.upstream(), UpstreamTerms{mainland});
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1113", 429));
  Order order = OrderOf(false);
  order.spec.set_quality(v1::QUALITY_STANDARD);  // of glm-image only hd there
  EXPECT_EQ(ReasonOf(Run(std::move(order)).error()), "UPSTREAM_QUOTA");
  EXPECT_EQ(elsewhere_.submissions(), 0);
}

TEST_F(FallbackTest, AnUnansweredRequestGoesAgainOnlyToTheAccountThatRejectsItsDuplicate) {
  around_.rejects_duplicates = true;
  around_.upstream.set_rejects_duplicates();
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"));
  const v1::Generation ended = Run(OrderOf(true));
  EXPECT_EQ(MetadataOf(ended.error(), "upstream_code"), "1231");
  EXPECT_EQ(ended.charge().cost_micros(), 15'000);
  EXPECT_EQ(around_.upstream.submissions(), 2);
  EXPECT_EQ(elsewhere_.submissions(), 0);
}

TEST_F(FallbackTest, TheIdIsSentOnlyToTheUpstreamThatRejectsDuplicates) {
  around_.rejects_duplicates = true;
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1113", 429));
  ExpectMadeElsewhere(Run(OrderOf(false)));
  EXPECT_THAT(elsewhere_.submit_ids(), ElementsAre(""));
}

TEST_F(FallbackTest, AResumedTaskStaysAtItsUpstream) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1113", 429));
  around_.store.DieAfter(v1::GENERATION_STATE_RENDERING);
  std::string name;
  {
    Process process(around_);
    auto started = process.Start(OrderOf(false));
    ASSERT_TRUE(started.ok());
    name = started->current()->generation().name();
    ASSERT_TRUE(process.RunUntil([&] { return around_.store.dead(); }));
  }
  around_.store.Revive();
  Process process(around_);
  ASSERT_TRUE(process.Recover().ok());
  process.RunToEnd();
  ExpectMadeElsewhere(process.Recorded(name));
  EXPECT_EQ(around_.upstream.polls(), 0);
}

class ModelFallbackTest : public FallbackTest {
 protected:
  ModelFallbackTest() { OnlyTheFirst(); }

  void ExpectMadeByCogView(const v1::Generation& made) {
    EXPECT_EQ(made.state(), v1::GENERATION_STATE_SUCCEEDED) << made.error().message();
    EXPECT_EQ(made.spec().model(), "glm-image");
    const v1::Attempt& last = *made.attempts().rbegin();
    EXPECT_EQ(last.model(), kCogView);
    EXPECT_EQ(last.charge().cost_micros(), 10'000);
    EXPECT_EQ(made.charge().cost_micros(), 10'000);
    ASSERT_GE(made.image().warnings_size(), 1);
    EXPECT_THAT(*made.image().warnings().rbegin(), HasSubstr(kCogView));
    EXPECT_EQ(around_.upstream.asked().back().model(), kCogView);
  }
};

TEST_F(ModelFallbackTest, WhereAllKeysAreRefusedTheOtherModelIsUsedAtOnceIfTheCallerAllowsIt) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1311", 429));
  ExpectMadeByCogView(Run(OrderOf(true)));
  EXPECT_LT(took_, absl::Seconds(10));
}

TEST_F(ModelFallbackTest, AnOverloadedModelIsReplacedAtOnce) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  ExpectMadeByCogView(Run(OrderOf(true)));
  EXPECT_LT(took_, absl::Seconds(10));
}

TEST_F(ModelFallbackTest, WithoutTheCallersWordTheFirstModelIsWaitedFor) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  const v1::Generation made = Run(OrderOf(false));
  EXPECT_EQ(made.attempts().rbegin()->model(), "glm-image");
  EXPECT_EQ(made.charge().cost_micros(), 15'000);
  EXPECT_THAT(made.image().warnings(), IsEmpty());
  EXPECT_GE(took_, absl::Seconds(30));
}

TEST_F(ModelFallbackTest, WithoutTheCallersWordARefusedKeyEndsIt) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1311", 429));
  EXPECT_EQ(ReasonOf(Run(OrderOf(false)).error()), "UPSTREAM_QUOTA");
  EXPECT_EQ(around_.upstream.submissions(), 1);
}

TEST_F(ModelFallbackTest, AnotherAccountForTheSameModelComesFirst) {
  around_.accounts = {&around_.upstream, &elsewhere_};
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  ExpectMadeElsewhere(Run(OrderOf(true)));
}

TEST_F(ModelFallbackTest, WhereTheUpstreamIsUnavailableTheModelIsReplacedAfterHalfAMinute) {
  for (int i = 0; i < 8; ++i) {
    around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "1234", 500));
  }
  ExpectMadeByCogView(Run(OrderOf(true)));
  EXPECT_GE(took_, absl::Seconds(30));
  EXPECT_LT(took_, absl::Seconds(180));
}

TEST_F(ModelFallbackTest, WhoWaitsBehindAPausedModelIsGivenTheOtherOneToo) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  Process process(around_);
  Order first = OrderOf(false);
  first.request_id = "first";
  ASSERT_TRUE(process.Start(first).ok());
  process.RunFor(absl::Seconds(31));  // the second overload: a pause of a minute
  auto second = process.Start(OrderOf(true));
  ASSERT_TRUE(second.ok());
  const std::string name = second->current()->generation().name();
  ASSERT_TRUE(process.RunUntilState(name, v1::GENERATION_STATE_SUCCEEDED));
  ExpectMadeByCogView(process.Recorded(name));
}

TEST_F(ModelFallbackTest, ALongQueueAloneIsNoReason) {
  around_.limits = {.start = 1, .max = 1};
  around_.upstream.poll_hold().Close();
  Process process(around_);
  Order first = Kitten("first");
  ASSERT_TRUE(process.Start(first).ok());
  auto second = process.Start(OrderOf(true));
  ASSERT_TRUE(second.ok());
  process.RunFor(absl::Minutes(5));
  around_.upstream.poll_hold().Open();
  process.RunToEnd();
  EXPECT_EQ(process.Recorded(second->current()->generation().name()).attempts(0).model(), "glm-image");
}

TEST_F(ModelFallbackTest, TheOtherModelGetsASizeThatItHas) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1311", 429));
  Order order = OrderOf(true);
  order.spec.mutable_size()->set_width(2048);
  order.spec.mutable_size()->set_height(2048);
  const v1::Generation made = Run(std::move(order));
  ExpectMadeByCogView(made);
  EXPECT_EQ(made.spec().size().width(), 2048);
  EXPECT_EQ(around_.upstream.asked().back().size().width(), 1440);
  EXPECT_EQ(made.image().width(), 1440);
  EXPECT_THAT(made.image().warnings(0), HasSubstr("2048x2048"));
}

TEST_F(ModelFallbackTest, TheOtherModelIsStayedWithAfterARestart) {
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1311", 429));
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo, "1305", 429));
  std::string name;
  {
    Process process(around_);
    auto started = process.Start(OrderOf(true));
    ASSERT_TRUE(started.ok());
    name = started->current()->generation().name();
    ASSERT_TRUE(process.RunUntil([&] { return around_.upstream.submissions() == 2; }));
    process.Settle();
  }
  Process process(around_);
  ASSERT_TRUE(process.Recover().ok());
  process.RunToEnd();
  ExpectMadeByCogView(process.Recorded(name));
}

TEST_F(ModelFallbackTest, TheOperatorMaySayThatThereIsNoOtherModel) {
  around_.fallback_model = "";
  around_.upstream.OnSubmit(Failure(v1::ERROR_REASON_UPSTREAM_QUOTA, Taken::kNo, "1311", 429));
  EXPECT_EQ(ReasonOf(Run(OrderOf(true)).error()), "UPSTREAM_QUOTA");
}

TEST_F(ModelFallbackTest, ABrokenUpstreamEndsTypedForThoseWhoWereNeverSentThere) {
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "connection"));
  Process process(around_);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(process.Start(Kitten("request-" + std::to_string(i))).ok());
  process.RunFor(absl::Minutes(3));
  EXPECT_THAT(process.events(), ElementsAre(Admission::Event::kBreakerOpened));
  const int before = around_.upstream.submissions();
  auto late = process.Start(Kitten("late"));
  ASSERT_TRUE(late.ok());
  process.RunToEnd();
  EXPECT_LE(around_.upstream.submissions() - before, 20) << "one try a minute";
  const v1::Generation ended = process.Recorded(late->current()->generation().name());
  EXPECT_EQ(ReasonOf(ended.error()), "UPSTREAM_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(ended.error()), 0);
  EXPECT_EQ(ended.charge().state(), v1::CHARGE_STATE_NONE);
}

TEST_F(ModelFallbackTest, PollsOfWhatWasPaidForGoThroughAnOpenBreaker) {
  around_.upstream.poll_hold().Close();
  Process process(around_);
  auto paid = process.Start(Kitten("paid"));
  ASSERT_TRUE(paid.ok());
  const std::string name = paid->current()->generation().name();
  ASSERT_TRUE(process.RunUntilState(name, v1::GENERATION_STATE_RENDERING));
  around_.upstream.AlwaysSubmit(Failure(v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "connection"));
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(process.Start(Kitten("request-" + std::to_string(i))).ok());
  ASSERT_TRUE(process.RunUntil([&] { return !process.events().empty(); }));
  around_.upstream.poll_hold().Open();
  ASSERT_TRUE(process.RunUntilState(name, v1::GENERATION_STATE_SUCCEEDED));
  EXPECT_THAT(process.events(), ElementsAre(Admission::Event::kBreakerOpened));
}

}  // namespace
}  // namespace easel::generation
