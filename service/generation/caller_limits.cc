#include "generation/caller_limits.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/time.h"

namespace easel::generation {
namespace {

constexpr std::string_view kInFlight = "in_flight";
constexpr std::string_view kStarts = "starts";
constexpr std::string_view kDailyBudget = "daily_budget";

// How long a generation takes at least: sooner none of those in flight is likely to end.
constexpr absl::Duration kSomeTime = absl::Seconds(5);

// A start that has come back piece by piece.
constexpr double kWhole = 1 - 1e-9;

std::string_view ModeOf(const CallerLimit& limit) { return limit.shadow ? "shadow" : "enforced"; }

std::int64_t DayOf(absl::Time time) { return absl::ToUnixSeconds(time) / (24 * 60 * 60); }

absl::Time StartOf(std::int64_t day) { return absl::FromUnixSeconds(day * 24 * 60 * 60); }

double BurstOf(const CallerLimit& limit) { return limit.burst > 0 ? limit.burst : limit.starts_per_minute; }

std::int64_t At(const std::map<std::string, std::int64_t>& sums, const std::string& currency) {
  const auto found = sums.find(currency);
  return found == sums.end() ? 0 : found->second;
}

// Whether there was one to take: in shadow mode there need not be.
bool TakeStart(const CallerLimit& limit, StartBucket& starts) {
  if (limit.starts_per_minute <= 0 || starts.left < kWhole) return false;
  starts.left = std::max(0.0, starts.left - 1);
  return true;
}

}  // namespace

// The first limit that a new generation would break.
struct CallerLimits::Excess {
  std::string_view limit;
  std::string words;
  std::optional<absl::Duration> retry_after = std::nullopt;
};

CallerLimits::Pass::Pass(Pass&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), caller_(std::move(other.caller_)), price_(std::move(other.price_)),
      took_start_(other.took_start_), counted_(other.counted_), begun_(other.begun_) {}

CallerLimits::Pass& CallerLimits::Pass::operator=(Pass&& other) noexcept {
  std::swap(limits_, other.limits_);
  std::swap(caller_, other.caller_);
  std::swap(price_, other.price_);
  std::swap(took_start_, other.took_start_);
  std::swap(counted_, other.counted_);
  std::swap(begun_, other.begun_);
  return *this;
}

CallerLimits::Pass::~Pass() {
  if (limits_ != nullptr) limits_->GiveBack(*this, nullptr);
}

void CallerLimits::Pass::End(const v1::Generation& generation) {
  if (auto* const limits = std::exchange(limits_, nullptr)) limits->GiveBack(*this, &generation);
}

void CallerLimits::Set(Limits limits) {
  for (const auto& [caller, limit] : limits) {
    if (limit.max_in_flight > 0) metrics_.CallerLimitExceeded(caller, kInFlight, ModeOf(limit), 0);
    if (limit.starts_per_minute > 0) metrics_.CallerLimitExceeded(caller, kStarts, ModeOf(limit), 0);
    if (!limit.daily_budgets.empty()) metrics_.CallerLimitExceeded(caller, kDailyBudget, ModeOf(limit), 0);
  }
  const std::lock_guard lock(mutex_);
  limits_ = std::move(limits);
}

absl::StatusOr<CallerLimits::Pass> CallerLimits::Admit(const std::string& caller, const v1::Charge& price) {
  const std::lock_guard lock(mutex_);
  Account& account = AccountOf(caller);
  const auto found = limits_.find(caller);
  if (found == limits_.end()) return Take(caller, account, price, false);
  const CallerLimit& limit = found->second;
  Fill(limit, account.starts);
  const CallerUsage usage{.in_flight = account.in_flight,
                          .money_micros = At(account.spent, price.currency()) + At(account.set_aside, price.currency()),
                          .starts = account.starts};
  Excess excess;
  const bool exceeds = Find(limit, usage, price, excess);
  if (exceeds) {
    metrics_.CallerLimitExceeded(caller, excess.limit, ModeOf(limit), 1);
    if (!limit.shadow) return Refusal(caller, excess);
  }
  Pass pass = Take(caller, account, price, TakeStart(limit, account.starts));
  pass.counted_ = exceeds;
  return pass;
}

absl::Status CallerLimits::AdmitTogether(Pass& pass, CallerUsage& usage) {
  const std::lock_guard lock(mutex_);
  const auto found = limits_.find(pass.caller_);
  if (found == limits_.end()) return absl::OkStatus();
  const CallerLimit& limit = found->second;
  Fill(limit, usage.starts);
  Excess excess;
  if (Find(limit, usage, pass.price_, excess)) {
    if (!std::exchange(pass.counted_, true)) metrics_.CallerLimitExceeded(pass.caller_, excess.limit, ModeOf(limit), 1);
    if (!limit.shadow) return Refusal(pass.caller_, excess);
  }
  TakeStart(limit, usage.starts);
  return absl::OkStatus();
}

bool CallerLimits::Limited(std::string_view caller) const {
  const std::lock_guard lock(mutex_);
  return limits_.contains(caller);
}

CallerLimits::Pass CallerLimits::Resume(const std::string& caller, const v1::Charge& price) {
  const std::lock_guard lock(mutex_);
  Pass pass = Take(caller, AccountOf(caller), price, false);
  pass.Begin();
  return pass;
}

void CallerLimits::Remember(std::string_view caller, const v1::Generation& generation) {
  const std::lock_guard lock(mutex_);
  Account& account = AccountOf(caller);
  const absl::Time end = FromProto(generation.end_time());
  if (DayOf(end) == account.day && end <= account.remembered) Spend(account, generation);
}

std::vector<std::string> CallerLimits::ToRemember() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> callers;
  for (const auto& [caller, limit] : limits_) {
    Account& account = AccountOf(caller);
    if (limit.daily_budgets.empty() || account.remembered != absl::InfinitePast()) continue;
    account.spent.clear();
    account.remembered = clock_.Now();
    callers.push_back(caller);
  }
  return callers;
}

absl::Time CallerLimits::Today() const { return StartOf(DayOf(clock_.Now())); }

CallerLimits::Account& CallerLimits::AccountOf(std::string_view caller) {
  auto found = accounts_.find(caller);
  if (found == accounts_.end()) found = accounts_.emplace(std::string(caller), Account()).first;
  Account& account = found->second;
  if (const std::int64_t today = DayOf(clock_.Now()); account.day != today) {
    account.day = today;
    account.spent.clear();
  }
  return account;
}

void CallerLimits::Fill(const CallerLimit& limit, StartBucket& starts) const {
  const absl::Time now = clock_.Now();
  const double burst = BurstOf(limit);
  if (starts.left < 0) starts.left = burst;
  const double minutes = starts.filled == absl::InfinitePast() ? 0 : absl::ToDoubleMinutes(now - starts.filled);
  starts.left = std::clamp(starts.left + std::max(0.0, minutes) * limit.starts_per_minute, 0.0, burst);
  starts.filled = now;
}

bool CallerLimits::Find(const CallerLimit& limit, const CallerUsage& usage, const v1::Charge& price, Excess& excess) const {
  const auto budget = limit.daily_budgets.find(price.currency());
  if (budget != limit.daily_budgets.end() && usage.money_micros + price.cost_micros() > budget->second) {
    excess = {kDailyBudget, absl::StrCat("has spent, or set aside for what is in flight, ", usage.money_micros, " of the ",
                                         budget->second, " millionths of ", price.currency(),
                                         " that it may spend today (UTC)")};
    return true;
  }
  if (limit.max_in_flight > 0 && usage.in_flight >= limit.max_in_flight) {
    excess = {kInFlight, absl::StrCat("has ", usage.in_flight, " generations in flight, and may have ", limit.max_in_flight),
              kSomeTime};
    return true;
  }
  if (limit.starts_per_minute > 0 && usage.starts.left < kWhole) {
    excess = {kStarts, absl::StrCat("may start ", limit.starts_per_minute, " generations a minute"),
              std::max(absl::Minutes(1 - usage.starts.left) / limit.starts_per_minute, absl::Milliseconds(100))};
    return true;
  }
  return false;
}

absl::Status CallerLimits::Refusal(const std::string& caller, const Excess& excess) const {
  const bool money = excess.limit == kDailyBudget;
  Error error{.reason = money ? v1::ERROR_REASON_CALLER_BUDGET : v1::ERROR_REASON_CALLER_LIMIT,
              .message = absl::StrCat("The caller ", caller, " ", excess.words, ". Nothing was recorded or spent: ",
                                      money ? "wait for the next day, or ask the operator for more."
                                            : "try again later."),
              .metadata = {{"limit", std::string(excess.limit)}},
              .retry_after = excess.retry_after};
  if (money) {
    error.metadata["reset_time"] =
        absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", StartOf(DayOf(clock_.Now()) + 1), absl::UTCTimeZone());
  }
  return ToStatus(error);
}

void CallerLimits::Spend(Account& account, const v1::Generation& generation) {
  for (const v1::Attempt& attempt : generation.attempts()) {
    const v1::Charge& charge = attempt.charge();
    if (charge.state() == v1::CHARGE_STATE_NONE || charge.cost_micros() == 0) continue;
    account.spent[charge.currency()] += charge.cost_micros();
  }
}

CallerLimits::Pass CallerLimits::Take(const std::string& caller, Account& account, const v1::Charge& price,
                                      bool took_start) {
  ++account.in_flight;
  account.set_aside[price.currency()] += price.cost_micros();
  return Pass(this, caller, price, took_start);
}

void CallerLimits::GiveBack(const Pass& pass, const v1::Generation* ended) {
  const std::lock_guard lock(mutex_);
  Account& account = AccountOf(pass.caller_);
  --account.in_flight;
  account.set_aside[pass.price_.currency()] -= pass.price_.cost_micros();
  if (pass.took_start_ && !pass.begun_) account.starts.left += 1;
  if (ended != nullptr) Spend(account, *ended);
  // Where callers need no credentials there is no end of names.
  if (account.in_flight == 0 && account.spent.empty() && !limits_.contains(pass.caller_)) accounts_.erase(pass.caller_);
}

}  // namespace easel::generation
