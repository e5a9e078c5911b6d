#include "sandbox/generation_reply.h"

#include <boost/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

constexpr int kDefaultFailure = 1234;

json::array Images(const Task& task, const std::string& host) {
  json::array images;
  if (task.outcome.no_image) return images;
  const std::string url = absl::StrCat("http://", host, "/images/", task.file, "?", task.query);
  images.emplace_back(json::object{{"url", url}});
  return images;
}

void AddFilter(const Task& task, json::object& body) {
  if (!task.outcome.filter) return;
  json::array entries;
  entries.emplace_back(json::object{{"role", "assistant"}, {"level", *task.outcome.filter}});
  body["content_filter"] = std::move(entries);
}

}  // namespace

std::string SyncBody(const Task& task, const std::string& host) {
  json::object body{{"created", absl::ToUnixSeconds(task.created)}, {"data", Images(task, host)}};
  AddFilter(task, body);
  body["id"] = task.id;
  body["request_id"] = task.request_id;
  body["usage"] = json::object{{"tokens", 0}, {"price", 0}, {"cost", 0.0},
                               {"duration", absl::ToInt64Seconds(task.ready - task.created)}};
  body["timestamp"] = absl::ToUnixMillis(task.ready);
  body["model"] = task.submission.model == "glm-image" ? "GLM-Image" : "CogView-4";
  return json::serialize(body);
}

std::string AcceptedBody(const Task& task) {
  return json::serialize(json::object{{"model", task.submission.model},
                                      {"id", task.id},
                                      {"request_id", task.request_id},
                                      {"task_status", "PROCESSING"}});
}

std::string ResultBody(const Task& task, bool ended, const std::string& host) {
  json::object body{{"model", task.submission.model}, {"id", task.id}, {"request_id", task.request_id}};
  if (!ended) {
    body["task_status"] = "PROCESSING";
  } else if (task.outcome.fail) {
    body["task_status"] = "FAIL";
    if (!task.outcome.fail_reason.empty()) {
      const auto [code, message] = FailureOf(task.outcome);
      body["error"] = json::object{{"code", std::to_string(code)}, {"message", message}};
    }
  } else {
    body["task_status"] = "SUCCESS";
    body["image_result"] = Images(task, host);
    AddFilter(task, body);
  }
  return json::serialize(body);
}

std::pair<int, std::string> FailureOf(const Outcome& outcome) {
  int code = 0;
  if (absl::SimpleAtoi(outcome.fail_reason, &code)) return {code, absl::StrCat("the generation failed with ", code)};
  return {kDefaultFailure, outcome.fail_reason.empty() ? "the generation failed" : outcome.fail_reason};
}

}  // namespace easel::sandbox
