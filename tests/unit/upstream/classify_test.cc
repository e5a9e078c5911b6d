#include "upstream/zai/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace easel::upstream {
namespace {

using generation::ImageReady;
using generation::PollResult;
using generation::StillRendering;
using generation::Submission;
using generation::Taken;
using generation::TaskAccepted;
using generation::UpstreamError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kKey = "id.secret-secret";
const MessageCleaner kCleaner(kKey, "a prompt that nobody should see in any error");

HttpReply Reply(int status, std::string body) { return {{status, {}}, std::move(body)}; }

UpstreamError SubmitError(const HttpReply& reply) {
  Submission submission = ReadSubmission(reply, true, kCleaner);
  if (auto* error = std::get_if<UpstreamError>(&submission)) return *error;
  ADD_FAILURE() << "no error for HTTP " << reply.head.status << " " << reply.body;
  return {};
}

UpstreamError PollErrorOf(const HttpReply& reply) {
  PollResult result = ReadPoll(reply, kCleaner);
  if (auto* error = std::get_if<UpstreamError>(&result)) return *error;
  ADD_FAILURE() << "no error for HTTP " << reply.head.status << " " << reply.body;
  return {};
}

struct Row {
  std::vector<int> codes;
  v1::ErrorReason reason;
  Taken taken;
};

const std::vector<Row>& Table() {
  static const std::vector<Row> rows = {
      {{1210, 1211, 1212, 1213, 1214, 1215, 1221, 1222, 1261}, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {{1300, 1301}, v1::ERROR_REASON_CONTENT_BLOCKED, Taken::kNo},
      {{1000, 1001, 1002, 1003, 1004, 1005, 1100, 1110, 1111, 1112, 1121, 1220},
       v1::ERROR_REASON_UPSTREAM_CREDENTIALS,
       Taken::kNo},
      {{1113, 1304, 1308, 1309, 1310, 1311, 1313, 1314, 1315, 1316, 1317, 1318, 1319, 1320, 1321},
       v1::ERROR_REASON_UPSTREAM_QUOTA,
       Taken::kNo},
      {{1302, 1303}, v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo},
      {{1305, 1312}, v1::ERROR_REASON_UPSTREAM_OVERLOADED, Taken::kNo},
      {{1120, 1200, 1230, 1234}, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo},
      {{1231}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kYes},
  };
  return rows;
}

// The code decides, in every shape of body and under every status, 200 included.
TEST(ClassifySubmissionTest, EveryCodeOfTheTable) {
  for (const Row& row : Table()) {
    for (const int number : row.codes) {
      const std::string code = std::to_string(number);
      for (const int status : {200, 400, 401, 403, 429, 500, 503, 504}) {
        for (const std::string& body :
             {"{\"error\":{\"code\":\"" + code + "\",\"message\":\"why\"}}", "{\"error\":{\"code\":" + code + ",\"message\":\"why\"}}",
              "{\"code\":" + code + ",\"message\":\"why\"}", "{\"error\":\"why\",\"code\":\"" + code + "\"}",
              "{\"msg\":\"why\",\"code\":" + code + "}", "{\"error\":{\"message\":\"[" + code + "][why]\"}}"}) {
          const UpstreamError error = SubmitError(Reply(status, body));
          EXPECT_EQ(error.reason, row.reason) << status << " " << body;
          EXPECT_EQ(error.taken, row.taken) << status << " " << body;
          EXPECT_EQ(error.code, code);
          EXPECT_EQ(error.http_status, status);
          EXPECT_THAT(error.message, HasSubstr("why"));
          EXPECT_FALSE(error.cancelled);
        }
      }
    }
  }
}

struct StatusRow {
  int status;
  const char* body;
  v1::ErrorReason reason;
  Taken taken;
};

TEST(ClassifySubmissionTest, StatusDecidesWhereNoKnownCodeDoes) {
  constexpr const char* kUnknown = R"({"error":{"code":"9999","message":"new"}})";
  constexpr const char* kHtml = "<html><center><h1>an error page</h1></center></html>";
  const std::vector<StatusRow> rows = {
      {400, kUnknown, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {400, "{}", v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {404, kHtml, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {413, kHtml, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {435, kUnknown, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo},
      {401, "", v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo},
      {403, kUnknown, v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo},
      {434, "{}", v1::ERROR_REASON_UPSTREAM_CREDENTIALS, Taken::kNo},
      {429, kUnknown, v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo},
      {429, "", v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo},
      {500, kUnknown, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo},
      {503, kUnknown, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo},
      {302, "", v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo},
      {500, "{}", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {500, R"({"error":{"message":"no code"}})", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {503, kHtml, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {502, kHtml, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {502, kUnknown, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {504, "", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {520, "", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {524, kHtml, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {408, "", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {409, "", v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown},
      {200, "{}", v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown},
      {200, "", v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown},
      {200, kHtml, v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown},
      {200, R"({"data":[]})", v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown},
      {200, kUnknown, v1::ERROR_REASON_UPSTREAM_DEFECT, Taken::kUnknown},
  };
  for (const StatusRow& row : rows) {
    const UpstreamError error = SubmitError(Reply(row.status, row.body));
    EXPECT_EQ(error.reason, row.reason) << row.status << " " << row.body;
    EXPECT_EQ(error.taken, row.taken) << row.status << " " << row.body;
    EXPECT_EQ(error.code, row.body == kUnknown ? "9999" : "http_" + std::to_string(row.status));
  }
}

TEST(ClassifySubmissionTest, ImagesAndTasks) {
  const auto image = ReadSubmission(
      Reply(200, R"({"data":[{"url":"https://u/x?Expires=1767225600"}],"content_filter":[{"role":"user","level":3}]})"), false, kCleaner);
  ASSERT_TRUE(std::holds_alternative<ImageReady>(image));
  EXPECT_EQ(std::get<ImageReady>(image).url, "https://u/x?Expires=1767225600");
  EXPECT_EQ(std::get<ImageReady>(image).expire_time, absl::FromUnixSeconds(1767225600));
  EXPECT_EQ(std::get<ImageReady>(image).content_filter.size(), 1U);
  for (const char* body : {R"({"id":"42","task_status":"PROCESSING"})", R"({"id":42,"task_status":"SUCCESS"})", R"({"id":"42"})",
                           R"({"id":"42","task_status":"PROCESSING","error":"odd"})"}) {
    const auto task = ReadSubmission(Reply(200, body), true, kCleaner);
    ASSERT_TRUE(std::holds_alternative<TaskAccepted>(task)) << body;
    EXPECT_EQ(std::get<TaskAccepted>(task).task_id, "42");
  }
}

// The synchronous endpoint's answers carry an id as well: it is no task.
TEST(ClassifySubmissionTest, IdWithoutTaskIsNoTask) {
  const Submission empty = ReadSubmission(Reply(200, R"({"id":"42","request_id":"42","data":[]})"), false, kCleaner);
  ASSERT_TRUE(std::holds_alternative<UpstreamError>(empty));
  EXPECT_EQ(std::get<UpstreamError>(empty).reason, v1::ERROR_REASON_UPSTREAM_DEFECT);
  EXPECT_EQ(SubmitError(Reply(200, R"({"id":"42","error":{"code":"1305","message":"busy"}})")).reason,
            v1::ERROR_REASON_UPSTREAM_OVERLOADED);
}

TEST(ClassifySubmissionTest, ATaskThatHasFailedAlreadyIsNotWaitedFor) {
  const UpstreamError error = SubmitError(Reply(200, R"({"id":"8353","task_status":"FAIL"})"));
  EXPECT_EQ(error.reason, v1::ERROR_REASON_UPSTREAM_DEFECT);
  EXPECT_EQ(error.taken, Taken::kUnknown);
  EXPECT_EQ(error.code, "fail");
}

TEST(ClassifySubmissionTest, FilterEntriesComeWithTheRefusal) {
  const UpstreamError error =
      SubmitError(Reply(400, R"({"contentFilter":[{"level":2,"role":"user"}],"error":{"code":"1301","message":"不安全"}})"));
  EXPECT_EQ(error.reason, v1::ERROR_REASON_CONTENT_BLOCKED);
  ASSERT_EQ(error.content_filter.size(), 1U);
  EXPECT_EQ(error.content_filter[0].level(), 2);
  EXPECT_THAT(error.message, HasSubstr("不安全"));
}

TEST(ClassifySubmissionTest, RetryAfterOnlyWhereWaitingHelps) {
  for (const auto& [code, expected] : std::vector<std::pair<const char*, std::optional<absl::Duration>>>{
           {"1302", absl::Seconds(7)}, {"1305", absl::Seconds(7)}, {"1234", absl::Seconds(7)}, {"1113", std::nullopt},
           {"1301", std::nullopt}, {"1214", std::nullopt}, {"1231", std::nullopt}}) {
    HttpReply reply = Reply(429, std::string(R"({"error":{"code":")") + code + R"(","message":"m"}})");
    EXPECT_EQ(SubmitError(reply).retry_after, std::nullopt);
    reply.head.headers.push_back({"retry-after", "7"});
    EXPECT_EQ(SubmitError(reply).retry_after, expected) << code;
  }
}

TEST(ClassifySubmissionTest, ErrorsShowNeitherKeyNorPromptNorQuery) {
  const UpstreamError error = SubmitError(
      Reply(400, R"({"error":{"code":"1214","message":"key id.secret-secret, https://u/x?Signature=s"}})"));
  EXPECT_THAT(error.message, Not(HasSubstr("secret-secret")));
  EXPECT_THAT(error.message, Not(HasSubstr("Signature")));
  const UpstreamError echo =
      SubmitError(Reply(400, R"({"error":{"code":"1214","message":"bad: a prompt that nobody should see in"}})"));
  EXPECT_THAT(echo.message, Not(HasSubstr("nobody")));
  EXPECT_THAT(echo.message, HasSubstr("1214"));
}

TEST(ClassifySubmissionTest, FailuresKnowWhetherTheRequestHadLeft) {
  using Kind = HttpFailure::Kind;
  struct FailureRow {
    HttpFailure failure;
    v1::ErrorReason reason;
    Taken taken;
    std::string code;
  };
  const std::vector<FailureRow> rows = {
      {{Kind::kDns, false, 0, "m"}, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "dns"},
      {{Kind::kConnect, false, 0, "m"}, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "connection"},
      {{Kind::kTls, false, 0, "m"}, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "tls"},
      {{Kind::kTimeout, false, 0, "m"}, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Taken::kNo, "timeout"},
      {{Kind::kTimeout, true, 0, "m"}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "timeout"},
      {{Kind::kCut, true, 0, "m"}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "connection"},
      {{Kind::kCut, true, 200, "m"}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "http_200"},
      {{Kind::kCut, true, 503, "m"}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "http_503"},
      {{Kind::kTooLarge, true, 200, "m"}, v1::ERROR_REASON_OUTCOME_UNKNOWN, Taken::kUnknown, "http_200"},
      {{Kind::kCut, true, 429, "m"}, v1::ERROR_REASON_UPSTREAM_BUSY, Taken::kNo, "http_429"},
      {{Kind::kCut, true, 400, "m"}, v1::ERROR_REASON_UPSTREAM_REJECTED, Taken::kNo, "http_400"},
  };
  for (const FailureRow& row : rows) {
    const UpstreamError error = SubmissionFailure(row.failure);
    EXPECT_EQ(error.reason, row.reason) << row.code;
    EXPECT_EQ(error.taken, row.taken) << row.code;
    EXPECT_EQ(error.code, row.code);
    EXPECT_EQ(error.http_status, row.failure.status);
    EXPECT_FALSE(error.cancelled);
    EXPECT_THAT(error.message, Not(IsEmpty()));
  }
}

TEST(ClassifySubmissionTest, CancellationKnowsWhetherTheRequestHadLeft) {
  const UpstreamError before = SubmissionFailure({HttpFailure::Kind::kCancelled, false, 0, "m"});
  EXPECT_TRUE(before.cancelled);
  EXPECT_EQ(before.taken, Taken::kNo);
  const UpstreamError after = SubmissionFailure({HttpFailure::Kind::kCancelled, true, 0, "m"});
  EXPECT_TRUE(after.cancelled);
  EXPECT_EQ(after.taken, Taken::kUnknown);
  EXPECT_EQ(after.code, "cancelled");
}

TEST(ClassifyPollTest, StatesOfATask) {
  for (const char* body : {R"({"task_status":"PROCESSING","id":"1"})", R"({"task_status":"processing"})",
                           R"({"task_status":"QUEUEING"})", R"({"task_status":"PROCESSING","error":null})"}) {
    EXPECT_TRUE(std::holds_alternative<StillRendering>(ReadPoll(Reply(200, body), kCleaner))) << body;
  }
  for (const char* body : {R"({"task_status":"SUCCESS","image_result":[{"url":"https://u/1"}],"content_filter":[]})",
                           R"({"task_status":"SUCCESS","data":[{"url":"https://u/1"}]})", R"({"image_result":{"url":"https://u/1"}})"}) {
    const PollResult result = ReadPoll(Reply(200, body), kCleaner);
    ASSERT_TRUE(std::holds_alternative<ImageReady>(result)) << body;
    EXPECT_EQ(std::get<ImageReady>(result).url, "https://u/1");
  }
}

TEST(ClassifyPollTest, EndsWithoutAnImage) {
  for (const char* body : {R"({"task_status":"SUCCESS","image_result":[]})", R"({"task_status":"SUCCESS"})",
                           R"({"task_status":"FAIL"})", R"({"task_status":"FAIL","error":{"message":"internal"}})",
                           R"({"task_status":"FAIL","error":{"code":"1305","message":"busy"}})"}) {
    const UpstreamError error = PollErrorOf(Reply(200, body));
    EXPECT_EQ(error.reason, v1::ERROR_REASON_UPSTREAM_DEFECT) << body;
    EXPECT_EQ(error.taken, Taken::kUnknown) << body;
    EXPECT_THAT(error.code, Not(IsEmpty()));
  }
  for (const char* code : {"1300", "1301"}) {
    const UpstreamError error = PollErrorOf(
        Reply(200, std::string(R"({"task_status":"FAIL","contentFilter":[{"role":"assistant","level":1}],"error":{"code":")") + code + R"("}})"));
    EXPECT_EQ(error.reason, v1::ERROR_REASON_CONTENT_BLOCKED);
    EXPECT_EQ(error.taken, Taken::kUnknown);
    EXPECT_EQ(error.content_filter.size(), 1U);
  }
  EXPECT_EQ(PollErrorOf(Reply(400, R"({"error":{"code":"1301","message":"no"}})")).taken, Taken::kUnknown);
}

TEST(ClassifyPollTest, UnknownTasksCanBeTold) {
  for (const auto& [status, body] : std::vector<std::pair<int, const char*>>{
           {400, R"({"error":{"code":"1210","message":"no such task"}})"}, {400, R"({"error":{"code":"1214","message":"no"}})"},
           {404, ""}, {404, "<html>"}, {200, R"({"error":{"code":"1214","message":"no"}})"}, {400, R"({"code":9999})"}}) {
    const UpstreamError error = PollErrorOf(Reply(status, body));
    EXPECT_EQ(error.reason, v1::ERROR_REASON_UPSTREAM_TIMEOUT) << status << body;
    EXPECT_EQ(error.taken, Taken::kYes);
  }
}

TEST(ClassifyPollTest, FailuresOfThePollSayNothingAboutTheTask) {
  for (const auto& [status, body] : std::vector<std::pair<int, const char*>>{
           {200, ""}, {200, "{}"}, {200, "<html>"}, {500, ""}, {500, R"({"error":{"code":"1234"}})"}, {502, "<html>"}, {504, ""},
           {408, ""}, {302, ""}, {200, R"({"error":{"code":"1231","message":"dup"}})"}}) {
    const UpstreamError error = PollErrorOf(Reply(status, body));
    EXPECT_EQ(error.reason, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE) << status << body;
    EXPECT_EQ(error.taken, Taken::kNo) << status << body;
  }
  EXPECT_EQ(PollErrorOf(Reply(429, R"({"error":{"code":"1302"}})")).reason, v1::ERROR_REASON_UPSTREAM_BUSY);
  EXPECT_EQ(PollErrorOf(Reply(401, R"({"error":{"code":"1000"}})")).reason, v1::ERROR_REASON_UPSTREAM_CREDENTIALS);
  const UpstreamError cut = PollFailure({HttpFailure::Kind::kCut, true, 0, "m"});
  EXPECT_EQ(cut.reason, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE);
  EXPECT_EQ(cut.taken, Taken::kNo);
  EXPECT_TRUE(PollFailure({HttpFailure::Kind::kCancelled, true, 0, "m"}).cancelled);
}

}  // namespace
}  // namespace easel::upstream
