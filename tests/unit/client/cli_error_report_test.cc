#include "cli/error_report.h"

#include <google/protobuf/util/json_util.h>

#include "cli/usage.h"
#include "easel/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_image_errors.h"

namespace easel::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ErrorReport, NamesTheFlagOfEachViolation) {
  const std::string report = HumanReport(client::ToStatus(fakes::ErrorFor(v1::ERROR_REASON_INVALID_REQUEST)), "h:1");
  EXPECT_THAT(report, HasSubstr("\n  --size: 1x1 is too small"));
  EXPECT_THAT(report, HasSubstr("\n  --user-id: \"me\""));
}

TEST(ErrorReport, KnowsEveryFieldOfARequest) {
  EXPECT_EQ(FlagOf("spec.size.width"), "--size");
  EXPECT_EQ(FlagOf("spec.prompt"), "PROMPT");
  EXPECT_EQ(FlagOf("states[2]"), "--state");
  EXPECT_EQ(FlagOf("spec"), "spec");
}

TEST(ErrorReport, TellsTheMoneyAndWhatToDo) {
  const auto error = fakes::ErrorFor(v1::ERROR_REASON_OUTCOME_UNKNOWN, {{"generation", "generations/a"},
                                                                        {"charge_state", "UNKNOWN"},
                                                                        {"cost_micros", "15000"},
                                                                        {"currency", "USD"}});
  const std::string report = HumanReport(client::ToStatus(error), "h:1");
  EXPECT_THAT(report, HasSubstr("generation: generations/a"));
  EXPECT_THAT(report, HasSubstr("charged: perhaps $0.015"));
  EXPECT_THAT(report, HasSubstr("--allow-resubmission"));
}

TEST(ErrorReport, SaysHowToGetWhatGoesOn) {
  absl::Status status = client::ClientError(absl::StatusCode::kCancelled, client::kInterrupted, "Cancelled");
  status = client::WithMetadata(status, "generation", "generations/a");
  EXPECT_THAT(HumanReport(status, "h:1"), HasSubstr("easel watch generations/a"));
  const std::string aborted = HumanReport(client::WithMetadata(status, "cancel_policy", "ABORT"), "h:1");
  EXPECT_THAT(aborted, HasSubstr("told to stop"));
  EXPECT_THAT(aborted, Not(HasSubstr("goes on")));
}

TEST(ErrorReport, NamesTheServerThatCannotBeReached) {
  const auto status = client::ClientError(absl::StatusCode::kUnavailable, client::kUnreachable, "Connection refused");
  EXPECT_THAT(HumanReport(status, "box:50051"), HasSubstr("is easeld running at box:50051?"));
}

TEST(ErrorReport, JsonHoldsTheDetails) {
  const std::string json = JsonReport(UsageError("--size", "wrong"));
  google::rpc::Status proto;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &proto).ok()) << json;
  EXPECT_EQ(proto.code(), 3);
  const client::Error error(client::ToStatus(proto));
  EXPECT_EQ(error.reason(), client::kUsage);
  EXPECT_EQ(error.violations().at(0).field(), "--size");
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(ErrorReport, JsonLeavesOutADetailThatItDoesNotKnow) {
  google::rpc::Status proto = fakes::ErrorFor(v1::ERROR_REASON_QUEUE_FULL);
  auto* unknown = proto.add_details();
  unknown->set_type_url("type.googleapis.com/other.Unknown");
  unknown->set_value("\x08\x01");
  const std::string json = JsonReport(client::ToStatus(proto));
  EXPECT_THAT(json, HasSubstr("\"QUEUE_FULL\""));
  EXPECT_THAT(json, HasSubstr("retryDelay"));
  EXPECT_THAT(json, Not(HasSubstr("other.Unknown")));
}

}  // namespace
}  // namespace easel::cli
