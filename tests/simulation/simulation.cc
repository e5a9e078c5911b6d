#include "tests/simulation/simulation.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::simulation {

namespace {

constexpr int kMostSteps = 200'000;
constexpr absl::Duration kLongestStop = absl::Minutes(1);
constexpr absl::Duration kLongestRest = absl::Hours(3);

const generation::Catalog& TheCatalog() {
  static const generation::Catalog catalog(generation::Host::kZai);
  return catalog;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, bool trace)
    : dice_(seed), scenario_(Draw(dice_)), schedule_(absl::FromUnixSeconds(1'700'000'000)), trace_(schedule_, trace),
      promises_(scenario_, trace_), store_(schedule_, weather_, Dice(dice_.Bits()), promises_),
      images_(schedule_, weather_, Dice(dice_.Bits()), promises_),
      callers_(scenario_, schedule_, Dice(dice_.Bits()), [this](std::unique_ptr<Call> call) { Place(std::move(call)); }) {
  for (int i = 1; i <= scenario_.accounts; ++i) {
    const bool other = i == 2 && scenario_.other_upstream;
    accounts_.push_back(std::make_unique<SimulatedUpstream>(
        other ? kOtherUpstream : "https://upstream.test/api/paas/v4", absl::StrCat("0a1b2c3", i),
        other ? scenario_.other_rejects_duplicates : scenario_.rejects_duplicates, scenario_, schedule_, weather_,
        Dice(dice_.Bits()), TheCatalog(), promises_));
  }
}

Simulation::~Simulation() = default;

std::optional<std::string> Simulation::Run() {
  Begin();
  while (!promises_.broken()) {
    if (process_ != nullptr && StepProcess()) continue;
    if (Rests() && FinishAtRest()) break;
    if (schedule_.empty()) {
      promises_.Break("everything waits, and nothing will come");
    } else {
      schedule_.Next();
    }
  }
  return promises_.broken();
}

void Simulation::Begin() {
  ChangeWeather();
  callers_.Plan();
  schedule_.After(scenario_.troubled, [this] { Heal(); });
  StartProcess();
}

void Simulation::ChangeWeather() {
  if (healed_) return;
  weather_ = DrawWeather(scenario_, dice_);
  trace_.Say("weather: writes ", weather_.store_writes, ", reads ", weather_.store_reads, ", images ", weather_.images,
             ", submit ", weather_.submit, ", poll ", weather_.poll, ", fetch ", weather_.fetch,
             weather_.dead_key ? ", the key is dead" : "", weather_.no_quota ? ", no quota" : "");
  schedule_.After(dice_.Between(absl::Seconds(5), absl::Minutes(1)), [this] { ChangeWeather(); });
}

// From here on nothing goes wrong any more, and everything must come to its end.
void Simulation::Heal() {
  trace_.Say("the world heals");
  healed_ = true;
  weather_ = {};
  end_ = {};
  schedule_.After(kLongestRest, [this] { promises_.Break("in a healthy world it does not come to rest"); });
}

void Simulation::DrawEnd() {
  end_ = {};
  if (healed_ || deaths_ >= scenario_.deaths) return;
  constexpr int kSteps[] = {20, 100, 300};
  constexpr absl::Duration kSpans[] = {absl::Seconds(2), absl::Seconds(40), absl::Minutes(3)};
  const absl::Time time = schedule_.Now() + dice_.Between(absl::ZeroDuration(), dice_.Of(kSpans));
  const int kind = dice_.Below(10);
  if (kind < 6) {
    end_.crash_at_step = dice_.Below(dice_.Of(kSteps));
  } else if (kind < 8) {
    end_.crash_at = time;
  } else {
    end_.stop_at = time;
  }
}

void Simulation::StartProcess() {
  ++life_;
  life_steps_ = 0;
  suspended_ = false;
  trace_.Say("process ", life_, " starts");
  DrawEnd();
  if (end_.crash_at) {
    schedule_.At(*end_.crash_at, [this, life = life_] {
      if (process_ != nullptr && life_ == life && !healed_) EndProcess("crashes");
    });
  } else if (end_.stop_at) {
    schedule_.At(*end_.stop_at, [this, life = life_] {
      if (process_ != nullptr && life_ == life) Stop();
    });
  }
  promises_.Recovering();
  Ports ports{.catalog = TheCatalog(), .store = store_, .images = images_, .models = {}, .clock = schedule_};
  for (const auto& account : accounts_) ports.models.push_back(account.get());
  process_ = std::make_unique<Process>(ports, scenario_, promises_, Dice(dice_.Bits()));
}

// Whatever the process was doing is gone, and another one is started after a while.
void Simulation::EndProcess(const char* how) {
  trace_.Say("process ", life_, " ", how, " after ", life_steps_, " steps");
  ++deaths_;
  std::vector<std::unique_ptr<Call>> calls = process_->TakeAll();
  process_.reset();
  for (const auto& call : calls) callers_.Broken(*call);
  schedule_.After(dice_.Between(absl::Milliseconds(10), absl::Seconds(20)), [this] { StartProcess(); });
}

void Simulation::Stop() {
  trace_.Say("process ", life_, " is told to stop");
  process_->generations().StopTaking();
  schedule_.After(dice_.Between(absl::ZeroDuration(), absl::Seconds(dice_.Chance(0.5) ? 1 : 30)), [this, life = life_] {
    if (process_ != nullptr && life_ == life) Suspend();
  });
}

void Simulation::Suspend() {
  trace_.Say("process ", life_, " suspends its work");
  suspended_ = true;
  process_->generations().Suspend();
  process_->InterruptAll();
  schedule_.After(kLongestStop, [this, life = life_] {
    if (process_ != nullptr && life_ == life) promises_.Break("a shutdown does not end");
  });
}

void Simulation::Place(std::unique_ptr<Call> call) {
  const bool serves = process_ != nullptr && process_->recovered() && !suspended_;
  trace_.Say(NameOf(call->kind), " #", call->number, " of ", call->order.caller, " for ",
             call->name.empty() ? absl::StrCat("request \"", call->order.request_id, "\"") : call->name,
             call->policy == v1::CANCEL_POLICY_ABORT ? " (ABORT)" : "", serves ? "" : ": nobody listens");
  if (!serves) {
    callers_.Broken(*call);
    return;
  }
  const bool leaves = dice_.Chance(0.3);
  const absl::Time leaves_at = schedule_.Now() + dice_.Between(absl::ZeroDuration(), absl::Seconds(leaves ? 20 : 0));
  const absl::Time deadline = call->order.deadline.value_or(absl::InfiniteFuture());
  if (leaves || deadline != absl::InfiniteFuture()) {
    schedule_.At(leaves ? std::min(leaves_at, deadline) : deadline, [this, life = life_, number = call->number] {
      if (process_ != nullptr && life_ == life) process_->Interrupt(number);
    });
  }
  process_->Serve(std::move(call));
}

// Answers go to those who asked.
void Simulation::HandBack() {
  for (const auto& call : process_->TakeDone()) {
    trace_.Say("#", call->number, call->interrupted ? " was interrupted" : " is answered");
    callers_.Answered(*call);
  }
}

bool Simulation::StepProcess() {
  if (end_.crash_at_step && life_steps_ >= *end_.crash_at_step) {
    EndProcess("crashes");
    return true;
  }
  if (process_->Step()) {
    ++life_steps_;
    if (++steps_ > kMostSteps) promises_.Break("it goes round in circles");
    HandBack();
    return true;
  }
  const bool stopped = suspended_ && process_->generations().Running() == 0 && !process_->has_calls();
  if (!stopped && !process_->failed()) return false;
  EndProcess(stopped ? "has stopped" : "cannot recover");
  return true;
}

bool Simulation::Rests() const {
  return healed_ && process_ != nullptr && process_->recovered() && !suspended_ &&
         process_->generations().Running() == 0 && !process_->has_calls();
}

// One more start must find nothing but what nobody was told of, and bring that to its end too.
bool Simulation::FinishAtRest() {
  trace_.Say("everything rests");
  process_->CheckAtRest();
  promises_.AtRest(last_life_);
  if (last_life_) return true;
  last_life_ = true;
  EndProcess("has nothing left to do");
  return false;
}

}  // namespace easel::simulation
