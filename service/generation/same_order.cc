#include "generation/same_order.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "generation/error.h"
#include "google/protobuf/util/message_differencer.h"

namespace easel::generation {
namespace {

std::vector<std::string> DifferingFields(const v1::ImageSpec& a, const v1::ImageSpec& b) {
  std::vector<std::string> fields;
  const auto* descriptor = v1::ImageSpec::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    google::protobuf::util::MessageDifferencer differencer;
    for (int other = 0; other < descriptor->field_count(); ++other) {
      if (other != i) differencer.IgnoreField(descriptor->field(other));
    }
    if (!differencer.Compare(a, b)) fields.push_back(absl::StrCat("spec.", descriptor->field(i)->name()));
  }
  return fields;
}

}  // namespace

absl::Status CheckSameOrder(const v1::ImageSpec& spec, const Record& record) {
  // Nearly always byte by byte.
  if (spec.SerializeAsString() == record.requested_spec().SerializeAsString()) return absl::OkStatus();
  if (google::protobuf::util::MessageDifferencer::Equals(spec, record.requested_spec())) return absl::OkStatus();
  const std::string fields = absl::StrJoin(DifferingFields(spec, record.requested_spec()), ",");
  const v1::Generation& generation = record.generation();
  Error error{.reason = v1::ERROR_REASON_REQUEST_ID_CONFLICT,
              .message = absl::StrCat("The request_id '", generation.request_id(), "' belongs to ", generation.name(),
                                      ", whose ", fields, " differs. Send the same spec, or a new request_id."),
              .metadata = {{"generation", generation.name()}, {"differing_fields", fields}}};
  DescribeCharge(generation.charge(), error.metadata);
  return ToStatus(error);
}

bool MayStartAgain(const Record& record) {
  const v1::GenerationState state = record.generation().state();
  return (state == v1::GENERATION_STATE_FAILED || state == v1::GENERATION_STATE_CANCELLED) &&
         record.generation().charge().state() == v1::CHARGE_STATE_NONE;
}

}  // namespace easel::generation
