#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "generation/ports/generation_store.h"

namespace easel {

// The n-th generation: created n seconds after some day, named in that order.
inline std::string NameOf(int n) { return absl::StrFormat("generations/%08d", n); }

inline absl::Time TimeOf(int n) { return absl::FromUnixSeconds(1'700'000'000 + n); }

struct RecordParts {
  std::string caller = "default";
  std::string request_id;  // empty: made from n
  v1::GenerationState state = v1::GENERATION_STATE_QUEUED;
  std::string model = "glm-image";
  std::string prompt = "a kitten on a windowsill";
  std::string digest;
  int size_bytes = 0;
  // Seconds after TimeOf(0); unset by default.
  std::optional<int> end;
  std::optional<int> expire;
  std::optional<int> remove;
};

inline generation::Record MakeRecord(int n, const RecordParts& parts = {}) {
  generation::Record record;
  record.set_caller(parts.caller);
  v1::Generation& generation = *record.mutable_generation();
  generation.set_name(NameOf(n));
  generation.set_request_id(parts.request_id.empty() ? absl::StrFormat("request-%d", n) : parts.request_id);
  generation.set_state(parts.state);
  generation.set_revision(1);
  generation.mutable_create_time()->set_seconds(absl::ToUnixSeconds(TimeOf(n)));
  generation.mutable_spec()->set_model(parts.model);
  generation.mutable_spec()->set_prompt(parts.prompt);
  if (!parts.digest.empty()) {
    generation.mutable_image()->set_sha256(parts.digest);
    generation.mutable_image()->set_size_bytes(parts.size_bytes);
  }
  if (parts.end) generation.mutable_end_time()->set_seconds(absl::ToUnixSeconds(TimeOf(*parts.end)));
  if (parts.expire) generation.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(TimeOf(*parts.expire)));
  if (parts.remove) record.mutable_remove_time()->set_seconds(absl::ToUnixSeconds(TimeOf(*parts.remove)));
  return record;
}

// What follows `record` when its image was removed.
inline generation::Record WithoutImage(generation::Record record) {
  record.mutable_generation()->mutable_image()->mutable_remove_time()->set_seconds(absl::ToUnixSeconds(TimeOf(0)));
  record.mutable_generation()->set_revision(record.generation().revision() + 1);
  return record;
}

// What follows `record` in state `state`.
inline generation::Record Next(generation::Record record, v1::GenerationState state) {
  record.mutable_generation()->set_state(state);
  record.mutable_generation()->set_revision(record.generation().revision() + 1);
  return record;
}

inline std::vector<std::string> NamesOf(const std::vector<generation::Record>& records) {
  std::vector<std::string> names;
  for (const generation::Record& record : records) names.push_back(record.generation().name());
  return names;
}

inline std::vector<std::string> NamesOf(std::initializer_list<int> numbers) {
  std::vector<std::string> names;
  for (const int n : numbers) names.push_back(NameOf(n));
  return names;
}

}  // namespace easel
