#include "tests/unit/generation/process.h"

#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "generation/error.h"
#include "generation/spending.h"
#include "google/rpc/error_details.pb.h"

namespace easel::generation {

namespace asio = boost::asio;
using asio::awaitable;

class Process::Links final : public ImageLinks {
 public:
  Link LinkTo(const Record& record) const override {
    return {"https://easel.test/images/" + record.generation().image().sha256(), absl::FromUnixSeconds(2'000'000'000)};
  }
};

World Process::TheWorld() {
  return {.catalog = catalog_,
          .store = surroundings_.store,
          .images = surroundings_.images,
          .links = *links_,
          .models = surroundings_.accounts,
          .admission = *admission_,
          .history = history_,
          .clock = surroundings_.clock,
          .metrics = metrics_,
          .random = [this] { return random_ = random_ * 6364136223846793005U + 1442695040888963407U; },
          .pacing = surroundings_.pacing,
          .rejects_duplicates = surroundings_.rejects_duplicates,
          .terms = surroundings_.terms,
          .fallback_model = surroundings_.fallback_model,
          .on_end = [this](const Record& record) { ended_.push_back(record.generation().state()); },
          .on_fault = [this](const absl::Status& fault) { faults_.push_back(fault); },
          .max_kept_bytes = surroundings_.max_kept_bytes,
          .replicas = surroundings_.replicas,
          .caller_limits = &caller_limits_};
}

Process::Process(Surroundings& surroundings)
    : surroundings_(surroundings), loop_(std::make_unique<asio::io_context>()), catalog_(surroundings.host),
      links_(std::make_unique<Links>()), caller_limits_(surroundings.clock, metrics_),
      // Another process has other random numbers.
      random_(static_cast<std::uint64_t>(surroundings.store.attempted_writes()) + 17) {
  caller_limits_.Set(surroundings.caller_limits);
  std::vector<std::string> models;
  for (const v1::Model& model : catalog_.models()) models.push_back(model.model());
  admission_ = std::make_unique<Admission>(surroundings.queue_max, surroundings.limits, surroundings.accounts,
                                           std::move(models), surroundings.clock, metrics_,
                                           [] { return std::uint64_t{512}; }, loop_->get_executor(),
                                           [this](Admission::Event event, const ImageModel&) { events_.push_back(event); });
  generations_ = std::make_unique<Generations>(TheWorld(), std::vector<asio::any_io_executor>{loop_->get_executor()});
}

Process::~Process() { loop_.reset(); }

bool Process::RunUntil(const std::function<bool()>& done) { return surroundings_.clock.RunUntil(*loop_, done); }

void Process::RunFor(absl::Duration duration) { surroundings_.clock.RunFor(*loop_, duration); }

void Process::RunToEnd() {
  if (!RunUntil([this] { return generations_->Running() == 0; })) throw std::runtime_error("a lifecycle does not end");
}

template <typename T>
T Process::Await(awaitable<T> operation) {
  std::optional<T> result;
  asio::co_spawn(*loop_, std::move(operation), [&result](std::exception_ptr thrown, T value) {
    if (thrown != nullptr) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  });
  if (!RunUntil([&result] { return result.has_value(); })) throw std::runtime_error("an operation does not end");
  return *std::move(result);
}

namespace {

// Asio wants a result that can be made of nothing.
template <typename T>
awaitable<std::optional<T>> Boxed(awaitable<T> operation) {
  T value = co_await std::move(operation);
  co_return std::optional<T>(std::move(value));
}

// `behind` is given back when the order is answered.
awaitable<std::optional<absl::StatusOr<Watcher>>> StartBehind(Admission::Place behind, Generations& generations, Order order) {
  absl::StatusOr<Watcher> answer = co_await generations.Start(std::move(order));
  behind = {};
  co_return std::optional(std::move(answer));
}

awaitable<void> Collect(awaitable<std::optional<absl::StatusOr<Watcher>>> started,
                        std::vector<absl::StatusOr<Watcher>>& answers) {
  std::optional<absl::StatusOr<Watcher>> answer = co_await std::move(started);
  answers.push_back(*std::move(answer));
}

awaitable<void> OpenInto(Generations& generations, Snapshot snapshot, std::unique_ptr<ImageReader>& reader) {
  auto opened = co_await generations.OpenImage(std::move(snapshot));
  if (opened.ok()) reader = *std::move(opened);
}

awaitable<std::optional<std::string>> ReadAll(Generations& generations, Snapshot snapshot, absl::Status& status) {
  auto reader = co_await generations.OpenImage(std::move(snapshot));
  status = reader.status();
  if (!reader.ok()) co_return std::nullopt;
  auto bytes = co_await (*reader)->Read(0, 1'000'000);
  co_return std::string(*bytes);
}

}  // namespace

Admission::Place Process::Behind() { return surroundings_.queue_first ? admission_->Expect() : Admission::Place(); }

absl::StatusOr<Watcher> Process::Start(Order order) {
  return *Await(StartBehind(Behind(), *generations_, std::move(order)));
}

void Process::StartLater(Order order, std::vector<absl::StatusOr<Watcher>>& answers) {
  asio::co_spawn(*loop_, Collect(StartBehind(Behind(), *generations_, std::move(order)), answers), asio::detached);
}

absl::StatusOr<Watcher> Process::Watch(const std::string& caller, const std::string& name) {
  return *Await(Boxed(generations_->Watch(caller, name)));
}

absl::StatusOr<Snapshot> Process::Get(const std::string& caller, const std::string& name) {
  return *Await(Boxed(generations_->Get(caller, name)));
}

absl::StatusOr<Snapshot> Process::Cancel(const std::string& name, v1::CancelPolicy policy) {
  return *Await(Boxed(generations_->Cancel("default", name, policy)));
}

void Process::CancelLater(const std::string& name, v1::CancelPolicy policy) {
  asio::co_spawn(*loop_, Boxed(generations_->Cancel("default", name, policy)), asio::detached);
}

absl::Status Process::Delete(const std::string& caller, const std::string& name) {
  return Await(generations_->Delete(caller, name));
}

absl::StatusOr<std::string> Process::Bytes(Snapshot snapshot) {
  absl::Status status;
  auto bytes = Await(ReadAll(*generations_, std::move(snapshot), status));
  if (!status.ok()) return status;
  return *bytes;
}

void Process::OpenLater(Snapshot snapshot, std::unique_ptr<ImageReader>& reader) {
  asio::co_spawn(*loop_, OpenInto(*generations_, std::move(snapshot), reader), asio::detached);
}

absl::Status Process::RememberSpending() {
  return Await(generation::RememberSpending(surroundings_.store, caller_limits_));
}

absl::Status Process::Recover() { return Await(generations_->Recover()); }

Snapshot Process::Next(Watcher& watcher, std::int64_t revision, absl::Duration patience) {
  return Await(watcher.Next(revision, patience));
}

v1::Generation Process::Recorded(const std::string& name) const {
  const auto kept = surroundings_.store.Kept(name);
  return kept ? kept->generation() : v1::Generation();
}

bool Process::RunUntilState(const std::string& name, v1::GenerationState state) {
  return RunUntil([&] { return StateOf(name) == state; });
}

Order Kitten(const std::string& request_id) {
  Order order;
  order.caller = "default";
  order.spec.set_prompt("a kitten on a windowsill");
  order.request_id = request_id;
  return order;
}

UpstreamError Failure(v1::ErrorReason reason, Taken taken, const std::string& code, int http_status) {
  UpstreamError error;
  error.reason = reason;
  error.taken = taken;
  error.code = code;
  error.http_status = http_status;
  error.message = "The upstream said " + code + ".";
  return error;
}

std::string MetadataOf(const google::rpc::Status& status, const std::string& key) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (detail.UnpackTo(&info) && info.metadata().contains(key)) return info.metadata().at(key);
  }
  return "";
}

double RetryAfterOf(const google::rpc::Status& status) {
  google::rpc::RetryInfo retry;
  for (const auto& detail : status.details()) {
    if (!detail.UnpackTo(&retry)) continue;
    return static_cast<double>(retry.retry_delay().seconds()) + retry.retry_delay().nanos() * 1e-9;
  }
  return -1;
}

std::string ReasonOf(const absl::Status& status) { return ReasonOf(ToRpcStatus(status)); }

}  // namespace easel::generation
