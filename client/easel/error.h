#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/v1/error.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace grpc {
class Status;
}

namespace easel::client {

// ErrorInfo.domain of errors that the service reports (reasons: easel.v1.ErrorReason) and of those that arise in this
// library (reasons below).
inline constexpr char kServiceDomain[] = "easel";
inline constexpr char kClientDomain[] = "easel.client";

// The service cannot be reached, or the connection broke.
inline constexpr char kUnreachable[] = "UNREACHABLE";
// The call's own timeout passed. The generation goes on or ends as its cancel policy says.
inline constexpr char kDeadline[] = "DEADLINE";
// CallOptions::cancellation ended the call.
inline constexpr char kInterrupted[] = "INTERRUPTED";
// gRPC reported an error that names no reason of Easel's.
inline constexpr char kRpcFailed[] = "RPC_FAILED";
// An argument cannot be used; nothing was sent.
inline constexpr char kUsage[] = "USAGE";
// A local file cannot be written or read.
inline constexpr char kFile[] = "FILE";
// The bytes received are not those that the service announced.
inline constexpr char kImageCorrupt[] = "IMAGE_CORRUPT";

// What an error of this library says, decoded. Every absl::Status that the library returns carries a google.rpc.Status
// with an ErrorInfo; any other absl::Status can be viewed too and has no reason.
class Error {
 public:
  explicit Error(const absl::Status& status);

  absl::StatusCode code() const { return code_; }
  const std::string& message() const { return proto_.message(); }
  // "CONTENT_BLOCKED", "UNREACHABLE"; empty: none.
  const std::string& reason() const { return info_.reason(); }
  const std::string& domain() const { return info_.domain(); }
  // ERROR_REASON_UNSPECIFIED where the service named no reason, or one newer than this library.
  v1::ErrorReason service_reason() const;
  // ErrorInfo.metadata; empty: not there.
  std::string Metadata(const std::string& key) const;
  // The generation that the failed call was about; empty: unknown.
  std::string generation() const { return Metadata("generation"); }
  // When the same call may be repeated; unset: repeating does not help, or is not known to be free.
  std::optional<absl::Duration> retry_delay() const { return retry_delay_; }
  const std::vector<google::rpc::BadRequest::FieldViolation>& violations() const { return violations_; }
  // The whole of it, for passing on.
  const google::rpc::Status& proto() const { return proto_; }

 private:
  absl::StatusCode code_;
  google::rpc::Status proto_;
  google::rpc::ErrorInfo info_;
  std::optional<absl::Duration> retry_delay_;
  std::vector<google::rpc::BadRequest::FieldViolation> violations_;
};

// The absl::Status that carries `proto`; OK if its code is.
absl::Status ToStatus(const google::rpc::Status& proto);

// An error of this library's own.
absl::Status ClientError(absl::StatusCode code, const std::string& reason, const std::string& message);

// What gRPC reported, with its details, or with those of an error of the connection where it has none.
absl::Status FromGrpc(const grpc::Status& status);

// `status` with one more entry in its ErrorInfo.metadata. A value that is already there, and an OK status, stay as they
// are.
absl::Status WithMetadata(const absl::Status& status, const std::string& key, const std::string& value);

}  // namespace easel::client
