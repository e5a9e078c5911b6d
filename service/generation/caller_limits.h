#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "generation/ports/caller_usage.h"
#include "generation/ports/clock.h"
#include "generation/ports/metrics.h"

namespace easel::generation {

// What a caller may take; 0 and an empty map are no limit.
struct CallerLimit {
  // Generations that have not ended, those in the queue included.
  int max_in_flight = 0;
  // New generations, evenly, and as many as this at once (0: those of a minute).
  int starts_per_minute = 0;
  int burst = 0;
  // Millionths of each currency, from midnight to midnight, UTC.
  std::map<std::string, std::int64_t> daily_budgets = {};
  // What exceeds a limit is counted and let in.
  bool shadow = false;
};

// Whether a caller may begin another generation. Counts for every caller, so that a limit that is set later knows what is
// in flight and what was spent. Where several processes share a store, what this one has is the least that the caller can
// have: cheap to refuse by, and AdmitTogether asks about the whole. Thread-safe.
class CallerLimits {
 public:
  using Limits = std::map<std::string, CallerLimit, std::less<>>;

  // Both outlive this, and this every pass.
  CallerLimits(Clock& clock, Metrics& metrics) : clock_(clock), metrics_(metrics) {}

  // From here on. What a caller has in flight and has spent stays counted.
  void Set(Limits limits);

  // A generation in flight: counts, with its price set aside, until it ends or this goes. One that goes before it has begun
  // was never one, and gives its start back.
  class Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&& other) noexcept;
    ~Pass();
    // Its generation runs from here on.
    void Begin() { begun_ = true; }
    // It has ended: what it cost, and what it may have cost, is spent today. Nothing more happens with this.
    void End(const v1::Generation& generation);
    explicit operator bool() const { return limits_ != nullptr; }
    const v1::Charge& price() const { return price_; }

   private:
    friend CallerLimits;
    Pass(CallerLimits* limits, std::string caller, v1::Charge price, bool took_start)
        : limits_(limits), caller_(std::move(caller)), price_(std::move(price)), took_start_(took_start) {}
    CallerLimits* limits_ = nullptr;
    std::string caller_;
    v1::Charge price_;
    bool took_start_ = false;
    bool counted_ = false;  // as one that exceeds a limit
    bool begun_ = false;
  };

  // For a new generation at this price; CALLER_LIMIT or CALLER_BUDGET where a limit is met.
  absl::StatusOr<Pass> Admit(const std::string& caller, const v1::Charge& price);
  // For a pass that Admit gave: whether what the caller has at all processes together allows it too. Takes its start from
  // `usage`.
  absl::Status AdmitTogether(Pass& pass, CallerUsage& usage);
  // Whether any limit is set for the caller.
  bool Limited(std::string_view caller) const;
  // For one that was accepted before: never refused, and no start.
  Pass Resume(const std::string& caller, const v1::Charge& price);

  // Callers with a budget of whom it is not known what they spent before; told once. Remember wants each of their
  // generations that ended today.
  std::vector<std::string> ToRemember();
  void Remember(std::string_view caller, const v1::Generation& generation);

  // The beginning of the day that budgets are counted for.
  absl::Time Today() const;

 private:
  struct Account {
    int in_flight = 0;
    StartBucket starts;
    std::int64_t day = 0;
    absl::Time remembered = absl::InfinitePast();  // what ended before that is known from records
    std::map<std::string, std::int64_t> spent;     // that day
    std::map<std::string, std::int64_t> set_aside;  // for what is in flight
  };
  struct Excess;

  // All of these with mutex_.
  Account& AccountOf(std::string_view caller);
  bool Find(const CallerLimit& limit, const CallerUsage& usage, const v1::Charge& price, Excess& excess) const;
  void Fill(const CallerLimit& limit, StartBucket& starts) const;
  void Spend(Account& account, const v1::Generation& generation);
  absl::Status Refusal(const std::string& caller, const Excess& excess) const;

  Pass Take(const std::string& caller, Account& account, const v1::Charge& price, bool took_start);
  void GiveBack(const Pass& pass, const v1::Generation* ended);

  Clock& clock_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  Limits limits_;
  std::map<std::string, Account, std::less<>> accounts_;
};

}  // namespace easel::generation
