#include "telemetry/prometheus_metrics.h"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/rpc/error_details.pb.h"

namespace easel::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

KnownLabels Known() {
  return {.models = {{"glm-image", {v1::QUALITY_HD, v1::QUALITY_STANDARD}}, {"cogview-4-250304", {v1::QUALITY_STANDARD}}},
          .currencies = {"USD"},
          .upstreams = {{"https://api.z.ai/api/paas/v4", "0a1b2c3d"}},
          .upstream_codes = {"1302"}};
}

v1::Charge Made(std::int64_t micros) {
  v1::Charge charge;
  charge.set_state(v1::CHARGE_STATE_MADE);
  charge.set_cost_micros(micros);
  charge.set_currency("USD");
  return charge;
}

class PrometheusMetricsTest : public ::testing::Test {
 protected:
  // The value of a series, as text; "absent" if there is none.
  std::string Value(const std::string& series) {
    for (const auto& line : absl::StrSplit(metrics_.Text(), '\n')) {
      const std::string text(line);
      if (text.starts_with(series + " ")) return text.substr(series.size() + 1);
    }
    return "absent";
  }

  void End(std::string_view caller, const v1::Charge& charge) {
    v1::Generation generation;
    generation.mutable_image()->set_size_bytes(1500000);
    *generation.mutable_charge() = charge;
    *generation.add_attempts()->mutable_charge() = charge;
    metrics_.GenerationEnded({.model = "glm-image",
                              .quality = v1::QUALITY_HD,
                              .state = v1::GENERATION_STATE_SUCCEEDED,
                              .duration = absl::Seconds(18),
                              .overhead = absl::Milliseconds(2),
                              .generation = &generation,
                              .caller = caller});
  }

  PrometheusMetrics metrics_{Known(), {"0.1.0", "abc"}, 2};
};

TEST_F(PrometheusMetricsTest, KnownSeriesAreThereFromTheStart) {
  EXPECT_EQ(Value(R"(easel_generation_duration_seconds_count{model="glm-image",outcome="failed",quality="hd"})"), "0");
  EXPECT_EQ(Value(R"(easel_overhead_seconds_count{model="cogview-4-250304",quality="standard"})"), "0");
  EXPECT_EQ(Value(R"(easel_queue_wait_seconds_count{model="glm-image"})"), "0");
  EXPECT_EQ(Value(R"(easel_queue_depth{model="glm-image"})"), "0");
  EXPECT_EQ(Value(R"(easel_generations_in_flight{state="rendering"})"), "0");
  EXPECT_EQ(Value(R"(easel_charge_micros_total{currency="USD",model="glm-image",quality="hd"})"), "0");
  EXPECT_EQ(Value(R"(easel_caller_charge_micros_total{caller="other",currency="USD"})"), "0");
  EXPECT_EQ(Value("easel_unknown_charges_total"), "0");
  EXPECT_EQ(Value("easel_orphaned_images_total"), "0");
  EXPECT_EQ(Value(R"(easel_image_bytes_count{model="glm-image"})"), "0");
  EXPECT_EQ(Value(R"(easel_upstream_errors_total{code="1302",upstream="https://api.z.ai/api/paas/v4"})"), "0");
  EXPECT_EQ(Value(R"(easel_upstream_key_up{key="0a1b2c3d",upstream="https://api.z.ai/api/paas/v4"})"), "0");
  EXPECT_EQ(Value(R"(easel_upstream_breaker_open{upstream="https://api.z.ai/api/paas/v4"})"), "0");
  EXPECT_EQ(Value(R"(easel_build_info{revision="abc",version="0.1.0"})"), "1");
  EXPECT_EQ(Value(R"(grpc_server_handled_total{grpc_code="OK",grpc_method="GenerateImage",)"
                  R"(grpc_service="easel.v1.ImageService",grpc_type="unary"})"),
            "0");
  EXPECT_EQ(Value(R"(grpc_server_handling_seconds_count{grpc_method="WatchGeneration",)"
                  R"(grpc_service="easel.v1.ImageService",grpc_type="server_stream"})"),
            "0");
}

TEST_F(PrometheusMetricsTest, CountsAnEndWithItsChargeAndSize) {
  End("shop", Made(15000));
  EXPECT_EQ(Value(R"(easel_generation_duration_seconds_bucket{model="glm-image",outcome="succeeded",quality="hd",le="17.5"})"),
            "0");
  EXPECT_EQ(Value(R"(easel_generation_duration_seconds_bucket{model="glm-image",outcome="succeeded",quality="hd",le="20"})"),
            "1");
  EXPECT_EQ(Value(R"(easel_charge_micros_total{currency="USD",model="glm-image",quality="hd"})"), "15000");
  EXPECT_EQ(Value(R"(easel_caller_charge_micros_total{caller="shop",currency="USD"})"), "15000");
  EXPECT_EQ(Value(R"(easel_image_bytes_sum{model="glm-image"})"), "1500000");
}

TEST_F(PrometheusMetricsTest, AChargeIsThatOfTheModelThatWasUsed) {
  v1::Generation generation;
  *generation.add_attempts()->mutable_charge() = Made(10000);
  generation.mutable_attempts(0)->set_model("cogview-4-250304");
  metrics_.GenerationEnded({.model = "glm-image",
                            .quality = v1::QUALITY_HD,
                            .state = v1::GENERATION_STATE_SUCCEEDED,
                            .duration = absl::Seconds(18),
                            .overhead = std::nullopt,
                            .generation = &generation,
                            .caller = "shop"});
  EXPECT_EQ(Value(R"(easel_charge_micros_total{currency="USD",model="cogview-4-250304",quality="hd"})"), "10000");
  EXPECT_EQ(Value(R"(easel_charge_micros_total{currency="USD",model="glm-image",quality="hd"})"), "0");
}

TEST_F(PrometheusMetricsTest, AFailureIsCountedByItsReason) {
  v1::Generation generation;
  google::rpc::ErrorInfo info;
  info.set_reason("CONTENT_BLOCKED");
  generation.mutable_error()->add_details()->PackFrom(info);
  PrometheusMetrics::Ended ended{.model = "glm-image",
                                 .quality = v1::QUALITY_HD,
                                 .state = v1::GENERATION_STATE_FAILED,
                                 .duration = absl::Seconds(1),
                                 .overhead = std::nullopt,
                                 .generation = &generation,
                                 .caller = "shop"};
  metrics_.GenerationEnded(ended);
  EXPECT_EQ(Value(R"(easel_generation_failures_total{model="glm-image",reason="CONTENT_BLOCKED"})"), "1");
  EXPECT_EQ(Value(R"(easel_generation_failures_total{model="glm-image",reason="OUTCOME_UNKNOWN"})"), "0");
  ended.state = v1::GENERATION_STATE_CANCELLED;
  metrics_.GenerationEnded(ended);
  EXPECT_EQ(Value(R"(easel_generation_failures_total{model="glm-image",reason="CONTENT_BLOCKED"})"), "1");
}

TEST_F(PrometheusMetricsTest, AnOpenBreakerIsShown) {
  metrics_.BreakerOpen("https://api.z.ai/api/paas/v4", true);
  EXPECT_EQ(Value(R"(easel_upstream_breaker_open{upstream="https://api.z.ai/api/paas/v4"})"), "1");
}

TEST_F(PrometheusMetricsTest, AnUnknownChargeIsCountedButNotSummed) {
  v1::Charge charge = Made(15000);
  charge.set_state(v1::CHARGE_STATE_UNKNOWN);
  End("shop", charge);
  EXPECT_EQ(Value("easel_unknown_charges_total"), "1");
  EXPECT_EQ(Value(R"(easel_charge_micros_total{currency="USD",model="glm-image",quality="hd"})"), "0");
}

TEST_F(PrometheusMetricsTest, CallersBeyondTheCapAreCountedAsOther) {
  for (const char* caller : {"first", "second", "third", "fourth", "first"}) End(caller, Made(10));
  EXPECT_EQ(Value(R"(easel_caller_charge_micros_total{caller="first",currency="USD"})"), "20");
  EXPECT_EQ(Value(R"(easel_caller_charge_micros_total{caller="other",currency="USD"})"), "20");
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("third")));
}

TEST_F(PrometheusMetricsTest, InFlightFollowsTheStates) {
  metrics_.StateChanged(v1::GENERATION_STATE_UNSPECIFIED, v1::GENERATION_STATE_QUEUED);
  metrics_.StateChanged(v1::GENERATION_STATE_QUEUED, v1::GENERATION_STATE_SUBMITTING);
  EXPECT_EQ(Value(R"(easel_generations_in_flight{state="queued"})"), "0");
  EXPECT_EQ(Value(R"(easel_generations_in_flight{state="submitting"})"), "1");
  metrics_.StateChanged(v1::GENERATION_STATE_SUBMITTING, v1::GENERATION_STATE_FAILED);
  EXPECT_EQ(Value(R"(easel_generations_in_flight{state="submitting"})"), "0");
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr(R"(in_flight{state="failed")")));
}

TEST_F(PrometheusMetricsTest, CountsFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 1000; ++n) metrics_.RpcHandled("unary", "GetGeneration", "NotFound", absl::Milliseconds(1));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Value(R"(grpc_server_handled_total{grpc_code="NotFound",grpc_method="GetGeneration",)"
                  R"(grpc_service="easel.v1.ImageService",grpc_type="unary"})"),
            "4000");
}

TEST_F(PrometheusMetricsTest, PromtoolHasNothingToSay) {
  End("shop", Made(15000));
  metrics_.QueueWaited("glm-image", absl::Seconds(1));
  metrics_.ConcurrencyLimit("https://api.z.ai/api/paas/v4", "0a1b2c3d", "glm-image", 2);
  metrics_.KeyUp("https://api.z.ai/api/paas/v4", "0a1b2c3d", true);
  metrics_.UpstreamRequest("https://api.z.ai/api/paas/v4", "submit", "ok", absl::Seconds(1));
  const std::string path = ::testing::TempDir() + "easel_metrics_" + std::to_string(::getpid()) + ".txt";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  const std::string text = metrics_.Text();
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);

  std::FILE* tool = ::popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  ASSERT_NE(tool, nullptr);
  std::string said;
  for (int c = std::fgetc(tool); c != EOF; c = std::fgetc(tool)) said.push_back(static_cast<char>(c));
  const int exit_code = ::pclose(tool);
  std::remove(path.c_str());
  EXPECT_EQ(said, "");
  EXPECT_EQ(exit_code, 0);
}

}  // namespace
}  // namespace easel::telemetry
