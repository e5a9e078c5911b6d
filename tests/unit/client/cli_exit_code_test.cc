#include "cli/exit_code.h"

#include <map>

#include "easel/error.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_image_errors.h"

namespace easel::cli {
namespace {

TEST(ExitCode, EveryReasonHasItsClass) {
  std::map<v1::ErrorReason, ExitCode> expected;
  for (int reason = v1::ErrorReason_MIN; reason <= v1::ErrorReason_MAX; ++reason) {
    if (v1::ErrorReason_IsValid(reason)) expected[static_cast<v1::ErrorReason>(reason)] = kOther;
  }
  for (const auto reason : {v1::ERROR_REASON_INVALID_REQUEST, v1::ERROR_REASON_REQUEST_ID_CONFLICT,
                            v1::ERROR_REASON_OFFSET_OUT_OF_RANGE, v1::ERROR_REASON_UPSTREAM_REJECTED}) {
    expected[reason] = kBadInput;
  }
  for (const auto reason :
       {v1::ERROR_REASON_GENERATION_NOT_ENDED, v1::ERROR_REASON_QUEUE_FULL, v1::ERROR_REASON_DEADLINE_TOO_SHORT,
        v1::ERROR_REASON_QUEUE_TIMEOUT, v1::ERROR_REASON_SHUTTING_DOWN, v1::ERROR_REASON_STORAGE_UNAVAILABLE,
        v1::ERROR_REASON_CALLER_LIMIT, v1::ERROR_REASON_REPLY_MEMORY_FULL, v1::ERROR_REASON_UPSTREAM_BUSY,
        v1::ERROR_REASON_UPSTREAM_OVERLOADED, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE}) {
    expected[reason] = kTryAgainLater;
  }
  expected[v1::ERROR_REASON_CONTENT_BLOCKED] = kContentBlocked;
  expected[v1::ERROR_REASON_UPSTREAM_QUOTA] = kQuota;
  expected[v1::ERROR_REASON_CALLER_BUDGET] = kQuota;
  expected[v1::ERROR_REASON_OUTCOME_UNKNOWN] = kOutcomeUnknown;
  expected[v1::ERROR_REASON_GENERATION_NOT_FOUND] = kNotFound;
  expected[v1::ERROR_REASON_IMAGE_EXPIRED] = kNotFound;
  expected.erase(v1::ERROR_REASON_UNSPECIFIED);
  for (const auto& [reason, code] : expected) {
    EXPECT_EQ(ExitCodeOf(client::ToStatus(fakes::ErrorFor(reason))), code) << v1::ErrorReason_Name(reason);
  }
}

absl::Status FromTheFuture(absl::StatusCode code) {
  google::rpc::ErrorInfo info;
  info.set_domain(client::kServiceDomain);
  info.set_reason("NEWER_THAN_THIS");
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(code));
  proto.add_details()->PackFrom(info);
  return client::ToStatus(proto);
}

TEST(ExitCode, AnUnknownReasonGoesByItsStatusCode) {
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kInvalidArgument)), kBadInput);
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kUnavailable)), kTryAgainLater);
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kResourceExhausted)), kQuota);
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kUnknown)), kOutcomeUnknown);
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kNotFound)), kNotFound);
  EXPECT_EQ(ExitCodeOf(FromTheFuture(absl::StatusCode::kInternal)), kOther);
}

TEST(ExitCode, ErrorsOfTheClientItself) {
  using client::ClientError;
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kDone);
  EXPECT_EQ(ExitCodeOf(ClientError(absl::StatusCode::kUnavailable, client::kUnreachable, "")), kTryAgainLater);
  EXPECT_EQ(ExitCodeOf(ClientError(absl::StatusCode::kDeadlineExceeded, client::kDeadline, "")), kTryAgainLater);
  EXPECT_EQ(ExitCodeOf(ClientError(absl::StatusCode::kCancelled, client::kInterrupted, "")), kOther);
  EXPECT_EQ(ExitCodeOf(ClientError(absl::StatusCode::kNotFound, client::kFile, "")), kBadInput);
  EXPECT_EQ(ExitCodeOf(ClientError(absl::StatusCode::kResourceExhausted, client::kRpcFailed, "")), kOther);
}

}  // namespace
}  // namespace easel::cli
