#include "tests/simulation/process.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace easel::simulation {

namespace asio = boost::asio;
using generation::World;

namespace {

// Whatever ends a coroutine of the simulation's own by an exception is a broken promise.
void Report(std::exception_ptr thrown, Promises& promises) {
  if (thrown == nullptr) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    promises.Break("a call ended with an exception: ", error.what());
  }
}

}  // namespace

class Process::Links final : public generation::ImageLinks {
 public:
  Link LinkTo(const generation::Record& record) const override {
    return {"https://easel.test/images/" + record.generation().image().sha256(), absl::FromUnixSeconds(2'000'000'000)};
  }
};

// Listens to what the governors allow.
class Process::Limits final : public generation::Metrics {
 public:
  void ConcurrencyLimit(std::string_view, std::string_view key, std::string_view model, int limit) override {
    limits_[std::string(model)][std::string(key)] = limit;
  }
  int Room(const std::string& model) const {
    int room = 0;
    for (const auto& [key, limit] : limits_.at(model)) room += limit;
    return room;
  }

 private:
  std::map<std::string, std::map<std::string, int>> limits_;
};

Process::Process(const Ports& ports, const Scenario& scenario, Promises& promises, Dice dice)
    : scenario_(scenario), promises_(promises), dice_(dice),
      store_(std::shared_ptr<generation::GenerationStore>(std::shared_ptr<void>(), &ports.store), 8), loop_(std::make_unique<asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE)),
      limits_(std::make_unique<Limits>()), links_(std::make_unique<Links>()) {
  std::vector<std::string> models;
  for (const v1::Model& model : ports.catalog.models()) models.push_back(model.model());
  admission_ = std::make_unique<generation::Admission>(scenario.queue_max, scenario.limits, ports.models, std::move(models),
                                                       ports.clock, *limits_, [this] { return dice_.Bits(); },
                                                       loop_->get_executor());
  generations_ = std::make_unique<generation::Generations>(TheWorld(ports, scenario),
                                                           std::vector<asio::any_io_executor>{loop_->get_executor()});
  asio::co_spawn(*loop_, Recover(), [this](std::exception_ptr thrown) { Report(thrown, promises_); });
}

// Calls go after the loop: its coroutines use them to the last.
Process::~Process() { loop_.reset(); }

World Process::TheWorld(const Ports& ports, const Scenario& scenario) {
  return {.catalog = ports.catalog,
          .store = store_,
          .images = ports.images,
          .links = *links_,
          .models = ports.models,
          .admission = *admission_,
          .history = history_,
          .clock = ports.clock,
          .metrics = *limits_,
          .random = [this] { return dice_.Bits(); },
          .pacing = scenario.pacing,
          .rejects_duplicates = scenario.rejects_duplicates,
          .terms = {{kOtherUpstream, {.catalog = ports.catalog, .rejects_duplicates = scenario.other_rejects_duplicates}}},
          .fallback_model = scenario.fallback_model ? "cogview-4-250304" : "",
          .on_end = [](const generation::Record&) {},
          .on_fault = [](const absl::Status&) {},
          .max_kept_bytes = scenario.max_kept_bytes};
}

bool Process::Step() {
  loop_->restart();
  return loop_->poll_one() > 0;
}

asio::awaitable<void> Process::Recover() {
  const absl::Status recovered = co_await generations_->Recover();
  recovered_ = recovered.ok();
  failed_ = !recovered.ok();
  if (recovered_ && scenario_.retention) generations_->StartRetention();
}

void Process::Serve(std::unique_ptr<Call> call) {
  Call& served = *call;
  calls_.push_back(std::move(call));
  // The call is done here and not before: its signal outlives the coroutine.
  auto done = [this, &served](std::exception_ptr thrown) {
    served.done = true;
    Report(thrown, promises_);
  };
  asio::co_spawn(*loop_, simulation::Serve(served, *generations_, promises_),
                 asio::bind_cancellation_slot(served.interruption.slot(), std::move(done)));
}

void Process::Interrupt(int number) {
  for (const auto& call : calls_) {
    if (call->number != number || call->interrupted) continue;
    call->interrupted = true;
    call->interruption.emit(asio::cancellation_type::terminal);
  }
}

void Process::InterruptAll() {
  for (const auto& call : calls_) {
    if (call->interrupted) continue;
    call->shutdown = call->interrupted = true;
    call->interruption.emit(asio::cancellation_type::terminal);
  }
}

std::vector<std::unique_ptr<Call>> Process::TakeDone() {
  std::vector<std::unique_ptr<Call>> done;
  for (auto& call : calls_) {
    if (call->done) done.push_back(std::move(call));
  }
  std::erase(calls_, nullptr);
  return done;
}

void Process::CheckAtRest() {
  if (scenario_.other_upstream) return;  // there the queue's room depends on which upstream takes anything
  for (const char* model : {"glm-image", "cogview-4-250304"}) {
    std::vector<generation::Admission::Place> places;
    while (true) {
      auto place = admission_->Promise(model);
      if (!place.ok()) break;
      places.push_back(*std::move(place));
    }
    const int room = scenario_.queue_max + limits_->Room(model);
    const int free = static_cast<int>(places.size());
    if (free != room) promises_.Break("at rest, ", room - free, " places or turns for ", model, " were not given back");
  }
}

}  // namespace easel::simulation
