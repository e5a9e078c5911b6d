#include "telemetry/generation_ended_line.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"

namespace easel::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

record::v1::Record Ended() {
  record::v1::Record record;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(
      R"pb(generation {
             name: "generations/abc"
             request_id: "order-7"
             spec { model: "glm-image" prompt: "a secret kitten" quality: QUALITY_HD size { width: 1280 height: 1024 } }
             state: GENERATION_STATE_SUCCEEDED
             create_time { seconds: 100 }
             end_time { seconds: 118 nanos: 250000000 }
             image { url: "http://easel/images/abc?signature=s1" upstream_url: "https://host/i.png?sig=s2" size_bytes: 77 }
             charge { state: CHARGE_STATE_MADE cost_micros: 15000 currency: "USD" }
             attempts { upstream: "https://api.z.ai/api/paas/v4" key_fingerprint: "0a1b2c3d" task_id: "task-9" }
           }
           caller: "shop"
           requested_spec { prompt: "a secret kitten" }
           fetch_url: "https://host/i.png?sig=s3"
           traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")pb",
      &record);
  EXPECT_TRUE(parsed);
  return record;
}

std::string Json(const record::v1::Record& record) { return ToJson(GenerationEndedLine(record), absl::UnixEpoch()); }

TEST(GenerationEndedLineTest, SaysWhoWhatHowLongAndHowMuch) {
  EXPECT_THAT(Json(Ended()),
              HasSubstr(R"("message":"generation ended","generation":"generations/abc","caller":"shop",)"
                        R"("request_id":"order-7","model":"glm-image","quality":"hd","size":"1280x1024",)"
                        R"("state":"succeeded","duration_seconds":18.25,"charge":"made","cost_micros":15000,)"
                        R"("currency":"USD","image_bytes":77,"attempts":1,"upstream":"https://api.z.ai/api/paas/v4",)"
                        R"("key":"0a1b2c3d","task_id":"task-9",)"
                        R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})"));
}

TEST(GenerationEndedLineTest, KeepsPromptsAndSignedUrlsOut) {
  const std::string json = Json(Ended());
  EXPECT_THAT(json, Not(HasSubstr("kitten")));
  EXPECT_THAT(json, Not(HasSubstr("sig")));
}

TEST(GenerationEndedLineTest, TimesThatNoDurationHoldsDoNoHarm) {
  record::v1::Record record = Ended();
  record.mutable_generation()->mutable_end_time()->set_seconds(INT64_MAX);
  record.mutable_generation()->mutable_create_time()->set_seconds(INT64_MIN);
  EXPECT_THAT(Json(record), HasSubstr(R"("duration_seconds":null)"));
}

TEST(GenerationEndedLineTest, AFailureIsAWarningWithItsReason) {
  record::v1::Record record = Ended();
  record.mutable_generation()->set_state(v1::GENERATION_STATE_FAILED);
  google::rpc::ErrorInfo info;
  info.set_reason("CONTENT_BLOCKED");
  record.mutable_generation()->mutable_error()->add_details()->PackFrom(info);
  EXPECT_THAT(Json(record), HasSubstr(R"({"level":"warning")"));
  EXPECT_THAT(Json(record), HasSubstr(R"("state":"failed","reason":"CONTENT_BLOCKED")"));
}

}  // namespace
}  // namespace easel::telemetry
