#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "easel/v1/image.pb.h"
#include "generation/error.h"
#include "google/protobuf/timestamp.pb.h"
#include "rpc/call.h"
#include "rpc/caller.h"

namespace easel::rpc {

// Collects everything that is wrong with a call, so that its caller hears all of it at once.
class RequestCheck {
 public:
  // Reads the metadata too. `found`: what decoding the request already found.
  RequestCheck(const Call& call, std::vector<generation::Violation> found);

  const Caller& caller() const { return caller_; }

  // "generations/{id}".
  void Name(std::string_view name);
  void Policy(v1::CancelPolicy policy);
  void Delivery(v1::ImageDelivery delivery);
  void NotNegative(std::string_view field, std::int64_t value);
  // Within what a Timestamp may hold.
  void Time(std::string_view field, const google::protobuf::Timestamp& time);
  void Add(generation::Violation violation);

  // The rest of an order, of which the domain would find the same: called only where something is wrong already.
  void SpecAndRequestId(const v1::ImageSpec& spec, std::string_view request_id);

  bool ok() const { return violations_.empty(); }
  absl::Status status() const;

 private:
  const Call& call_;
  std::vector<generation::Violation> violations_;
  Caller caller_;
};

}  // namespace easel::rpc
