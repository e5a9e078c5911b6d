#include "telemetry/otlp.h"

#include <map>
#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace easel::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";

record::v1::Record Ended() {
  record::v1::Record record;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(
      R"pb(generation {
             name: "generations/abc"
             request_id: "order-7"
             spec { model: "glm-image" prompt: "a secret kitten" quality: QUALITY_HD }
             state: GENERATION_STATE_SUCCEEDED
             create_time { seconds: 100 }
             end_time { seconds: 118 nanos: 250000000 }
             image { url: "http://easel/images/abc?signature=s1" upstream_url: "https://host/i.png?sig=s2" size_bytes: 77 }
             attempts {
               upstream: "https://one.test/v4" key_fingerprint: "0a1b2c3d" code: "1302"
               start_time { seconds: 101 } end_time { seconds: 102 }
             }
             attempts {
               upstream: "https://one.test/v4" key_fingerprint: "0a1b2c3d" task_id: "task-9"
               start_time { seconds: 105 } end_time { seconds: 117 }
             }
           }
           caller: "shop"
           fetch_url: "https://host/i.png?sig=s3"
           traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")pb",
      &record);
  EXPECT_TRUE(parsed);
  return record;
}

absl::Duration Length(const Span& span) { return span.end - span.start; }

TEST(OtlpTest, AGenerationIsASpanOfTheCallersTraceAndItsPartsAreBelow) {
  const std::vector<Span> spans = SpansOf(Ended());
  ASSERT_EQ(spans.size(), 5U);
  EXPECT_EQ(spans[0].name, "generate glm-image");
  EXPECT_EQ(spans[0].parent_id, "b7ad6b7169203331");
  const std::pair<std::string, absl::Duration> parts[] = {{"queue", absl::Seconds(1)},
                                                          {"attempt", absl::Seconds(1)},
                                                          {"attempt", absl::Seconds(12)},
                                                          {"fetch", absl::Milliseconds(1250)}};
  std::map<std::string, int> ids;
  for (std::size_t i = 0; i < 4; ++i) {
    const Span& span = spans[i + 1];
    EXPECT_EQ(span.name, parts[i].first);
    EXPECT_EQ(Length(span), parts[i].second) << span.name;
    EXPECT_EQ(span.parent_id, spans[0].span_id);
    EXPECT_EQ(span.trace_id, kTrace);
    EXPECT_EQ(++ids[span.span_id], 1) << "an id of its own";
  }
  EXPECT_EQ(spans[2].error, "1302");
  EXPECT_EQ(spans[3].error, "");
}

TEST(OtlpTest, WhatIsNotSampledIsNotSent) {
  record::v1::Record record = Ended();
  record.set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  EXPECT_THAT(SpansOf(record), IsEmpty());
}

TEST(OtlpTest, WithoutATraceAGenerationHasItsOwn) {
  record::v1::Record record = Ended();
  record.clear_traceparent();
  const std::vector<Span> spans = SpansOf(record);
  ASSERT_EQ(spans.size(), 5U);
  EXPECT_EQ(spans[0].parent_id, "");
  EXPECT_EQ(spans[0].trace_id.size(), 32U);
  EXPECT_EQ(SpansOf(record)[0].trace_id, spans[0].trace_id) << "whoever writes on after a crash writes in the same";
}

TEST(OtlpTest, SpeaksTheProtocolsJson) {
  const boost::json::value body = boost::json::parse(OtlpJson(SpansOf(Ended()), "1.2.3"));
  const auto& resource = body.at("resourceSpans").at(0);
  EXPECT_EQ(resource.at("resource").at("attributes").at(0).at("value").at("stringValue"), "easel");
  const auto& spans = resource.at("scopeSpans").at(0).at("spans").as_array();
  ASSERT_EQ(spans.size(), 5U);
  EXPECT_EQ(spans[0].at("traceId"), kTrace);
  EXPECT_EQ(spans[0].at("startTimeUnixNano"), "100000000000");
  EXPECT_EQ(spans[0].at("endTimeUnixNano"), "118250000000");
  EXPECT_EQ(spans[0].at("kind"), 1);
  EXPECT_EQ(spans[2].at("kind"), 3);
  EXPECT_EQ(spans[2].at("status").at("code"), 2);
  EXPECT_TRUE(spans[0].at("status").as_object().empty());
}

TEST(OtlpTest, KeepsPromptsAndSignedUrlsOut) {
  const std::string json = OtlpJson(SpansOf(Ended()), "1.2.3");
  EXPECT_THAT(json, Not(HasSubstr("kitten")));
  EXPECT_THAT(json, Not(HasSubstr("sig")));
}

}  // namespace
}  // namespace easel::telemetry
