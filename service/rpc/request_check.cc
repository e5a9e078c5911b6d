#include "rpc/request_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "generation/generations.h"
#include "generation/validation.h"
#include "google/rpc/error_details.pb.h"

namespace easel::rpc {
namespace {

constexpr std::string_view kNamePrefix = "generations/";
constexpr std::size_t kMaxIdBytes = 64;

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

RequestCheck::RequestCheck(const Call& call, std::vector<generation::Violation> found)
    : call_(call), violations_(std::move(found)), caller_(ReadCaller(call, violations_)) {}

void RequestCheck::Name(std::string_view name) {
  if (name.starts_with(kNamePrefix) && IsId(name.substr(kNamePrefix.size()))) return;
  if (name.empty()) {
    Add({"name", "is empty; give a generation's name, as 'generations/{id}'"});
  } else {
    Add({"name", absl::StrCat("is '", absl::CHexEscape(std::string(name.substr(0, 128))),
                              "'; a generation's name is 'generations/{id}', as Generation.name has it")});
  }
}

void RequestCheck::Policy(v1::CancelPolicy policy) {
  if (v1::CancelPolicy_IsValid(policy)) return;
  Add({"cancel_policy", absl::StrCat("is the unknown value ", static_cast<int>(policy),
                                     "; use CANCEL_POLICY_FINISH_AND_KEEP or CANCEL_POLICY_ABORT")});
}

void RequestCheck::Delivery(v1::ImageDelivery delivery) {
  if (v1::ImageDelivery_IsValid(delivery)) return;
  Add({"image_delivery", absl::StrCat("is the unknown value ", static_cast<int>(delivery),
                                      "; use IMAGE_DELIVERY_URL or IMAGE_DELIVERY_INLINE")});
}

void RequestCheck::NotNegative(std::string_view field, std::int64_t value) {
  if (value < 0) Add({std::string(field), absl::StrCat("is ", value, "; use 0 or more")});
}

void RequestCheck::Time(std::string_view field, const google::protobuf::Timestamp& time) {
  constexpr std::int64_t kFirst = -62135596800;  // 0001-01-01
  constexpr std::int64_t kLast = 253402300799;   // 9999-12-31
  if (time.seconds() >= kFirst && time.seconds() <= kLast && time.nanos() >= 0 && time.nanos() < 1'000'000'000) return;
  Add({std::string(field), absl::StrCat("has ", time.seconds(), " seconds and ", time.nanos(),
                                        " nanos; use a time of the years 1 to 9999 with nanos from 0 to 999999999")});
}

void RequestCheck::Add(generation::Violation violation) { violations_.push_back(std::move(violation)); }

void RequestCheck::SpecAndRequestId(const v1::ImageSpec& spec, std::string_view request_id) {
  // A field that could not be read is not also judged by what replaced it.
  const auto known = violations_;
  const auto add = [this, &known](generation::Violation violation) {
    const auto same = [&violation](const generation::Violation& other) { return other.field == violation.field; };
    if (std::ranges::none_of(known, same)) Add(std::move(violation));
  };
  const google::rpc::Status found = generation::ToRpcStatus(call_.generations().Quote(spec).status());
  for (const auto& detail : found.details()) {
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    for (auto& violation : *bad.mutable_field_violations()) add({violation.field(), violation.description()});
  }
  for (auto& violation : generation::ValidateRequestId(request_id)) add(std::move(violation));
}

absl::Status RequestCheck::status() const {
  return violations_.empty() ? absl::OkStatus() : generation::InvalidRequest(violations_);
}

}  // namespace easel::rpc
