#include "rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generation/error.h"
#include "google/rpc/error_details.pb.h"

namespace easel::rpc {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(StatusTest, CarriesCodeMessageAndDetails) {
  const grpc::Status status = ToGrpcStatus(generation::ToStatus({.reason = v1::ERROR_REASON_QUEUE_FULL,
                                                                 .message = "full",
                                                                 .retry_after = absl::Seconds(3)}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "full");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), 8);
  google::rpc::RetryInfo retry;
  ASSERT_EQ(details.details_size(), 2);
  ASSERT_TRUE(details.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 3);
}

TEST(StatusTest, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(StatusTest, AFaultOfAStoreShowsNoPath) {
  const grpc::Status status = ToGrpcStatus(absl::UnavailableError("/var/lib/easel/generations.db is locked"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), Not(HasSubstr("/var/lib")));
}

TEST(StatusTest, WhatIsTooLongForMetadataIsCutAtACharacter) {
  std::vector<generation::Violation> violations;
  for (int i = 0; i < 500; ++i) violations.push_back({"states[" + std::to_string(i) + "]", "是未知的值"});
  const grpc::Status status = ToGrpcStatus(generation::InvalidRequest(violations));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_LT(status.error_message().size(), 1100U);
  EXPECT_THAT(status.error_message(), EndsWith("..."));
  EXPECT_LT(status.error_details().size(), 3200U);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::BadRequest bad;
  ASSERT_EQ(details.details_size(), 2);
  ASSERT_TRUE(details.details(1).UnpackTo(&bad));
  EXPECT_GT(bad.field_violations_size(), 5);
}

TEST(StatusTest, CodesHaveTheNamesThatDashboardsKnow) {
  EXPECT_EQ(CodeName(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(CodeName(grpc::StatusCode::DEADLINE_EXCEEDED), "DeadlineExceeded");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAUTHENTICATED), "Unauthenticated");
}

}  // namespace
}  // namespace easel::rpc
