#include "easel/error.h"

#include <grpcpp/support/status.h>

#include "gtest/gtest.h"
#include "tests/fakes/fake_image_errors.h"

namespace easel::client {
namespace {

TEST(Error, DecodesReasonMetadataAndDelay) {
  const auto proto = fakes::ErrorFor(v1::ERROR_REASON_UPSTREAM_BUSY, {{"generation", "generations/a"}});
  const Error error(FromGrpc(fakes::ToGrpc(proto)));
  EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(error.reason(), "UPSTREAM_BUSY");
  EXPECT_EQ(error.service_reason(), v1::ERROR_REASON_UPSTREAM_BUSY);
  EXPECT_EQ(error.generation(), "generations/a");
  EXPECT_EQ(error.retry_delay(), absl::Milliseconds(10));
}

TEST(Error, DecodesEveryViolation) {
  const Error error(FromGrpc(fakes::ToGrpc(fakes::ErrorFor(v1::ERROR_REASON_INVALID_REQUEST))));
  ASSERT_EQ(error.violations().size(), 2u);
  EXPECT_EQ(error.violations()[1].field(), "spec.user_id");
}

TEST(Error, CallsAnErrorWithoutDetailsOneOfTheConnection) {
  const Error error(FromGrpc({grpc::StatusCode::INTERNAL, "Received RST_STREAM with error code 2"}));
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(error.domain(), kClientDomain);
  EXPECT_EQ(error.reason(), kUnreachable);
  EXPECT_EQ(error.service_reason(), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(Error, DoesNotTakeAnInternalErrorForABrokenConnection) {
  const Error error(FromGrpc({grpc::StatusCode::INTERNAL, "a defect"}));
  EXPECT_EQ(error.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(error.reason(), kRpcFailed);
}

TEST(Error, IgnoresDetailsThatContradictTheCode) {
  const auto proto = fakes::ErrorFor(v1::ERROR_REASON_CONTENT_BLOCKED);
  const Error error(FromGrpc({grpc::StatusCode::UNKNOWN, "odd", proto.SerializeAsString()}));
  EXPECT_EQ(error.reason(), kRpcFailed);
}

TEST(Error, KeepsWhatTheServiceNamedWhenMetadataIsAdded) {
  const auto proto = fakes::ErrorFor(v1::ERROR_REASON_OUTCOME_UNKNOWN, {{"generation", "generations/a"}});
  const absl::Status added = WithMetadata(WithMetadata(ToStatus(proto), "generation", "generations/b"), "request_id", "r");
  EXPECT_EQ(Error(added).generation(), "generations/a");
  EXPECT_EQ(Error(added).Metadata("request_id"), "r");
  EXPECT_EQ(Error(added).proto().details_size(), 1);
}

TEST(Error, ViewsAForeignStatus) {
  const Error error(absl::NotFoundError("gone"));
  EXPECT_EQ(error.message(), "gone");
  EXPECT_EQ(error.proto().code(), 5);
  EXPECT_EQ(error.reason(), "");
}

}  // namespace
}  // namespace easel::client
