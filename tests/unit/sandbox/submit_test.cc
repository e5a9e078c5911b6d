// What the API accepts and refuses.

#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/sandbox/png_file.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

json::object With(json::object body, const char* field, json::value value) {
  body[field] = std::move(value);
  return body;
}

TEST(SubmitTest, SyncAnswersWithTheObservedFields) {
  Fixture fixture;
  const Answer answer = fixture.client.Sync(With(Ask("a cat"), "quality", "standard"));
  ASSERT_EQ(answer.status, 200);
  const json::object body = answer.Json();
  std::set<std::string> fields;
  for (const auto& field : body) fields.insert(std::string(field.key()));
  EXPECT_EQ(fields, (std::set<std::string>{"created", "data", "id", "request_id", "usage", "timestamp", "model"}));
  EXPECT_EQ(body.at("model"), "GLM-Image");
  EXPECT_EQ(body.at("id"), body.at("request_id"));
  EXPECT_THAT(json::value_to<std::string>(body.at("id")), MatchesRegex("20[0-9]{12}[0-9a-f]{16}"));
  EXPECT_THAT(ImageUrl(answer), MatchesRegex("http://" + fixture.sandbox->address() +
                                             "/images/[0-9]{13}-[0-9a-f]{32}\\.png\\?ufileattname=[0-9a-f]{30}_watermark\\.png"));
}

TEST(SubmitTest, AsyncAnswersWithATaskAndItsResult) {
  Fixture fixture;
  const Answer accepted = fixture.client.Async(With(Ask("a cat"), "request_id", "my-request-1"));
  ASSERT_EQ(accepted.status, 200);
  EXPECT_EQ(accepted.Json().at("task_status"), "PROCESSING");
  EXPECT_EQ(accepted.Json().at("model"), "glm-image");
  EXPECT_EQ(accepted.Json().at("request_id"), "my-request-1");
  const std::string id = json::value_to<std::string>(accepted.Json().at("id"));
  EXPECT_THAT(id, MatchesRegex("[1-9][0-9]{18}"));
  const Answer result = fixture.client.Poll(id);
  EXPECT_EQ(result.Json().at("task_status"), "SUCCESS");
  EXPECT_EQ(PngFile(fixture.client.Fetch(ImageUrl(result)).body).width, 512);
}

TEST(SubmitTest, KnowsBothModelsAndTheirDefaults) {
  Fixture fixture;
  const Answer glm = fixture.client.Sync({{"model", "glm-image"}, {"prompt", "x"}});
  const Answer cogview = fixture.client.Sync({{"model", "cogview-4-250304"}, {"prompt", "x"}});
  const json::array entries = fixture.client.Ledger().at("entries").as_array();
  EXPECT_EQ(entries.at(0).at("size"), "1280x1280");
  EXPECT_EQ(entries.at(0).at("quality"), "hd");
  EXPECT_EQ(entries.at(0).at("charge_micros"), 15000);
  EXPECT_EQ(entries.at(0).at("request_id"), nullptr);  // the answer made one up, the caller did not
  EXPECT_EQ(entries.at(1).at("size"), "1024x1024");
  EXPECT_EQ(entries.at(1).at("quality"), "standard");
  EXPECT_EQ(entries.at(1).at("charge_micros"), 10000);
  EXPECT_EQ(PngFile(fixture.client.Fetch(ImageUrl(cogview)).body).height, 1024);
}

TEST(SubmitTest, AsksForAKey) {
  SandboxOptions options;
  options.keys = {"sandbox", "other"};
  Fixture fixture(options);
  const std::string url = fixture.client.Url("/api/paas/v4/images/generations");
  const std::string body = json::serialize(Ask("a cat"));
  const auto call = [&](const std::string& header) {
    return fixture.client.Call("POST", url, body, {"Content-Type: application/json", header});
  };
  EXPECT_EQ(call("X: y").Code(), "1001");
  EXPECT_EQ(call("X: y").status, 401);
  EXPECT_EQ(call("Authorization: Bearer wrong").Code(), "1000");
  EXPECT_EQ(call("Authorization: sandbox").Code(), "1000");
  EXPECT_EQ(call("Authorization: Bearer other").status, 200);
  const SandboxClient other(fixture.sandbox->address(), "sandbox");
  EXPECT_EQ(other.Async(Ask("a cat")).status, 200);
}

TEST(SubmitTest, RefusalsHaveTheCodesOfTheTable) {
  SandboxOptions options;
  options.max_prompt_code_points = 20;
  Fixture fixture(options);
  const json::object good = Ask("a cat");
  const json::object cogview = With(good, "model", "cogview-4-250304");
  const auto code = [&](const json::object& body) { return fixture.client.Sync(body).Code(); };
  EXPECT_EQ(code({{"prompt", "x"}}), "1213");
  EXPECT_EQ(code({{"model", "glm-image"}}), "1213");
  EXPECT_EQ(code(With(good, "prompt", "")), "1213");
  EXPECT_EQ(code(With(good, "model", "dall-e-3")), "1211");
  EXPECT_EQ(code(With(good, "prompt", 5)), "1210");
  EXPECT_EQ(code(With(good, "watermark_enabled", "yes")), "1210");
  EXPECT_EQ(code(With(good, "quality", "ultra")), "1214");
  EXPECT_EQ(code(With(good, "user_id", "short")), "1214");
  EXPECT_EQ(code(With(good, "user_id", json::string(129, 'x'))), "1214");
  EXPECT_EQ(code(With(good, "prompt", "一二三四五六七八九十一二三四五六七八九十")), "");
  EXPECT_EQ(code(With(good, "prompt", "一二三四五六七八九十一二三四五六七八九十一")), "1261");
  EXPECT_EQ(fixture.client.Async(cogview).Code(), "1212");
  EXPECT_EQ(fixture.client.Async(With(good, "quality", "standard")).Code(), "1214");
  EXPECT_EQ(fixture.client.Sync(good).status, 200);
  EXPECT_EQ(fixture.client.Sync(With(With(good, "n", 1), "unheard", "of")).status, 200);
}

TEST(SubmitTest, ChecksSizesByTheModelsRules) {
  SandboxOptions options;
  options.concurrency = 0;
  Fixture fixture(options);
  const auto code = [&](const char* model, const char* size) {
    return fixture.client.Sync({{"model", model}, {"prompt", "x"}, {"size", size}}).Code();
  };
  for (const char* size : {"1280x1280", "1568x1056", "1056x1568", "1472x1088", "1088x1472", "1728x960", "960x1728",
                           "2048x2048", "512x512", "1952x832"}) {
    EXPECT_EQ(code("glm-image", size), "") << size;
  }
  for (const char* size : {"1024x1024", "768x1344", "864x1152", "1344x768", "1152x864", "1440x720", "720x1440", "2048x1024"}) {
    EXPECT_EQ(code("cogview-4-250304", size), "") << size;
  }
  for (const char* size : {"", "1280", "1280X1280", "1280×1280", "1280x1290", "480x1024", "2080x1024", "-512x512", "x512",
                           "512x", "99999999999x512", "512x512x512"}) {
    if (*size == '\0') continue;
    EXPECT_EQ(code("glm-image", size), "1214") << size;
  }
  EXPECT_EQ(code("cogview-4-250304", "2048x1040"), "1214");
  EXPECT_EQ(code("cogview-4-250304", "1000x1000"), "1214");
}

TEST(SubmitTest, RefusesBodiesThatAreNoJson) {
  Fixture fixture;
  const std::string url = fixture.client.Url("/api/paas/v4/images/generations");
  for (const char* body : {"", "{", "[]", "\"x\"", "{\"model\":\"glm-image\",\"prompt\":\"\xff\"}"}) {
    const Answer answer = fixture.client.Call("POST", url, body, fixture.client.ApiHeaders());
    EXPECT_EQ(answer.Code(), "1210") << body;
    EXPECT_EQ(answer.status, 400) << body;
  }
  const Answer form = fixture.client.Call("POST", url, json::serialize(Ask("x")), {"Authorization: Bearer x"});
  EXPECT_EQ(form.Code(), "1210");
  EXPECT_THAT(form.body, HasSubstr("Content-Type"));
  const Answer big = fixture.client.Call("POST", url, std::string(2'000'000, 'x'), fixture.client.ApiHeaders());
  EXPECT_EQ(big.status, 413);
}

TEST(SubmitTest, AFullAccountGets1302UntilAGenerationEnds) {
  SandboxOptions options;
  options.concurrency = 2;
  Fixture fixture(options, 1000);  // none of them ends
  EXPECT_EQ(fixture.client.Async(Ask("one")).status, 200);
  EXPECT_EQ(fixture.client.Async(Ask("two")).status, 200);
  const Answer third = fixture.client.Async(Ask("three"));
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(third.body, R"({"error":{"code":"1302","message":"Rate limit reached for requests"}})");
  const SandboxClient other(fixture.sandbox->address(), "another-key");
  EXPECT_EQ(other.Async(Ask("four")).status, 200);

  Fixture quick(options);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(quick.client.Async(Ask("again")).status, 200);
}

TEST(SubmitTest, RejectsDuplicatesOnlyIfToldTo) {
  Fixture lenient;
  const json::object body = With(Ask("a cat"), "request_id", "the-same");
  EXPECT_EQ(lenient.client.Async(body).status, 200);
  EXPECT_EQ(lenient.client.Async(body).status, 200);

  SandboxOptions options;
  options.reject_duplicates = true;
  Fixture strict(options);
  EXPECT_EQ(strict.client.Async(body).status, 200);
  const Answer again = strict.client.Async(body);
  EXPECT_EQ(again.Code(), "1231");
  EXPECT_THAT(again.body, HasSubstr("You already have a request: the-same"));
  const SandboxClient other(strict.sandbox->address(), "another-key");
  EXPECT_EQ(other.Async(body).status, 200);
}

TEST(SubmitTest, UnknownPathsAndMethodsAreSaidSo) {
  Fixture fixture;
  EXPECT_EQ(fixture.client.Call("GET", fixture.client.Url("/api/paas/v4/images/generations")).status, 405);
  EXPECT_EQ(fixture.client.Call("GET", fixture.client.Url("/api/paas/v4/models")).status, 404);
  EXPECT_EQ(fixture.client.Call("GET", fixture.client.Url("/")).status, 404);
  EXPECT_EQ(fixture.client.Call("DELETE", fixture.client.Url("/sandbox/ledger")).status, 405);
  EXPECT_THAT(fixture.client.Call("GET", fixture.client.Url("/sandbox")).body, HasSubstr("/sandbox/ledger"));
}

TEST(SubmitTest, ATakenAddressOrABadScaleIsRefusedAtStart) {
  Fixture fixture;
  SandboxOptions options;
  options.listen = fixture.sandbox->address();
  EXPECT_THAT(std::string(Sandbox::Start(options).status().message()), HasSubstr("is in use"));
  options.listen = "127.0.0.1:0";
  options.latency_scale = -1;
  EXPECT_EQ(Sandbox::Start(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SubmitTest, StoppingEndsRequestsThatWait) {
  auto fixture = std::make_unique<Fixture>(SandboxOptions{}, 1000);
  std::thread caller([client = fixture->client] { EXPECT_NE(client.Sync(Ask("a cat")).curl_error, 0); });
  while (fixture->client.Ledger().at("charged") != 1) std::this_thread::yield();
  fixture->sandbox.reset();
  caller.join();
}

}  // namespace
}  // namespace easel::sandbox
