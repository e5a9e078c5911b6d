#include "sandbox/records.h"

#include <filesystem>
#include <system_error>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sandbox/digest.h"

namespace easel::sandbox {
namespace {

namespace json = boost::json;

constexpr const char* kJournal = "sandbox.jsonl";

json::value TextOrNull(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object EntryOf(const Submission& submission) {
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  return {{"at", now},
          {"endpoint", submission.async ? "async" : "sync"},
          {"key", TextOrNull(submission.key)},
          {"model", TextOrNull(submission.model)},
          {"quality", TextOrNull(submission.quality)},
          {"size", TextOrNull(submission.size)},
          {"request_id", TextOrNull(submission.request_id)},
          {"user_id", TextOrNull(submission.user_id)},
          {"prompt_sha256", submission.prompt.empty() ? json::value(nullptr) : json::value(Sha256Hex(submission.prompt))}};
}

std::shared_ptr<const Task> FindIn(const std::map<std::string, std::shared_ptr<const Task>>& tasks, const std::string& name) {
  const auto found = tasks.find(name);
  return found == tasks.end() ? nullptr : found->second;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Records>> Records::Open(const std::string& state_directory) {
  std::unique_ptr<Records> records(new Records);
  if (state_directory.empty()) return records;
  std::error_code error;
  std::filesystem::create_directories(state_directory, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make the sandbox's directory ", state_directory, ": ", error.message()));
  }
  auto journal = Journal::Open((std::filesystem::path(state_directory) / kJournal).string(),
                               [&records](const json::object& line) { records->Replay(line); });
  if (!journal.ok()) return journal.status();
  records->journal_ = *std::move(journal);
  return records;
}

std::shared_ptr<const Task> Records::Accept(Task task) {
  json::object entry = EntryOf(task.submission);
  entry["accepted"] = true;
  entry["code"] = nullptr;
  entry["http"] = 200;
  entry["charged"] = true;
  entry["charge_micros"] = PriceMicros(task.submission.model);
  entry["task_id"] = task.id;
  Write({{"event", "submit"}, {"entry", entry}, {"task", ToJson(task)}});
  auto kept = std::make_shared<const Task>(std::move(task));
  Add(std::move(entry));
  AddTask(kept);
  return kept;
}

void Records::Refuse(const Submission& submission, const std::string& code, int http_status) {
  json::object entry = EntryOf(submission);
  entry["accepted"] = false;
  entry["code"] = TextOrNull(code);
  entry["http"] = http_status;
  entry["charged"] = false;
  entry["charge_micros"] = 0;
  entry["task_id"] = nullptr;
  Write({{"event", "submit"}, {"entry", entry}});
  Add(std::move(entry));
}

void Records::CountPoll(const Task& task) {
  Write({{"event", "polls"}, {"task_id", task.id}});
  Count("polls", task.id);
}

void Records::CountFetch(const Task& task) {
  Write({{"event", "fetched"}, {"task_id", task.id}});
  Count("fetched", task.id);
}

std::shared_ptr<const Task> Records::FindTask(const std::string& id) const { return FindIn(tasks_, id); }

std::shared_ptr<const Task> Records::FindFile(const std::string& file) const { return FindIn(files_, file); }

bool Records::Knows(const std::string& key, const std::string& request_id) const {
  return request_ids_.count({key, request_id}) > 0;
}

int Records::Unfinished(const std::string& key, const std::string& model, absl::Time now) {
  auto& ends = unfinished_[{key, model}];
  ends.erase(ends.begin(), ends.upper_bound(now));
  return static_cast<int>(ends.size());
}

json::object Records::Ledger(bool with_entries) const {
  std::int64_t charged = 0, micros = 0, polls = 0, fetched = 0;
  json::array entries;
  for (const json::object& entry : entries_) {
    charged += entry.at("charged").as_bool() ? 1 : 0;
    micros += entry.at("charge_micros").as_int64();
    polls += entry.at("polls").as_int64();
    fetched += entry.at("fetched").as_int64();
    if (with_entries) entries.push_back(entry);
  }
  const auto submitted = static_cast<std::int64_t>(entries_.size());
  json::object ledger{{"submitted", submitted},    {"refused", submitted - charged},
                      {"charged", charged},        {"charged_micros", micros},
                      {"polls", polls},            {"fetched", fetched},
                      {"leaked_authorization", leaked_keys_}};
  if (with_entries) ledger["entries"] = std::move(entries);
  return ledger;
}

void Records::Reset() {
  entries_.clear();
  entry_of_task_.clear();
  tasks_.clear();
  files_.clear();
  request_ids_.clear();
  unfinished_.clear();
  leaked_keys_ = 0;
  if (journal_ != nullptr) journal_->Clear();
}

void Records::Replay(const json::object& line) {
  const std::string event = json::value_to<std::string>(line.at("event"));
  if (event != "submit") {
    Count(event == "polls" ? "polls" : "fetched", json::value_to<std::string>(line.at("task_id")));
    return;
  }
  Add(line.at("entry").as_object());
  if (line.contains("task")) AddTask(std::make_shared<const Task>(TaskFromJson(line.at("task").as_object())));
}

void Records::Add(json::object entry) {
  entry["polls"] = 0;
  entry["fetched"] = 0;
  if (entry.at("task_id").is_string()) entry_of_task_[json::value_to<std::string>(entry.at("task_id"))] = entries_.size();
  entries_.push_back(std::move(entry));
}

void Records::AddTask(std::shared_ptr<const Task> task) {
  const Submission& from = task->submission;
  if (!from.request_id.empty()) request_ids_.emplace(from.key, from.request_id);
  unfinished_[{from.key, from.model}].insert(task->ready);
  files_[task->file] = task;
  tasks_[task->id] = std::move(task);
}

void Records::Count(const char* what, const std::string& task_id) {
  const auto found = entry_of_task_.find(task_id);
  if (found != entry_of_task_.end()) entries_[found->second].at(what).as_int64() += 1;
}

void Records::Write(const json::object& line) {
  if (journal_ != nullptr) journal_->Append(line);
}

}  // namespace easel::sandbox
