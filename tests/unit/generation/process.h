#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "generation/generations.h"
#include "tests/fakes/fake_generation_store.h"
#include "tests/fakes/fake_image_store.h"
#include "tests/fakes/scripted_image_model.h"
#include "tests/fakes/simulated_clock.h"

namespace easel::generation {

// What outlives a process: the stores, the upstream, the time, and how the service is configured.
struct Surroundings {
  fakes::FakeGenerationStore store;
  fakes::FakeImageStore images;
  fakes::ScriptedImageModel upstream;
  std::vector<ImageModel*> accounts = {&upstream};
  fakes::SimulatedClock clock{absl::FromUnixSeconds(1'700'000'000)};
  Pacing pacing;
  std::int64_t max_kept_bytes = 0;
  Governor::Limits limits{.start = 2, .max = 32};
  int queue_max = 1000;
  bool queue_first = false;  // a new generation has to wait until it is recorded, as QUEUED, and not longer
  bool rejects_duplicates = false;
  std::map<std::string, UpstreamTerms, std::less<>> terms = {};
  std::string fallback_model = "cogview-4-250304";
  Host host = Host::kZai;
  CallerLimits::Limits caller_limits = {};
  Replicas* replicas = nullptr;
};

// The domain as one process of the service runs it, on one thread and in simulated time. Destroying it is a crash: the loop
// goes with all its coroutines, wherever they are.
class Process {
 public:
  explicit Process(Surroundings& surroundings);
  ~Process();

  Generations& generations() { return *generations_; }
  Admission& admission() { return *admission_; }
  CallerLimits& caller_limits() { return caller_limits_; }
  History& history() { return history_; }

  // Runs until the condition holds; false: it cannot come to hold.
  bool RunUntil(const std::function<bool()>& done);
  void RunFor(absl::Duration duration);
  // Until no lifecycle runs any more.
  void RunToEnd();
  // Runs what is ready now.
  void Settle() { RunFor(absl::ZeroDuration()); }

  absl::StatusOr<Watcher> Start(Order order);
  // Starts without waiting for the answer, which `answers` gets.
  void StartLater(Order order, std::vector<absl::StatusOr<Watcher>>& answers);
  absl::StatusOr<Watcher> Watch(const std::string& caller, const std::string& name);
  absl::StatusOr<Snapshot> Get(const std::string& caller, const std::string& name);
  absl::StatusOr<Snapshot> Cancel(const std::string& name, v1::CancelPolicy policy);
  // Asks for it and does not wait.
  void CancelLater(const std::string& name, v1::CancelPolicy policy);
  absl::Status Delete(const std::string& caller, const std::string& name);
  absl::StatusOr<std::string> Bytes(Snapshot snapshot);
  // Opens the bytes without waiting for the reader.
  void OpenLater(Snapshot snapshot, std::unique_ptr<ImageReader>& reader);
  absl::Status Recover();
  absl::Status RememberSpending();
  Snapshot Next(Watcher& watcher, std::int64_t revision, absl::Duration patience);

  // What is recorded of it now.
  v1::Generation Recorded(const std::string& name) const;
  v1::GenerationState StateOf(const std::string& name) const { return Recorded(name).state(); }
  bool RunUntilState(const std::string& name, v1::GenerationState state);

  // What the operator was told.
  const std::vector<absl::Status>& faults() const { return faults_; }
  const std::vector<v1::GenerationState>& ended() const { return ended_; }
  const std::vector<Admission::Event>& events() const { return events_; }

 private:
  class Links;
  template <typename T>
  T Await(boost::asio::awaitable<T> operation);
  World TheWorld();
  // Somebody who is expected in front of what starts, where the surroundings say so.
  Admission::Place Behind();

  Surroundings& surroundings_;
  std::unique_ptr<boost::asio::io_context> loop_;
  const Catalog catalog_;
  Metrics metrics_;
  std::unique_ptr<ImageLinks> links_;
  CallerLimits caller_limits_;
  History history_;
  std::uint64_t random_;
  std::unique_ptr<Admission> admission_;
  std::vector<absl::Status> faults_;
  std::vector<v1::GenerationState> ended_;
  std::vector<Admission::Event> events_;
  std::unique_ptr<Generations> generations_;
};

// A valid order of a kitten.
Order Kitten(const std::string& request_id = "kitten-1");

// A failure as the upstream's adapter classifies it.
UpstreamError Failure(v1::ErrorReason reason, Taken taken, const std::string& code, int http_status = 0);

// ErrorInfo.metadata of a status, and the seconds of its RetryInfo (-1: it has none).
std::string MetadataOf(const google::rpc::Status& status, const std::string& key);
double RetryAfterOf(const google::rpc::Status& status);
// ErrorInfo.reason.
std::string ReasonOf(const absl::Status& status);

}  // namespace easel::generation
