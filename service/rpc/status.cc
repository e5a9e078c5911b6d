#include "rpc/status.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "generation/error.h"
#include "google/rpc/error_details.pb.h"

namespace easel::rpc {
namespace {

// On the wire, text takes up to three bytes for one, and details four for three.
constexpr std::size_t kMaxMessageBytes = 1024;
constexpr std::size_t kMaxDetailBytes = 3072;

constexpr std::array<std::string_view, 17> kNames = {
    "OK",           "Canceled",          "Unknown",            "InvalidArgument", "DeadlineExceeded", "NotFound",
    "AlreadyExists", "PermissionDenied", "ResourceExhausted",  "FailedPrecondition", "Aborted",       "OutOfRange",
    "Unimplemented", "Internal",         "Unavailable",        "DataLoss",        "Unauthenticated"};

void Shorten(std::string& text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  text.append("...");
}

// Halves the list of violations, or drops the detail that is left at the end.
void DropSome(google::rpc::Status& status) {
  auto* details = status.mutable_details();
  google::rpc::BadRequest bad;
  for (auto& detail : *details) {
    if (!detail.UnpackTo(&bad) || bad.field_violations_size() < 2) continue;
    auto* violations = bad.mutable_field_violations();
    violations->DeleteSubrange(violations->size() - violations->size() / 2, violations->size() / 2);
    detail.PackFrom(bad);
    return;
  }
  details->RemoveLast();
}

void Fit(google::rpc::Status& status) {
  Shorten(*status.mutable_message(), kMaxMessageBytes);
  while (status.ByteSizeLong() > kMaxDetailBytes && status.details_size() > 0) DropSome(status);
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status rpc = generation::ToRpcStatus(status);
  Fit(rpc);
  return {static_cast<grpc::StatusCode>(rpc.code()), rpc.message(), rpc.SerializeAsString()};
}

std::string_view CodeName(grpc::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "Unknown";
}

absl::Status PlainStatus(absl::StatusCode code, std::string_view message) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(code));
  rpc.set_message(std::string(message));
  return generation::FromRpcStatus(rpc);
}

}  // namespace easel::rpc
