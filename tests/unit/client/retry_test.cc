#include "easel/retry.h"

#include "tests/unit/client/test_client.h"

namespace easel::client {
namespace {

absl::Status Reported(v1::ErrorReason reason) { return ToStatus(fakes::ErrorFor(reason)); }

TEST(Retry, RepeatsOnlyWhatIsFree) {
  const std::map<v1::ErrorReason, bool> expected = {
      {v1::ERROR_REASON_QUEUE_FULL, true},           {v1::ERROR_REASON_SHUTTING_DOWN, true},
      {v1::ERROR_REASON_UPSTREAM_BUSY, true},        {v1::ERROR_REASON_UPSTREAM_OVERLOADED, true},
      {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, true}, {v1::ERROR_REASON_STORAGE_UNAVAILABLE, true},
      {v1::ERROR_REASON_UPSTREAM_QUOTA, false},      {v1::ERROR_REASON_OUTCOME_UNKNOWN, false},
      {v1::ERROR_REASON_CONTENT_BLOCKED, false},     {v1::ERROR_REASON_INVALID_REQUEST, false},
      {v1::ERROR_REASON_UPSTREAM_DEFECT, false},     {v1::ERROR_REASON_UPSTREAM_TIMEOUT, false},
      {v1::ERROR_REASON_DEADLINE_TOO_SHORT, false},  {v1::ERROR_REASON_GENERATION_CANCELLED, false},
      {v1::ERROR_REASON_INTERNAL, false},
  };
  for (const auto& [reason, safe] : expected) {
    EXPECT_EQ(IsSafeToRepeat(Error(Reported(reason))), safe) << v1::ErrorReason_Name(reason);
  }
}

TEST(Retry, WaitsLongerEachTimeUntilItGivesUp) {
  JumpingWaiter waiter;
  const RetryOptions options{.max_attempts = 5, .first_delay = absl::Seconds(1), .max_delay = absl::Seconds(3)};
  const CallOptions call;
  Retry retry(options, call, waiter);
  while (retry.WaitAfter(Reported(v1::ERROR_REASON_STORAGE_UNAVAILABLE))) {
  }
  const std::vector<absl::Duration> full = {absl::Seconds(1), absl::Seconds(2), absl::Seconds(3), absl::Seconds(3)};
  ASSERT_EQ(waiter.waits.size(), full.size());
  for (size_t i = 0; i < full.size(); ++i) {
    EXPECT_GE(waiter.waits[i], full[i] / 2);
    EXPECT_LE(waiter.waits[i], full[i]);
  }
}

TEST(Retry, NeverUndercutsTheDelayThatTheServiceNames) {
  JumpingWaiter waiter;
  google::rpc::Status busy = fakes::ErrorFor(v1::ERROR_REASON_UPSTREAM_BUSY);
  fakes::SetRetryDelay(busy, 60);
  const RetryOptions options;
  const CallOptions call;
  Retry retry(options, call, waiter);
  EXPECT_TRUE(retry.WaitAfter(ToStatus(busy)));
  EXPECT_GE(waiter.waits.at(0), absl::Seconds(60));
  EXPECT_LE(waiter.waits.at(0), absl::Seconds(66));
}

TEST(Retry, DoesNotWaitPastTheDeadline) {
  JumpingWaiter waiter;
  google::rpc::Status busy = fakes::ErrorFor(v1::ERROR_REASON_UPSTREAM_BUSY);
  fakes::SetRetryDelay(busy, 60);
  const RetryOptions options;
  const CallOptions call{.timeout = absl::Seconds(59)};
  Retry retry(options, call, waiter);
  EXPECT_FALSE(retry.WaitAfter(ToStatus(busy)));
  EXPECT_TRUE(waiter.waits.empty());
}

TEST(Retry, StartsAnewAfterProgress) {
  JumpingWaiter waiter;
  const RetryOptions options{.max_attempts = 2};
  const CallOptions call;
  Retry retry(options, call, waiter);
  for (int i = 0; i < 5; ++i) {
    retry.MadeProgress();
    EXPECT_TRUE(retry.WaitAfter(Reported(v1::ERROR_REASON_STORAGE_UNAVAILABLE)));
  }
  EXPECT_FALSE(retry.WaitAfter(Reported(v1::ERROR_REASON_STORAGE_UNAVAILABLE)));
}

TEST(Retry, IsMorePatientWithWorkThatWasAccepted) {
  JumpingWaiter waiter;
  const RetryOptions options{.max_attempts = 2, .max_attempts_accepted = 4};
  const CallOptions call;
  Retry retry(options, call, waiter);
  while (retry.WaitAfter(Reported(v1::ERROR_REASON_SHUTTING_DOWN), true)) {
  }
  EXPECT_EQ(waiter.waits.size(), 3u);
}

TEST(Retry, TellsWhyAndHowLongBeforeItWaits) {
  JumpingWaiter waiter;
  std::string reason;
  absl::Duration told;
  const RetryOptions options;
  const CallOptions call{.on_retry = [&](const absl::Status& error, absl::Duration delay) {
    reason = Error(error).reason();
    told = delay;
    EXPECT_TRUE(waiter.waits.empty());
  }};
  Retry retry(options, call, waiter);
  EXPECT_TRUE(retry.WaitAfter(Reported(v1::ERROR_REASON_QUEUE_FULL)));
  EXPECT_EQ(reason, "QUEUE_FULL");
  EXPECT_EQ(told, waiter.waits.at(0));
}

TEST(Retry, EndsWhenCancelled) {
  JumpingWaiter waiter;
  Cancellation cancellation;
  cancellation.Cancel();
  const RetryOptions options;
  const CallOptions call{.cancellation = &cancellation};
  Retry retry(options, call, waiter);
  EXPECT_FALSE(retry.WaitAfter(Reported(v1::ERROR_REASON_QUEUE_FULL)));
  EXPECT_TRUE(waiter.waits.empty());
}

}  // namespace
}  // namespace easel::client
