#include "generation/error.h"

#include <fstream>
#include <regex>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"

namespace easel::generation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Reason and status code as error.proto's comments say them: the first word of the comment before each value.
std::map<std::string, std::string> CodesOfTheContract() {
  std::ifstream file(ERROR_PROTO);
  std::map<std::string, std::string> codes;
  std::string line;
  std::string code;
  const std::regex comment(R"(^\s*// ([A-Z_]+)( with(out)? RetryInfo)?:.*)");
  const std::regex value(R"(^\s*(ERROR_REASON_\w+) = [1-9]\d*;)");
  while (std::getline(file, line)) {
    std::smatch match;
    if (std::regex_match(line, match, comment)) code = match[1];
    if (std::regex_match(line, match, value)) codes[match[1]] = std::exchange(code, "");
  }
  return codes;
}

TEST(ErrorTest, EveryReasonHasTheCodeThatTheContractsCommentSays) {
  const auto codes = CodesOfTheContract();
  ASSERT_EQ(static_cast<int>(codes.size()), v1::ErrorReason_descriptor()->value_count() - 1);
  for (const auto& [name, code] : codes) {
    v1::ErrorReason reason;
    ASSERT_TRUE(v1::ErrorReason_Parse(name, &reason)) << name;
    EXPECT_EQ(google::rpc::Code_Name(static_cast<int>(CodeOf(reason))), code) << name;
  }
}

TEST(ErrorTest, AnErrorSurvivesItsWayThroughTheServiceWithEveryDetail) {
  const absl::Status status = ToStatus({.reason = v1::ERROR_REASON_UPSTREAM_BUSY,
                                        .message = "busy",
                                        .metadata = {{"upstream_code", "1302"}},
                                        .retry_after = absl::Milliseconds(1500),
                                        .violations = {{"spec.size", "is odd"}, {"spec.prompt", "is empty"}}});
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  const google::rpc::Status rpc = ToRpcStatus(FromRpcStatus(ToRpcStatus(status)));
  EXPECT_EQ(rpc.code(), google::rpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(rpc.message(), "busy");
  ASSERT_EQ(rpc.details_size(), 3);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "UPSTREAM_BUSY");
  EXPECT_EQ(info.domain(), "easel");
  EXPECT_EQ(info.metadata().at("upstream_code"), "1302");
  google::rpc::BadRequest bad;
  ASSERT_TRUE(rpc.details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(1).field(), "spec.prompt");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(rpc.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(ReasonOf(rpc), "UPSTREAM_BUSY");
}

TEST(ErrorTest, AStoresFaultBecomesStorageUnavailableAndKeepsItsPathToItself) {
  for (const absl::Status& fault : {absl::UnavailableError("/secret/path"), absl::ResourceExhaustedError("/secret/path"),
                                    absl::DataLossError("/secret/path"), absl::AbortedError("/secret/path")}) {
    const google::rpc::Status rpc = ToRpcStatus(fault);
    EXPECT_EQ(rpc.code(), google::rpc::UNAVAILABLE) << fault;
    EXPECT_EQ(ReasonOf(rpc), "STORAGE_UNAVAILABLE");
    EXPECT_THAT(rpc.DebugString(), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(ReasonOf(ToRpcStatus(absl::UnknownError("/secret/path"))), "INTERNAL");
  EXPECT_THAT(ToRpcStatus(absl::UnknownError("/secret/path")).DebugString(), Not(HasSubstr("secret")));
}

TEST(ErrorTest, OkStaysOk) {
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).code(), 0);
  EXPECT_TRUE(FromRpcStatus(google::rpc::Status()).ok());
}

TEST(ErrorTest, AnInvalidRequestNamesEveryViolationInItsMessageToo) {
  const absl::Status status = InvalidRequest({{"spec.prompt", "is empty"}, {"request_id", "is long"}});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("spec.prompt is empty; request_id is long"));
}

}  // namespace
}  // namespace easel::generation
