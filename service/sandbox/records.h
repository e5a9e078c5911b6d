#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sandbox/journal.h"
#include "sandbox/task.h"

namespace easel::sandbox {

// All that the sandbox remembers: its tasks, and the ledger of every submission with what became of it. Kept in a journal
// if there is a state directory. Used on the sandbox's one thread.
class Records {
 public:
  // Reads what an earlier sandbox left in `state_directory` and makes the directory if need be; empty: memory only.
  static absl::StatusOr<std::unique_ptr<Records>> Open(const std::string& state_directory);

  // Accepting charges.
  std::shared_ptr<const Task> Accept(Task task);
  // `code`: the business code, or a word for what the sandbox did instead of answering.
  void Refuse(const Submission& submission, const std::string& code, int http_status);
  void CountPoll(const Task& task);
  void CountFetch(const Task& task);
  void CountLeakedKey() { ++leaked_keys_; }

  std::shared_ptr<const Task> FindTask(const std::string& id) const;
  std::shared_ptr<const Task> FindFile(const std::string& file) const;
  // Whether a submission with this key and request_id was accepted.
  bool Knows(const std::string& key, const std::string& request_id) const;
  // How many generations of this key and model have not ended.
  int Unfinished(const std::string& key, const std::string& model, absl::Time now);

  // `{"submitted": .., "refused": .., "charged": .., "charged_micros": .., "fetched": .., "polls": ..,
  //   "leaked_authorization": .., "entries": [..]}`, the entries in the order of their submission.
  boost::json::object Ledger(bool with_entries) const;

  void Reset();

 private:
  Records() = default;

  void Replay(const boost::json::object& line);
  void Add(boost::json::object entry);
  void AddTask(std::shared_ptr<const Task> task);
  void Count(const char* what, const std::string& task_id);
  void Write(const boost::json::object& line);

  std::unique_ptr<Journal> journal_;
  std::vector<boost::json::object> entries_;
  std::map<std::string, std::size_t> entry_of_task_;
  std::map<std::string, std::shared_ptr<const Task>> tasks_;
  std::map<std::string, std::shared_ptr<const Task>> files_;
  std::set<std::pair<std::string, std::string>> request_ids_;
  std::map<std::pair<std::string, std::string>, std::multiset<absl::Time>> unfinished_;
  int leaked_keys_ = 0;
};

}  // namespace easel::sandbox
