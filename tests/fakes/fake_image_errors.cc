#include "tests/fakes/fake_image_errors.h"

#include "google/rpc/error_details.pb.h"

namespace easel::fakes {
namespace {

struct Shape {
  grpc::StatusCode code;
  bool retry = false;
};

const std::map<v1::ErrorReason, Shape>& Shapes() {
  using enum grpc::StatusCode;
  static const std::map<v1::ErrorReason, Shape> shapes = {
      {v1::ERROR_REASON_INVALID_REQUEST, {INVALID_ARGUMENT}},
      {v1::ERROR_REASON_REQUEST_ID_CONFLICT, {ALREADY_EXISTS}},
      {v1::ERROR_REASON_GENERATION_NOT_FOUND, {NOT_FOUND}},
      {v1::ERROR_REASON_GENERATION_NOT_ENDED, {FAILED_PRECONDITION}},
      {v1::ERROR_REASON_NO_IMAGE, {FAILED_PRECONDITION}},
      {v1::ERROR_REASON_IMAGE_TOO_LARGE, {FAILED_PRECONDITION}},
      {v1::ERROR_REASON_OFFSET_OUT_OF_RANGE, {OUT_OF_RANGE}},
      {v1::ERROR_REASON_GENERATION_CANCELLED, {CANCELLED}},
      {v1::ERROR_REASON_IMAGE_LOST, {DATA_LOSS}},
      {v1::ERROR_REASON_IMAGE_EXPIRED, {NOT_FOUND}},
      {v1::ERROR_REASON_CALLER_UNKNOWN, {UNAUTHENTICATED}},
      {v1::ERROR_REASON_QUEUE_FULL, {RESOURCE_EXHAUSTED, true}},
      {v1::ERROR_REASON_CALLER_LIMIT, {RESOURCE_EXHAUSTED, true}},
      {v1::ERROR_REASON_CALLER_BUDGET, {RESOURCE_EXHAUSTED}},
      {v1::ERROR_REASON_REPLY_MEMORY_FULL, {RESOURCE_EXHAUSTED}},
      {v1::ERROR_REASON_DEADLINE_TOO_SHORT, {DEADLINE_EXCEEDED, true}},
      {v1::ERROR_REASON_QUEUE_TIMEOUT, {DEADLINE_EXCEEDED}},
      {v1::ERROR_REASON_SHUTTING_DOWN, {UNAVAILABLE, true}},
      {v1::ERROR_REASON_STORAGE_UNAVAILABLE, {UNAVAILABLE}},
      {v1::ERROR_REASON_UPSTREAM_REJECTED, {INVALID_ARGUMENT}},
      {v1::ERROR_REASON_CONTENT_BLOCKED, {FAILED_PRECONDITION}},
      {v1::ERROR_REASON_UPSTREAM_CREDENTIALS, {INTERNAL}},
      {v1::ERROR_REASON_UPSTREAM_QUOTA, {RESOURCE_EXHAUSTED}},
      {v1::ERROR_REASON_UPSTREAM_BUSY, {RESOURCE_EXHAUSTED, true}},
      {v1::ERROR_REASON_UPSTREAM_OVERLOADED, {UNAVAILABLE, true}},
      {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, {UNAVAILABLE, true}},
      {v1::ERROR_REASON_OUTCOME_UNKNOWN, {UNKNOWN}},
      {v1::ERROR_REASON_UPSTREAM_TIMEOUT, {DEADLINE_EXCEEDED}},
  };
  return shapes;
}

void AddViolation(google::rpc::BadRequest& bad_request, const std::string& field, const std::string& description) {
  auto* violation = bad_request.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
}

}  // namespace

google::rpc::Status ErrorFor(v1::ErrorReason reason, const std::map<std::string, std::string>& metadata) {
  const auto found = Shapes().find(reason);
  const Shape shape = found == Shapes().end() ? Shape{grpc::StatusCode::INTERNAL} : found->second;
  google::rpc::ErrorInfo info;
  info.set_domain("easel");
  info.set_reason(v1::ErrorReason_Name(reason).substr(sizeof("ERROR_REASON_") - 1));
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  google::rpc::Status error;
  error.set_code(shape.code);
  error.set_message("scripted: " + info.reason());
  error.add_details()->PackFrom(info);
  if (reason == v1::ERROR_REASON_INVALID_REQUEST) {
    google::rpc::BadRequest bad_request;
    AddViolation(bad_request, "spec.size", "1x1 is too small; the nearest valid size is 512x512");
    AddViolation(bad_request, "spec.user_id", "\"me\" is shorter than 6 characters");
    error.add_details()->PackFrom(bad_request);
  }
  if (shape.retry) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_nanos(10'000'000);
    error.add_details()->PackFrom(retry);
  }
  return error;
}

void SetRetryDelay(google::rpc::Status& error, int seconds) {
  for (google::protobuf::Any& detail : *error.mutable_details()) {
    google::rpc::RetryInfo retry;
    if (!detail.UnpackTo(&retry)) continue;
    retry.mutable_retry_delay()->set_seconds(seconds);
    retry.mutable_retry_delay()->set_nanos(0);
    detail.PackFrom(retry);
  }
}

grpc::Status ToGrpc(const google::rpc::Status& error) {
  if (error.code() == 0) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(error.code()), error.message(), error.SerializeAsString()};
}

}  // namespace easel::fakes
