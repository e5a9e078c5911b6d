#include "generation/attempts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "generation/time.h"

namespace easel::generation {
namespace {

constexpr int kKept = 16;

std::optional<absl::Duration> RetryAfter(const UpstreamError& error) {
  switch (error.reason) {
    case v1::ERROR_REASON_UPSTREAM_BUSY:
    case v1::ERROR_REASON_UPSTREAM_UNAVAILABLE:
      return error.retry_after.value_or(absl::Seconds(5));
    case v1::ERROR_REASON_UPSTREAM_OVERLOADED:
      return error.retry_after.value_or(absl::Seconds(60));
    default:
      return std::nullopt;
  }
}

}  // namespace

void BeginAttempt(v1::Generation& generation, const ImageModel& account, std::string_view model, absl::Time now) {
  auto& attempts = *generation.mutable_attempts();
  if (attempts.size() >= kKept) {
    const auto free = std::find_if(attempts.begin(), attempts.end(), [](const v1::Attempt& attempt) {
      return attempt.charge().state() == v1::CHARGE_STATE_NONE;
    });
    if (free != attempts.end()) attempts.erase(free);
  }
  v1::Attempt& attempt = *attempts.Add();
  attempt.set_upstream(account.upstream());
  attempt.set_key_fingerprint(account.key_fingerprint());
  attempt.set_model(std::string(model));
  *attempt.mutable_start_time() = ToProto(now);
}

v1::Attempt& CurrentAttempt(v1::Generation& generation) { return *generation.mutable_attempts()->rbegin(); }

void EndAttempt(v1::Generation& generation, absl::Time now, std::string_view code, const v1::Charge& charge) {
  v1::Attempt& attempt = CurrentAttempt(generation);
  *attempt.mutable_end_time() = ToProto(now);
  attempt.set_code(std::string(code));
  *attempt.mutable_charge() = charge;
}

void SettleEarlierAttempts(v1::Generation& generation) {
  const v1::Attempt& current = CurrentAttempt(generation);
  for (int i = 0; i + 1 < generation.attempts_size(); ++i) {
    const v1::Attempt& attempt = generation.attempts(i);
    if (attempt.upstream() != current.upstream() || attempt.key_fingerprint() != current.key_fingerprint()) continue;
    v1::Charge& charge = *generation.mutable_attempts(i)->mutable_charge();
    if (charge.state() != v1::CHARGE_STATE_UNKNOWN) continue;
    charge.set_state(v1::CHARGE_STATE_NONE);
    charge.set_cost_micros(0);
  }
}

const std::string& ModelOf(const v1::Attempt& attempt, const v1::Generation& generation) {
  return attempt.model().empty() ? generation.spec().model() : attempt.model();
}

v1::Charge TotalCharge(const v1::Generation& generation, const Catalog& catalog) {
  v1::Charge total = catalog.Charge(generation.spec(), v1::CHARGE_STATE_NONE);
  for (const v1::Attempt& attempt : generation.attempts()) {
    const v1::Charge& charge = attempt.charge();
    if (charge.state() != v1::CHARGE_STATE_MADE && charge.state() != v1::CHARGE_STATE_UNKNOWN) continue;
    total.set_state(std::max(total.state(), charge.state()));
    if (charge.currency() != total.currency()) total.set_cost_micros(0);
    total.set_currency(charge.currency());
    total.set_cost_micros(total.cost_micros() + charge.cost_micros());
  }
  return total;
}

std::string SubmitId(const v1::Generation& generation) {
  return absl::StrCat("easel-", generation.name().substr(generation.name().find('/') + 1));
}

Error Describe(const UpstreamError& error) {
  Error described{.reason = error.reason, .message = error.message, .retry_after = RetryAfter(error)};
  described.metadata["upstream_code"] = error.code;
  if (error.http_status != 0) described.metadata["http_status"] = std::to_string(error.http_status);
  std::string entries;
  for (const v1::ContentFilter& entry : error.content_filter) {
    absl::StrAppend(&entries, entries.empty() ? "" : ",", entry.role());
    if (entry.has_level()) absl::StrAppend(&entries, ":", entry.level());
  }
  if (!entries.empty()) described.metadata["content_filter"] = entries;
  return described;
}

std::string WithoutQuery(std::string_view url) { return std::string(url.substr(0, url.find_first_of("?#"))); }

}  // namespace easel::generation
