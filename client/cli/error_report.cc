#include "cli/error_report.h"

#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "cli/json.h"
#include "cli/text.h"
#include "easel/error.h"

namespace easel::cli {
namespace {

using client::Error;

std::string AdviceForService(v1::ErrorReason reason) {
  switch (reason) {
    case v1::ERROR_REASON_CONTENT_BLOCKED:
      return "change the prompt; repeating it as it is does not help";
    case v1::ERROR_REASON_OUTCOME_UNKNOWN:
      return "it may have been paid, and the image cannot be had; --allow-resubmission risks a second payment";
    case v1::ERROR_REASON_UPSTREAM_QUOTA:
      return "the operator has to look after the balance or plan at the upstream";
    case v1::ERROR_REASON_UPSTREAM_CREDENTIALS:
      return "the operator has to look after the service's key";
    case v1::ERROR_REASON_REQUEST_ID_CONFLICT:
      return "take another --request-id, or none";
    case v1::ERROR_REASON_GENERATION_NOT_FOUND:
      return "easel list shows what there is; another --caller has other generations";
    case v1::ERROR_REASON_CALLER_UNKNOWN:
      return "--api-key-file or EASEL_API_KEY names your key; the operator of the service gives them out";
    case v1::ERROR_REASON_DEADLINE_TOO_SHORT:
      return "give it more time with --timeout";
    default:
      return "";
  }
}

std::string AdviceOnWork(const Error& error) {
  const std::string name = error.generation();
  const std::string request_id = error.Metadata("request_id");
  if (error.Metadata("cancel_policy") == "ABORT" && !name.empty()) {
    return "the work was told to stop; easel get " + name + " shows how it ended";
  }
  if (!name.empty()) return "the work goes on: easel watch " + name + ", then easel read " + name + " -o FILE";
  if (!request_id.empty()) return "it is not known whether it was accepted: easel list --request-id " + request_id;
  return "";
}

std::string Advice(const Error& error, const std::string& server) {
  if (error.domain() == client::kServiceDomain) {
    const std::string advice = AdviceForService(error.service_reason());
    if (!advice.empty()) return advice;
    return error.retry_delay() ? "try again in " + Time(*error.retry_delay()) : "";
  }
  if (error.reason() == client::kUnreachable && error.generation().empty()) {
    return "is easeld running at " + server + "? --server or EASEL_SERVER names another";
  }
  const bool interrupted = error.reason() == client::kDeadline || error.reason() == client::kInterrupted;
  if (interrupted || error.reason() == client::kUnreachable) return AdviceOnWork(error);
  if (!error.generation().empty()) return "the image is kept: easel read " + error.generation() + " -o FILE";
  return "";
}

std::string Headline(const Error& error, const std::string& server) {
  if (error.reason() == client::kInterrupted) return "interrupted";
  if (error.reason() == client::kDeadline) return "the time given with --timeout, or 30 s, is over";
  if (error.reason() == client::kUnreachable) return "cannot reach " + server + ": " + error.message();
  // The violations follow, line by line.
  if (!error.violations().empty()) return "the service does not take this request";
  return error.message().empty() ? error.reason() : error.message();
}

std::string ChargeOf(const Error& error) {
  v1::Charge charge;
  v1::ChargeState state = v1::CHARGE_STATE_UNSPECIFIED;
  int64_t micros = 0;
  v1::ChargeState_Parse("CHARGE_STATE_" + error.Metadata("charge_state"), &state);
  const bool priced = absl::SimpleAtoi(error.Metadata("cost_micros"), &micros);
  if (state == v1::CHARGE_STATE_NONE) return "nothing";
  if (state == v1::CHARGE_STATE_UNSPECIFIED || !priced) return "";
  charge.set_state(state);
  charge.set_cost_micros(micros);
  charge.set_currency(error.Metadata("currency"));
  return ChargeText(charge);
}

std::string Violations(const Error& error) {
  std::string lines;
  for (const auto& violation : error.violations()) {
    lines += "  " + FlagOf(violation.field()) + ": " + violation.description() + "\n";
  }
  return lines;
}

std::string ReportLine(const std::string& title, const std::string& text) {
  return text.empty() ? "" : "  " + title + ": " + Printable(text) + "\n";
}

}  // namespace

std::string FlagOf(const std::string& field) {
  static const std::vector<std::pair<std::string, std::string>> flags = {
      {"spec.prompt", "PROMPT"},          {"spec.model", "--model"},         {"spec.quality", "--quality"},
      {"spec.size", "--size"},            {"spec.user_id", "--user-id"},     {"spec.watermark", "--watermark"},
      {"request_id", "--request-id"},     {"cancel_policy", "--cancel-policy"}, {"name", "NAME"},
      {"page_size", "--limit"},           {"states", "--state"},             {"model", "--model"},
      {"allow_resubmission", "--allow-resubmission"}, {"allow_fallback", "--allow-fallback"},
  };
  for (const auto& [prefix, flag] : flags) {
    if (field == prefix || absl::StartsWith(field, prefix + ".") || absl::StartsWith(field, prefix + "[")) return flag;
  }
  return field;
}

std::string HumanReport(const absl::Status& status, const std::string& server) {
  const Error error(status);
  if (error.reason() == client::kUsage && error.violations().size() == 1) {
    return "easel: " + error.violations()[0].field() + ": " + error.message() + "\n";
  }
  std::string report = "easel: " + Printable(Headline(error, server));
  if (error.domain() == client::kServiceDomain) report += " (" + error.reason() + ")";
  report += "\n" + Violations(error);
  report += ReportLine("generation", error.generation());
  report += ReportLine("charged", ChargeOf(error));
  return report + ReportLine("what to do", Advice(error, server));
}

std::string JsonReport(const absl::Status& status) { return Json(Error(status).proto()) + "\n"; }

}  // namespace easel::cli
