// Each fault as a caller meets it.

#include <curl/curl.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/sandbox/png_file.h"
#include "tests/unit/sandbox/sandbox_client.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Id(const Answer& accepted) { return json::value_to<std::string>(accepted.Json().at("id")); }

class RequestedFaultTest : public ::testing::Test {
 protected:
  Answer Async(const std::string& prompt) { return client.Async(Ask(prompt)); }
  Answer Sync(const std::string& prompt) { return client.Sync(Ask(prompt)); }
  Answer Result(const std::string& prompt) { return client.Poll(Id(Async(prompt))); }
  json::value Total(const char* what) { return client.Ledger().at(what); }
  json::value Last(const char* field) { return client.Ledger().at("entries").as_array().back().at(field); }

  Fixture fixture;
  const SandboxClient& client = fixture.client;
};

TEST_F(RequestedFaultTest, CodeComesAsOftenAsAsked) {
  const std::string prompt = "a cat [[sandbox: code=1302 times=2 retry-after=9]]";
  EXPECT_EQ(Async(prompt).Code(), "1302");
  const Answer second = Async(prompt);
  EXPECT_EQ(second.status, 429);
  EXPECT_THAT(second.headers, HasSubstr("Retry-After: 9\r\n"));
  EXPECT_EQ(Async(prompt).status, 200);
  EXPECT_EQ(Total("refused"), 2);
  EXPECT_EQ(Total("charged"), 1);
}

TEST_F(RequestedFaultTest, EveryCodeHasItsHttpStatus) {
  const std::pair<int, int> codes[] = {{500, 500},  {1000, 401}, {1113, 429}, {1200, 500}, {1214, 400}, {1220, 403},
                                       {1234, 500}, {1261, 400}, {1301, 400}, {1305, 429}, {1313, 429}, {1321, 429}};
  for (const auto& [code, http] : codes) {
    const Answer answer = Async("[[sandbox: code=" + std::to_string(code) + "]]");
    EXPECT_EQ(answer.status, http) << code;
    EXPECT_EQ(answer.Code(), std::to_string(code));
  }
}

TEST_F(RequestedFaultTest, ABlockedPromptCarriesTheFilterInCamelCase) {
  const Answer answer = Sync("[[sandbox: code=1301 filter=2]]");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, StartsWith(R"({"contentFilter":[{"level":2,"role":"user"}],"error":{"code":"1301")"));
}

TEST_F(RequestedFaultTest, HttpAloneIsAPageAndBesideACodeItsStatus) {
  const Answer page = Async("[[sandbox: http=502]]");
  EXPECT_EQ(page.status, 502);
  EXPECT_EQ(page.content_type, "text/html");
  EXPECT_THAT(page.body, HasSubstr("<h1>502 Bad Gateway</h1>"));
  EXPECT_EQ(Last("code"), "http-502");
  const Answer error_in_200 = Async("[[sandbox: http=200 code=1305]]");
  EXPECT_EQ(error_in_200.status, 200);
  EXPECT_EQ(error_in_200.Code(), "1305");
}

TEST_F(RequestedFaultTest, DropClosesWithoutAnAnswerAndDoesNotCharge) {
  EXPECT_EQ(Async("[[sandbox: drop]]").curl_error, CURLE_GOT_NOTHING);
  EXPECT_EQ(Total("submitted"), 1);
  EXPECT_EQ(Total("charged"), 0);
  EXPECT_EQ(Last("code"), "drop");
}

TEST_F(RequestedFaultTest, AfterAcceptChargesAndLosesTheReply) {
  EXPECT_EQ(Async("[[sandbox: drop=after-accept]]").curl_error, CURLE_GOT_NOTHING);
  EXPECT_EQ(Sync("[[sandbox: http=504 after-accept]]").status, 504);
  EXPECT_EQ(Total("charged"), 2);
  EXPECT_EQ(Total("charged_micros"), 30000);
  EXPECT_EQ(Total("refused"), 0);
}

TEST_F(RequestedFaultTest, HangNeverAnswers) {
  const Answer answer = client.Call("POST", client.Url("/api/paas/v4/async/images/generations"),
                                    json::serialize(Ask("[[sandbox: hang]]")), client.ApiHeaders(), 30);
  EXPECT_EQ(answer.curl_error, CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(Total("charged"), 0);
  EXPECT_EQ(Last("code"), "hang");
}

TEST_F(RequestedFaultTest, SlowAnswersLaterThanAnImpatientCallerWaits) {
  const std::string url = client.Url("/api/paas/v4/async/images/generations");
  const std::string body = json::serialize(Ask("[[sandbox: slow=3600]]"));
  EXPECT_EQ(client.Call("POST", url, body, client.ApiHeaders(), 30).curl_error, CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(Async("[[sandbox: slow=0.01]]").status, 200);
}

TEST_F(RequestedFaultTest, CutEndsInTheMiddleOfTheImageOrTheReply) {
  const Answer image = client.Fetch(MakeImage(client, "a cat [[sandbox: cut times=1]]"));
  EXPECT_EQ(image.curl_error, CURLE_PARTIAL_FILE);
  EXPECT_GT(image.body.size(), 1000u);
  EXPECT_EQ(Total("fetched"), 0);
  EXPECT_EQ(Async("a dog [[sandbox: cut operation=submit]]").curl_error, CURLE_PARTIAL_FILE);
  EXPECT_EQ(Total("charged"), 2);
  EXPECT_EQ(Result("a cow [[sandbox: cut operation=poll]]").curl_error, CURLE_PARTIAL_FILE);
}

TEST_F(RequestedFaultTest, PollsCanFailToo) {
  const std::string id = Id(Async("[[sandbox: code=1234 operation=poll times=2]]"));
  EXPECT_EQ(client.Poll(id).Code(), "1234");
  EXPECT_EQ(client.Poll(id).status, 500);
  EXPECT_EQ(client.Poll(id).Json().at("task_status"), "SUCCESS");
  EXPECT_EQ(Result("[[sandbox: drop operation=poll]]").curl_error, CURLE_GOT_NOTHING);
}

TEST_F(RequestedFaultTest, AFreshImageMayBe404ForAWhile) {
  const std::string url = MakeImage(client, "a cat [[sandbox: 404=2]]");
  EXPECT_EQ(client.Fetch(url).status, 404);
  EXPECT_EQ(client.Fetch(url).body, R"({"RetCode":-148654,"ErrMsg":"file not exist"})");
  EXPECT_EQ(client.Fetch(url).status, 200);
  EXPECT_EQ(Total("fetched"), 1);
}

TEST_F(RequestedFaultTest, ImagesMayBeOfAnotherSizeOrNone) {
  const PngFile small(client.Fetch(MakeImage(client, "a cat [[sandbox: wrong-size]]")).body);
  EXPECT_EQ(small.width, 256);
  const Answer page = client.Fetch(MakeImage(client, "a cat [[sandbox: not-image]]"));
  EXPECT_EQ(page.content_type, "image/png");
  EXPECT_EQ(PngFile(page.body).width, 0);
}

TEST_F(RequestedFaultTest, ImagesMayRedirect) {
  const Answer answer = client.Fetch(MakeImage(client, "a cat [[sandbox: redirect=http://169.254.169.254/latest]]"));
  EXPECT_EQ(answer.status, 302);
  EXPECT_THAT(answer.headers, HasSubstr("Location: http://169.254.169.254/latest\r\n"));
}

TEST_F(RequestedFaultTest, TasksFailWithOrWithoutAReason) {
  const Answer silent = Result("[[sandbox: fail]]");
  EXPECT_EQ(silent.status, 200);
  EXPECT_EQ(silent.Json().at("task_status"), "FAIL");
  EXPECT_FALSE(silent.Json().contains("error"));
  const Answer spoken = Result("[[sandbox: fail=\"out of memory\"]]");
  EXPECT_EQ(spoken.Json().at("error").at("message"), "out of memory");
  EXPECT_EQ(Result("[[sandbox: fail=1301]]").Code(), "1301");
  EXPECT_EQ(Total("charged"), 3);
}

TEST_F(RequestedFaultTest, ASyncGenerationThatFailsIsAnErrorAndNotCharged) {
  const Answer answer = Sync("[[sandbox: fail]]");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.Code(), "1234");
  EXPECT_EQ(Total("charged"), 0);
}

TEST_F(RequestedFaultTest, SuccessMayCarryAFilterOrNoImage) {
  const json::object filtered = Sync("[[sandbox: filter=3]]").Json();
  EXPECT_EQ(filtered.at("content_filter"), (json::array{json::object{{"role", "assistant"}, {"level", 3}}}));
  EXPECT_EQ(filtered.at("data").as_array().size(), 1u);
  EXPECT_TRUE(Sync("[[sandbox: no-image]]").Json().at("data").as_array().empty());
  const json::object empty = Result("[[sandbox: no-image]]").Json();
  EXPECT_EQ(empty.at("task_status"), "SUCCESS");
  EXPECT_TRUE(empty.at("image_result").as_array().empty());
}

TEST_F(RequestedFaultTest, TheCallAsksForTheNextEvents) {
  EXPECT_EQ(client.AskForFault({{"code", 1302}, {"times", 2}}).status, 200);
  EXPECT_EQ(client.AskForFault({{"404", 1}}).status, 200);
  EXPECT_EQ(Async("a cat").Code(), "1302");
  EXPECT_EQ(Async("a dog").Code(), "1302");
  const std::string url = MakeImage(client, "a cow");
  EXPECT_EQ(client.Fetch(url).status, 404);
  EXPECT_EQ(client.Fetch(url).status, 200);
}

TEST_F(RequestedFaultTest, TheCallTakesArraysListsAndClears) {
  json::array faults;
  faults.emplace_back(json::object{{"hang", true}, {"operation", "poll"}, {"cut", false}});
  faults.emplace_back(json::object{{"fail", "no luck"}, {"model", "glm-image"}});
  const Answer added = client.AskForFault(faults);
  EXPECT_EQ(added.Json().at("faults").as_array().size(), 2u);
  EXPECT_THAT(client.Call("GET", client.Url("/sandbox/faults")).body, HasSubstr("hang operation=poll"));
  EXPECT_EQ(client.Call("DELETE", client.Url("/sandbox/faults")).body, R"({"faults":[]})");
  EXPECT_EQ(Result("a cat").Json().at("task_status"), "SUCCESS");
}

TEST_F(RequestedFaultTest, UnknownWordsAreRefusedWithTheKnownOnes) {
  const Answer prompt = Async("[[sandbox: explode]]");
  EXPECT_EQ(prompt.Code(), "1210");
  EXPECT_THAT(prompt.body, HasSubstr("wrong-size"));
  const Answer call = client.AskForFault({{"explode", true}});
  EXPECT_EQ(call.Code(), "1210");
  EXPECT_EQ(call.status, 400);
  EXPECT_THAT(call.body, HasSubstr("wrong-size"));
}

}  // namespace
}  // namespace easel::sandbox
