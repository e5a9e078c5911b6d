#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/v1/error.pb.h"
#include "easel/v1/generation.pb.h"
#include "google/rpc/status.pb.h"

namespace easel::generation {

// One violated rule of a request: the field's path ("spec.size"), and what is wrong, with which value, and what to do.
struct Violation {
  std::string field;
  std::string description;
};

// An error before it is sent: what ErrorInfo, BadRequest and RetryInfo will say.
struct Error {
  v1::ErrorReason reason = v1::ERROR_REASON_INTERNAL;
  std::string message;
  std::map<std::string, std::string> metadata = {};
  std::optional<absl::Duration> retry_after = std::nullopt;
  std::vector<Violation> violations = {};
};

// The status code that the contract ties to a reason.
absl::StatusCode CodeOf(v1::ErrorReason reason);

// "CONTENT_BLOCKED" for ERROR_REASON_CONTENT_BLOCKED.
std::string_view ReasonName(v1::ErrorReason reason);

// An error travels through the service as an absl::Status that carries a google.rpc.Status; ToRpcStatus reads it back.
// A status without one becomes STORAGE_UNAVAILABLE (UNAVAILABLE, RESOURCE_EXHAUSTED, DATA_LOSS: only stores speak so)
// or INTERNAL.
absl::Status ToStatus(const Error& error);
google::rpc::Status ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

// ErrorInfo.reason of a status, or "" if it has none.
std::string ReasonOf(const google::rpc::Status& status);

// Adds charge_state, cost_micros and currency to `metadata`.
void DescribeCharge(const v1::Charge& charge, std::map<std::string, std::string>& metadata);

absl::Status InvalidRequest(std::vector<Violation> violations);
absl::Status NotFound(std::string_view name);

}  // namespace easel::generation
