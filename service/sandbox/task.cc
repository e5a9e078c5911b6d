#include "sandbox/task.h"

#include <boost/json.hpp>

#include "sandbox/digest.h"
#include "sandbox/directive.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

std::string Text(const json::object& object, const char* field) { return json::value_to<std::string>(object.at(field)); }

int Number(const json::object& object, const char* field) { return json::value_to<int>(object.at(field)); }

json::object ToJson(const Outcome& outcome) {
  json::object object{{"fail", outcome.fail}, {"fail_reason", outcome.fail_reason}, {"no_image", outcome.no_image}};
  if (outcome.filter) object["filter"] = *outcome.filter;
  return object;
}

Outcome OutcomeFromJson(const json::object& object) {
  Outcome outcome;
  outcome.fail = object.at("fail").as_bool();
  outcome.fail_reason = Text(object, "fail_reason");
  outcome.no_image = object.at("no_image").as_bool();
  if (object.contains("filter")) outcome.filter = Number(object, "filter");
  return outcome;
}

}  // namespace

json::object ToJson(const Task& task) {
  const Submission& from = task.submission;
  return {{"id", task.id},
          {"request_id", task.request_id},
          {"async", from.async},
          {"key", from.key},
          {"model", from.model},
          {"prompt", from.prompt},
          {"quality", from.quality},
          {"width", from.width},
          {"height", from.height},
          {"sent_request_id", from.request_id},
          {"created", absl::ToUnixMicros(task.created)},
          {"ready", absl::ToUnixMicros(task.ready)},
          {"file", task.file},
          {"query", task.query},
          {"outcome", ToJson(task.outcome)}};
}

Task TaskFromJson(const json::object& object) {
  Task task;
  task.id = Text(object, "id");
  task.request_id = Text(object, "request_id");
  task.submission.async = object.at("async").as_bool();
  task.submission.key = Text(object, "key");
  task.submission.model = Text(object, "model");
  task.submission.prompt = Text(object, "prompt");
  task.submission.quality = Text(object, "quality");
  task.submission.width = Number(object, "width");
  task.submission.height = Number(object, "height");
  task.submission.request_id = Text(object, "sent_request_id");
  task.created = absl::FromUnixMicros(object.at("created").as_int64());
  task.ready = absl::FromUnixMicros(object.at("ready").as_int64());
  task.file = Text(object, "file");
  task.query = Text(object, "query");
  task.outcome = OutcomeFromJson(object.at("outcome").as_object());
  if (auto faults = FaultsInPrompt(task.submission.prompt); faults.ok()) task.submission.faults = *std::move(faults);
  return task;
}

int PriceMicros(const std::string& model) { return model == "glm-image" ? 15000 : 10000; }

absl::Duration RenderTime(const Submission& submission, double latency_scale) {
  const double seconds = submission.quality == "hd" ? 20 : 7;
  const double variation = 0.85 + 0.30 * static_cast<double>(Seed(submission.prompt) % 1000) / 999;
  return absl::Seconds(seconds * variation * latency_scale);
}

}  // namespace easel::sandbox
