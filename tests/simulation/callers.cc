#include "tests/simulation/callers.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::simulation {

Callers::Callers(const Scenario& scenario, Schedule& schedule, Dice dice, std::function<void(std::unique_ptr<Call>)> place)
    : scenario_(scenario), schedule_(schedule), dice_(dice), place_(std::move(place)) {
  for (int i = 0; i < scenario.requests; ++i) requests_.push_back(NewRequest(i));
}

Callers::Request Callers::NewRequest(int number) {
  Request request;
  request.caller = absl::StrCat("caller-", dice_.Below(scenario_.callers));
  if (!dice_.Chance(0.1)) request.id = absl::StrCat("request-", number);
  request.spec.set_prompt(absl::StrCat("picture ", number));
  request.spec.set_quality(dice_.Chance(0.6) ? v1::QUALITY_HD : v1::QUALITY_STANDARD);
  request.allow_resubmission = dice_.Chance(0.2);
  return request;
}

void Callers::Plan() {
  for (int i = 0; i < scenario_.requests; ++i) {
    const absl::Time first = schedule_.Now() + dice_.Between(absl::ZeroDuration(), absl::Seconds(20));
    schedule_.At(first, [this, i] { place_(NewOrder(i)); });
    for (int more = dice_.Below(5); more > 0; --more) {
      constexpr absl::Duration kSpans[] = {absl::Milliseconds(5), absl::Seconds(1), absl::Seconds(40), absl::Minutes(4)};
      const absl::Time time = first + dice_.Between(absl::ZeroDuration(), dice_.Of(kSpans));
      schedule_.At(time, [this, i] {
        if (auto call = Something(i)) place_(std::move(call));
      });
    }
  }
}

std::unique_ptr<Call> Callers::NewCall(Call::Kind kind, int request) {
  auto call = std::make_unique<Call>();
  call->kind = kind;
  call->number = ++calls_;
  call->request = request;
  call->order.caller = requests_[static_cast<std::size_t>(request)].caller;
  call->order.request_id = requests_[static_cast<std::size_t>(request)].id;
  call->name = requests_[static_cast<std::size_t>(request)].name;
  call->policy = dice_.Chance(0.5) ? v1::CANCEL_POLICY_ABORT : v1::CANCEL_POLICY_FINISH_AND_KEEP;
  return call;
}

std::unique_ptr<Call> Callers::NewOrder(int request) {
  const Request& wanted = requests_[static_cast<std::size_t>(request)];
  auto call = NewCall(dice_.Chance(0.5) ? Call::Kind::kGenerate : Call::Kind::kStart, request);
  generation::Order& order = call->order;
  order.spec = wanted.spec;
  // What has no id of its own is another picture each time.
  if (wanted.id.empty()) order.spec.set_prompt(absl::StrCat(wanted.spec.prompt(), " of call ", call->number));
  order.cancel_policy = call->policy;
  order.allow_resubmission = wanted.allow_resubmission;
  order.allow_fallback = dice_.Chance(0.3);
  if (call->kind == Call::Kind::kGenerate && dice_.Chance(0.4)) {
    constexpr absl::Duration kDeadlines[] = {absl::Seconds(1), absl::Seconds(30), absl::Minutes(3)};
    order.deadline = schedule_.Now() + dice_.Between(absl::Milliseconds(1), dice_.Of(kDeadlines));
  }
  return call;
}

// A duplicate, or something else that callers do with a request.
std::unique_ptr<Call> Callers::Something(int request) {
  constexpr Call::Kind kKinds[] = {Call::Kind::kStart,  Call::Kind::kStart,  Call::Kind::kStart, Call::Kind::kWatch,
                                   Call::Kind::kWatch,  Call::Kind::kGet,    Call::Kind::kList,  Call::Kind::kCancel,
                                   Call::Kind::kCancel, Call::Kind::kDelete, Call::Kind::kRead};
  const Call::Kind kind = dice_.Of(kKinds);
  if (kind == Call::Kind::kStart) {
    auto call = NewOrder(request);
    if (dice_.Chance(0.15)) call->order.spec.set_prompt(absl::StrCat("another ", call->order.spec.prompt()));
    return call;
  }
  if (requests_[static_cast<std::size_t>(request)].name.empty() && kind != Call::Kind::kList) return nullptr;
  return NewCall(kind, request);
}

// A caller whose connection broke, or who was told to, comes again with the same request_id.
void Callers::Heard(const Call& call, bool come_again) {
  if (!call.name.empty()) requests_[static_cast<std::size_t>(call.request)].name = call.name;
  const bool orders = call.kind == Call::Kind::kGenerate || call.kind == Call::Kind::kStart;
  if (!orders || !come_again || call.repeats >= 3 || call.order.request_id.empty() || !dice_.Chance(0.6)) return;
  schedule_.After(dice_.Between(absl::Milliseconds(100), absl::Seconds(30)),
                  [this, kind = call.kind, order = call.order, request = call.request, repeats = call.repeats + 1] {
                    Repeat(kind, order, request, repeats);
                  });
}

void Callers::Repeat(Call::Kind kind, const generation::Order& order, int request, int repeats) {
  auto call = NewCall(kind, request);
  call->order = order;
  if (order.deadline) call->order.deadline = schedule_.Now() + dice_.Between(absl::Seconds(1), absl::Minutes(3));
  call->name.clear();
  call->repeats = repeats;
  place_(std::move(call));
}

}  // namespace easel::simulation
