#include "app/config_number.h"

#include <cmath>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "app/config_schema.h"
#include "app/config_text.h"
#include "google/protobuf/duration.pb.h"

namespace easel::app {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsBytes(const FieldDescriptor* field) { return SettingOf(field).kind() == config::v1::KIND_BYTES; }

bool IsBroken(const FieldDescriptor* field) { return field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE; }

std::optional<int64_t> ParseWhole(const FieldDescriptor* field, const std::string& text) {
  if (IsBytes(field)) return ParseBytes(text);
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) return std::nullopt;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 && value != static_cast<int32_t>(value)) return std::nullopt;
  return value;
}

// The number that bounds are compared with: seconds for a duration.
std::optional<double> Magnitude(const FieldDescriptor* field, const std::string& text) {
  if (IsDuration(field)) {
    const auto duration = ParseDuration(text);
    return duration ? std::optional(absl::ToDoubleSeconds(*duration)) : std::nullopt;
  }
  if (IsBroken(field)) {
    double value = 0;
    return absl::SimpleAtod(text, &value) && std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  const auto value = ParseWhole(field, text);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

bool InBounds(const FieldDescriptor* field, double magnitude) {
  const auto& setting = SettingOf(field);
  if (!setting.min().empty() && magnitude < Magnitude(field, setting.min()).value()) return false;
  return setting.max().empty() || magnitude <= Magnitude(field, setting.max()).value();
}

void SetDuration(Message& holder, const FieldDescriptor* field, absl::Duration duration) {
  auto& value = static_cast<Duration&>(*holder.GetReflection()->MutableMessage(&holder, field));
  value.set_seconds(duration / absl::Seconds(1));
  value.set_nanos(static_cast<int32_t>(duration % absl::Seconds(1) / absl::Nanoseconds(1)));
}

}  // namespace

bool SetNumber(Message& holder, const FieldDescriptor* field, const std::string& text) {
  const auto magnitude = Magnitude(field, text);
  if (!magnitude || !InBounds(field, *magnitude)) return false;
  const auto* reflection = holder.GetReflection();
  if (IsDuration(field)) {
    SetDuration(holder, field, *ParseDuration(text));
  } else if (IsBroken(field)) {
    reflection->SetDouble(&holder, field, *magnitude);
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    reflection->SetInt32(&holder, field, static_cast<int32_t>(*ParseWhole(field, text)));
  } else {
    reflection->SetInt64(&holder, field, *ParseWhole(field, text));
  }
  return true;
}

std::string NumberText(const Message& holder, const FieldDescriptor* field) {
  const auto* reflection = holder.GetReflection();
  if (IsDuration(field)) {
    const auto& value = static_cast<const Duration&>(reflection->GetMessage(holder, field));
    return DurationText(absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos()));
  }
  if (IsBroken(field)) return absl::StrCat(reflection->GetDouble(holder, field));
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) return absl::StrCat(reflection->GetInt32(holder, field));
  const int64_t value = reflection->GetInt64(holder, field);
  return IsBytes(field) ? BytesText(value) : absl::StrCat(value);
}

std::string DescribeNumber(const FieldDescriptor* field) {
  const auto& setting = SettingOf(field);
  std::string text = "a whole number";
  if (IsDuration(field)) text = "a duration such as 200ms, 5s, 15m or 7d";
  if (IsBroken(field)) text = "a number";
  if (IsBytes(field)) text = "a number of bytes such as 512KiB or 64MiB";
  if (!setting.max().empty()) return absl::StrCat(text, ", ", setting.min(), " to ", setting.max());
  return setting.min().empty() ? text : absl::StrCat(text, ", at least ", setting.min());
}

}  // namespace easel::app
