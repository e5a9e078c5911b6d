#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "absl/time/time.h"
#include "sandbox/fault.h"
#include "sandbox/submission.h"

namespace easel::sandbox {

// An accepted generation. It never changes: whether it has ended is a question of time.
struct Task {
  std::string id;
  std::string request_id;  // the submission's, or one made here
  Submission submission;
  Outcome outcome;
  absl::Time created;
  absl::Time ready;
  std::string file;   // name on the image host
  std::string query;  // of the image's URL, byte for byte
};

// What the journal keeps of a task, and back. Faults are read from the prompt again.
boost::json::object ToJson(const Task& task);
// Throws what Boost.JSON throws on what ToJson did not write.
Task TaskFromJson(const boost::json::object& object);

// The price in millionths of a dollar.
int PriceMicros(const std::string& model);

// About 20 s for hd and 7 s for standard, up to 15 % more or less by the prompt.
absl::Duration RenderTime(const Submission& submission, double latency_scale);

}  // namespace easel::sandbox
