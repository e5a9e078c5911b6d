#include "upstream/zai/zai_image_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/scripted_http_server.h"
#include "tests/unit/upstream/loop.h"
#include "tests/unit/upstream/string_sink.h"
#include "upstream/metered_image_model.h"

namespace easel::upstream {
namespace {

using fakes::Answer;
using fakes::ScriptedHttpServer;
using generation::Fetched;
using generation::ImageReady;
using generation::StillRendering;
using generation::Taken;
using generation::TaskAccepted;
using generation::UpstreamError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::ImageSpec Spec(std::string model = "glm-image", v1::Quality quality = v1::QUALITY_HD) {
  v1::ImageSpec spec;
  spec.set_model(std::move(model));
  spec.set_prompt("a kitten");
  spec.set_quality(quality);
  spec.mutable_size()->set_width(1280);
  spec.mutable_size()->set_height(1280);
  return spec;
}

class ZaiImageModelTest : public ::testing::Test {
 protected:
  std::unique_ptr<ZaiImageModel> Model(ZaiOptions options = {}) {
    if (options.base_url.empty()) options.base_url = server_.Url("/api/paas/v4");
    if (options.api_key.empty()) options.api_key = "id-of-the-key.secret-of-the-key";
    auto model = ZaiImageModel::Create(std::move(options), loop_.clients(), guard_);
    EXPECT_TRUE(model.ok()) << model.status();
    return *std::move(model);
  }

  ScriptedHttpServer server_;
  Loop loop_;
  UrlGuard guard_ = *UrlGuard::Create(std::vector<std::string>{"127.0.0.1"});
};

TEST_F(ZaiImageModelTest, SubmitsATaskWithTheDocumentedHeadersAndBody) {
  server_.Then(Answer::Ok(R"({"model":"glm-image","id":"8353","request_id":"r","task_status":"PROCESSING"})"));
  const auto model = Model();
  const v1::ImageSpec spec = Spec();
  const auto submission = loop_.Run(model->Submit(spec, {}));
  ASSERT_TRUE(std::holds_alternative<TaskAccepted>(submission));
  EXPECT_EQ(std::get<TaskAccepted>(submission).task_id, "8353");
  const auto seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/api/paas/v4/async/images/generations");
  EXPECT_EQ(seen.Header("Authorization"), "Bearer id-of-the-key.secret-of-the-key");
  EXPECT_EQ(seen.Header("Content-Type"), "application/json");
  EXPECT_EQ(seen.Header("Accept-Language"), "en-US,en");
  EXPECT_THAT(seen.Header("User-Agent"), HasSubstr("easel/"));
  EXPECT_EQ(seen.body, R"({"model":"glm-image","prompt":"a kitten","quality":"hd","size":"1280x1280"})");
}

TEST_F(ZaiImageModelTest, TakesTheSynchronousEndpointWhereThereIsNoOther) {
  server_.Otherwise(Answer::Ok(R"({"created":1,"data":[{"url":"https://mfile.z.ai/1.png"}]})"));
  ZaiOptions sync;
  sync.async_glm_image = false;
  const auto tasks = Model();
  const auto no_tasks = Model(sync);
  const std::vector<std::pair<ZaiImageModel*, v1::ImageSpec>> cases = {
      {tasks.get(), Spec("glm-image", v1::QUALITY_STANDARD)},
      {tasks.get(), Spec("cogview-4-250304", v1::QUALITY_HD)},
      {tasks.get(), Spec("cogview-4-250304", v1::QUALITY_STANDARD)},
      {no_tasks.get(), Spec("glm-image", v1::QUALITY_HD)},
  };
  for (const auto& [model, spec] : cases) {
    EXPECT_FALSE(model->UsesTasks(spec));
    const auto submission = loop_.Run(model->Submit(spec, {}));
    ASSERT_TRUE(std::holds_alternative<ImageReady>(submission));
    EXPECT_EQ(std::get<ImageReady>(submission).url, "https://mfile.z.ai/1.png");
    EXPECT_EQ(server_.requests().back().target, "/api/paas/v4/images/generations");
  }
  EXPECT_TRUE(tasks->UsesTasks(Spec()));
}

TEST_F(ZaiImageModelTest, SendsTheSubmitIdOnlyIfThereIsOne) {
  server_.Otherwise(Answer::Status(400, R"({"error":{"code":"1231","message":"You already have a request: s-1"}})"));
  const auto model = Model();
  const v1::ImageSpec spec = Spec();
  const auto submission = loop_.Run(model->Submit(spec, {.submit_id = "submit-1", .traceparent = "00-1-2-01"}));
  EXPECT_EQ(std::get<UpstreamError>(submission).taken, Taken::kYes);
  EXPECT_THAT(server_.requests().at(0).body, HasSubstr(R"("request_id":"submit-1")"));
  EXPECT_EQ(server_.requests().at(0).Header("traceparent"), "00-1-2-01");
}

TEST_F(ZaiImageModelTest, WatermarkGoesOnlyWhereTheHostKnowsIt) {
  server_.Otherwise(Answer::Ok(R"({"id":"1","task_status":"PROCESSING"})"));
  v1::ImageSpec spec = Spec();
  spec.set_watermark(false);
  ZaiOptions knows;
  knows.watermark_known = true;
  const auto without = Model();
  const auto with = Model(knows);
  loop_.Run(without->Submit(spec, {}));
  loop_.Run(with->Submit(spec, {}));
  EXPECT_THAT(server_.requests().at(0).body, Not(HasSubstr("watermark")));
  EXPECT_THAT(server_.requests().at(1).body, HasSubstr(R"("watermark_enabled":false)"));

  ZaiOptions mainland;
  mainland.base_url = "https://open.bigmodel.cn/api/paas/v4/";
  EXPECT_TRUE(Model(mainland)->watermark_known());
  ZaiOptions overseas;
  overseas.base_url = "https://api.z.ai/api/paas/v4";
  EXPECT_FALSE(Model(overseas)->watermark_known());
}

TEST_F(ZaiImageModelTest, PollsTheTaskByItsOpaqueId) {
  server_.Then(Answer::Ok(R"({"task_status":"PROCESSING"})"));
  server_.Then(Answer::Ok(R"({"task_status":"SUCCESS","image_result":[{"url":"https://mfile.z.ai/1.png"}]})"));
  const auto model = Model();
  EXPECT_TRUE(std::holds_alternative<StillRendering>(loop_.Run(model->Poll("8353-a_b"))));
  EXPECT_TRUE(std::holds_alternative<ImageReady>(loop_.Run(model->Poll("../a/b?c#d%"))));
  const auto seen = server_.requests();
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].target, "/api/paas/v4/async-result/8353-a_b");
  EXPECT_EQ(seen[0].Header("Authorization"), "Bearer id-of-the-key.secret-of-the-key");
  EXPECT_EQ(seen[1].target, "/api/paas/v4/async-result/..%2Fa%2Fb%3Fc%23d%25");
}

TEST_F(ZaiImageModelTest, SubmitsOnceEvenIfTheWarmConnectionBreaks) {
  server_.Then(Answer::Ok(R"({"task_status":"PROCESSING"})")).Then(Answer::Drop());
  server_.Otherwise(Answer::Ok(R"({"id":"2","task_status":"PROCESSING"})"));
  const auto model = Model();
  loop_.Run(model->Poll("1"));
  const v1::ImageSpec spec = Spec();
  const auto submission = loop_.Run(model->Submit(spec, {}));
  const auto& error = std::get<UpstreamError>(submission);
  EXPECT_EQ(error.reason, v1::ERROR_REASON_OUTCOME_UNKNOWN);
  EXPECT_EQ(error.taken, Taken::kUnknown);
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(ZaiImageModelTest, SaysThatNothingWasSentWhenItCouldNotConnect) {
  ZaiOptions nowhere;
  nowhere.base_url = "http://127.0.0.1:" + std::to_string(fakes::UnusedPort()) + "/api/paas/v4";
  const auto model = Model(nowhere);
  const v1::ImageSpec spec = Spec();
  const auto submission = loop_.Run(model->Submit(spec, {}));
  const auto& error = std::get<UpstreamError>(submission);
  EXPECT_EQ(error.reason, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE);
  EXPECT_EQ(error.taken, Taken::kNo);
  EXPECT_EQ(error.code, "connection");
}

TEST_F(ZaiImageModelTest, ReadLimitOfASynchronousSubmissionIsAmbiguous) {
  server_.Then(Answer::Hang());
  ZaiOptions impatient;
  impatient.sync_timeout = absl::Seconds(1);  // within which it has to be sent
  const auto model = Model(impatient);
  const v1::ImageSpec spec = Spec("cogview-4-250304", v1::QUALITY_STANDARD);
  const auto submission = loop_.Run(model->Submit(spec, {}));
  EXPECT_EQ(std::get<UpstreamError>(submission).code, "timeout");
  EXPECT_EQ(std::get<UpstreamError>(submission).taken, Taken::kUnknown);
}

TEST_F(ZaiImageModelTest, CancellingASubmissionClosesItsConnection) {
  server_.Then(Answer::Hang());
  const auto model = Model();
  const v1::ImageSpec spec = Spec();
  boost::asio::cancellation_signal cancel;
  std::optional<generation::Submission> submission;
  loop_.Spawn(model->Submit(spec, {}), submission, cancel);
  loop_.RunUntil([&] { return server_.requests().size() == 1; });
  cancel.emit(boost::asio::cancellation_type::terminal);
  loop_.RunUntil([&] { return submission.has_value() && server_.hangups() == 1; });
  EXPECT_TRUE(std::get<UpstreamError>(*submission).cancelled);
  EXPECT_EQ(std::get<UpstreamError>(*submission).taken, Taken::kUnknown);
}

TEST_F(ZaiImageModelTest, FetchesWithoutTheKey) {
  server_.Then(Answer::Ok("pixels", "image/png"));
  const auto model = Model();
  StringSink sink;
  const Fetched fetched = loop_.Run(model->Fetch(server_.Url("/1.png?s=a%2Bb"), sink));
  EXPECT_EQ(fetched.outcome, Fetched::Outcome::kComplete) << fetched.status;
  EXPECT_EQ(sink.bytes, "pixels");
  EXPECT_FALSE(server_.requests().at(0).Has("Authorization"));
}

TEST_F(ZaiImageModelTest, NamesItselfByBaseUrlAndFingerprint) {
  ZaiOptions options;
  options.base_url = "https://api.z.ai/api/paas/v4//";
  options.api_key = "abc";
  EXPECT_EQ(Model(options)->upstream(), "https://api.z.ai/api/paas/v4");
  EXPECT_EQ(Model(options)->key_fingerprint(), "ba7816bf");
  options.name = "sandbox";
  EXPECT_EQ(Model(options)->upstream(), "sandbox");
}

TEST_F(ZaiImageModelTest, RefusesUnusableSettingsWithoutShowingThem) {
  const auto refusal = [&](std::string url, std::string key) {
    ZaiOptions options;
    options.base_url = std::move(url);
    options.api_key = std::move(key);
    const auto model = ZaiImageModel::Create(options, loop_.clients(), guard_);
    return model.ok() ? std::string() : std::string(model.status().message());
  };
  for (const char* url : {"", "api.z.ai", "ftp://api.z.ai/v4", "https://api.z.ai/v4?key=secret", "https://user:secret@api.z.ai/v4"}) {
    EXPECT_THAT(refusal(url, "key"), HasSubstr("base URL")) << url;
    EXPECT_THAT(refusal(url, "key"), Not(HasSubstr("secret"))) << url;
  }
  for (const char* key : {"", "secret\n", "secret secret", "\"secret\xe2\x80\x9d", "secret\r\nX-Evil: 1"}) {
    EXPECT_THAT(refusal("https://api.z.ai/v4", key), HasSubstr("API key"));
    EXPECT_THAT(refusal("https://api.z.ai/v4", key), Not(HasSubstr("secret")));
  }
}

struct SeenMetrics : generation::Metrics {
  void UpstreamRequest(std::string_view /*upstream*/, std::string_view operation, std::string_view klass,
                       absl::Duration duration) override {
    EXPECT_GE(duration, absl::ZeroDuration());
    requests.push_back(std::string(operation) + ":" + std::string(klass));
  }
  void UpstreamError(std::string_view /*upstream*/, std::string_view code) override { errors.emplace_back(code); }

  std::vector<std::string> requests;
  std::vector<std::string> errors;
};

TEST_F(ZaiImageModelTest, MeteredModelCountsEveryRequest) {
  server_.Then(Answer::Status(429, R"({"error":{"code":"1302"}})"));
  server_.Then(Answer::Status(400, R"({"error":{"code":"invented","message":"m"}})"));
  server_.Then(Answer::Status(502, "<html>"));
  server_.Then(Answer::Ok(R"({"id":"1","task_status":"PROCESSING"})"));
  server_.Then(Answer::Ok(R"({"task_status":"PROCESSING"})"));
  server_.Then(Answer::Ok(R"({"task_status":"FAIL"})"));
  server_.Then(Answer::Status(404)).Then(Answer::Ok("pixels"));
  SeenMetrics metrics;
  MeteredImageModel model(Model(), metrics);
  const v1::ImageSpec spec = Spec();
  for (int i = 0; i < 4; ++i) loop_.Run(model.Submit(spec, {}));
  for (int i = 0; i < 2; ++i) loop_.Run(model.Poll("1"));
  StringSink sink;
  for (int i = 0; i < 2; ++i) loop_.Run(model.Fetch(server_.Url("/1.png"), sink));
  EXPECT_THAT(metrics.requests, ElementsAre("submit:busy", "submit:rejected", "submit:ambiguous", "submit:ok", "poll:ok",
                                            "poll:defect", "fetch:unavailable", "fetch:ok"));
  EXPECT_THAT(metrics.errors, ElementsAre("1302", "http_400", "http_502", "fail"));
  EXPECT_EQ(model.key_fingerprint().size(), 8U);
}

}  // namespace
}  // namespace easel::upstream
