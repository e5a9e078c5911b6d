#include "tests/bench/load.h"

#include <sys/resource.h>

#include <algorithm>

namespace easel::bench {
namespace {

using Seconds = std::chrono::duration<double>;

Clock::duration Span(double seconds) { return std::chrono::duration_cast<Clock::duration>(Seconds(seconds)); }

double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

Load::Load(const Plan& plan, Caller& caller) : plan_(plan), caller_(caller), slots_(static_cast<std::size_t>(plan.in_flight)) {
  for (std::size_t slot = slots_.size(); slot > 0; --slot) idle_.push_back(slot - 1);
}

Tally Load::Run() {
  start_ = now_ = Clock::now();
  std::optional<Clock::time_point> drain_until;
  while (true) {
    Observe(now_);
    StartDue();
    if (!MayStart()) {
      if (idle_.size() == slots_.size()) break;
      if (!drain_until) drain_until = now_ + Span(plan_.drain);
      if (now_ >= *drain_until) break;
    }
    caller_.Serve(drain_until ? *drain_until : WaitUntil(), *this);
    now_ = Clock::now();
  }
  if (!measured_to_) {
    measured_to_ = now_;
    tally_.cpu_seconds = CpuSeconds() - cpu_from_;
  }
  tally_.seconds = Seconds(*measured_to_ - measured_from_.value_or(*measured_to_)).count();
  if (idle_.size() < slots_.size()) tally_.errors["NO END"] += slots_.size() - idle_.size();
  return std::move(tally_);
}

void Load::Observe(Clock::time_point now) {
  if (!measured_from_ && now - start_ >= Span(plan_.warm_up)) {
    measured_from_ = now;
    cpu_from_ = CpuSeconds();
  }
  if (measured_from_ && !measured_to_ && plan_.calls == 0 && now - *measured_from_ >= Span(plan_.seconds)) {
    measured_to_ = now;
    tally_.cpu_seconds = CpuSeconds() - cpu_from_;
  }
}

bool Load::MayStart() const {
  if (measured_to_) return false;
  return plan_.calls == 0 || !measured_from_ || measured_started_ < plan_.calls;
}

Clock::time_point Load::NextDue() const {
  return plan_.rate > 0 ? start_ + Span(static_cast<double>(started_) / plan_.rate) : now_;
}

Clock::time_point Load::WaitUntil() const {
  Clock::time_point until = now_ + std::chrono::seconds(1);
  if (!measured_from_) until = std::min(until, start_ + Span(plan_.warm_up));
  if (measured_from_ && plan_.calls == 0) until = std::min(until, *measured_from_ + Span(plan_.seconds));
  if (plan_.rate > 0 && !idle_.empty()) until = std::min(until, NextDue());
  return until;
}

void Load::StartDue() {
  while (!idle_.empty() && MayStart()) {
    const Clock::time_point due = NextDue();
    if (due > now_) return;
    const std::size_t slot = idle_.back();
    idle_.pop_back();
    slots_[slot].begun = plan_.rate > 0 ? due : now_;
    ++started_;
    if (measured_from_) ++measured_started_;
    caller_.Start(slot);
  }
}

void Load::Ended(std::size_t slot, const Outcome& outcome) {
  now_ = Clock::now();
  idle_.push_back(slot);
  Observe(now_);
  if (!outcome.error.empty()) {
    ++tally_.errors[outcome.error];
    if (tally_.first_error.empty()) tally_.first_error = outcome.message;
  }
  // A call counts where it ends: in `calls` only those count that began in the measured time too.
  const bool counts = measured_from_ && !measured_to_ && (plan_.calls == 0 || slots_[slot].begun >= *measured_from_);
  if (counts) {
    ++tally_.calls;
    tally_.bytes += outcome.bytes;
    tally_.latency.Add(now_ - slots_[slot].begun);
  }
  StartDue();
}

}  // namespace easel::bench
