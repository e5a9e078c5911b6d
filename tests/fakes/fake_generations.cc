#include "tests/fakes/fake_generations.h"

#include <google/protobuf/util/time_util.h>
#include <openssl/sha.h>

#include <algorithm>

#include "tests/fakes/fake_image_errors.h"

namespace easel::fakes {
namespace {

using google::protobuf::util::TimeUtil;

bool Says(const v1::Generation& generation, const std::string& directive) {
  return generation.spec().prompt().find("[[" + directive) != std::string::npos;
}

v1::ErrorReason ReasonIn(const std::string& prompt) {
  const size_t begin = prompt.find("[[fail ") + 7;
  v1::ErrorReason reason = v1::ERROR_REASON_INTERNAL;
  v1::ErrorReason_Parse("ERROR_REASON_" + prompt.substr(begin, prompt.find("]]", begin) - begin), &reason);
  return reason;
}

std::string Sha256Hex(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

v1::ImageSpec WithDefaults(v1::ImageSpec spec) {
  if (spec.model().empty()) spec.set_model("glm-image");
  if (spec.quality() == v1::QUALITY_UNSPECIFIED) spec.set_quality(v1::QUALITY_HD);
  if (!spec.has_size()) {
    spec.mutable_size()->set_width(1280);
    spec.mutable_size()->set_height(1280);
  }
  return spec;
}

}  // namespace

bool Ended(const v1::Generation& generation) { return generation.state() >= v1::GENERATION_STATE_SUCCEEDED; }

std::string FakeGenerations::Bytes(const v1::Generation& generation) {
  std::string bytes = "\x89PNG\r\n\x1a\n";
  const char base = Says(generation, "blue") ? 'b' : 'a';
  while (bytes.size() < 200'000) bytes += static_cast<char>(base + bytes.size() % 23);
  return bytes;
}

v1::Generation FakeGenerations::Reserve(const std::string& request_id, const v1::ImageSpec& spec) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, generation] : generations_) {
    if (generation.request_id() != request_id) continue;
    if (generation.state() == v1::GENERATION_STATE_FAILED) {
      generation.set_state(v1::GENERATION_STATE_QUEUED);
      generation.set_revision(generation.revision() + 1);
      generation.clear_error();
    }
    return generation;
  }
  const std::string name = "generations/g" + std::to_string(1000 + ++made_);
  v1::Generation& generation = generations_[name];
  generation.set_name(name);
  generation.set_request_id(request_id);
  *generation.mutable_spec() = WithDefaults(spec);
  generation.set_state(v1::GENERATION_STATE_QUEUED);
  generation.set_revision(1);
  *generation.mutable_create_time() = TimeUtil::GetCurrentTime();
  generation.mutable_progress()->set_queue_position(2);
  generation.mutable_charge()->set_state(v1::CHARGE_STATE_NONE);
  return generation;
}

std::optional<v1::Generation> FakeGenerations::Find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = generations_.find(name);
  if (found == generations_.end()) return std::nullopt;
  return found->second;
}

std::vector<v1::Generation> FakeGenerations::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::Generation> all;
  for (const auto& [name, generation] : generations_) all.push_back(generation);
  std::reverse(all.begin(), all.end());
  return all;
}

std::optional<v1::Generation> FakeGenerations::Advance(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = generations_.find(name);
  if (found == generations_.end() || Ended(found->second)) return std::nullopt;
  v1::Generation& generation = found->second;
  if (generation.state() == v1::GENERATION_STATE_RENDERING && Says(generation, "hang")) return std::nullopt;
  generation.set_revision(generation.revision() + 1);
  if (generation.state() == v1::GENERATION_STATE_SUBMITTING && Says(generation, "fail ")) {
    generation.set_state(v1::GENERATION_STATE_FAILED);
    generation.clear_progress();
    *generation.mutable_error() = ErrorFor(ReasonIn(generation.spec().prompt()),
                                           {{"generation", name}, {"charge_state", "NONE"}});
    return generation;
  }
  generation.set_state(static_cast<v1::GenerationState>(generation.state() + 1));
  generation.mutable_progress()->clear_queue_position();
  generation.mutable_progress()->set_fraction(0.2 * static_cast<int>(generation.state()));
  *generation.mutable_progress()->mutable_expected_end_time() =
      TimeUtil::GetCurrentTime() + TimeUtil::SecondsToDuration(20);
  if (generation.state() == v1::GENERATION_STATE_SUCCEEDED) Finish(generation);
  return generation;
}

void FakeGenerations::Finish(v1::Generation& generation) {
  const std::string bytes = Bytes(generation);
  generation.clear_progress();
  *generation.mutable_end_time() = TimeUtil::GetCurrentTime();
  v1::Image& image = *generation.mutable_image();
  image.set_content_type("image/png");
  image.set_width(generation.spec().size().width());
  image.set_height(generation.spec().size().height());
  image.set_size_bytes(static_cast<int64_t>(bytes.size()));
  image.set_sha256(Sha256Hex(bytes));
  image.set_url("http://127.0.0.1:1/images/" + generation.name());
  generation.mutable_charge()->set_state(v1::CHARGE_STATE_MADE);
  generation.mutable_charge()->set_cost_micros(15000);
  generation.mutable_charge()->set_currency("USD");
}

v1::Generation FakeGenerations::Cancel(const std::string& name) {
  const std::lock_guard lock(mutex_);
  v1::Generation& generation = generations_[name];
  if (!Ended(generation)) {
    generation.set_revision(generation.revision() + 1);
    generation.set_state(v1::GENERATION_STATE_CANCELLED);
    generation.clear_progress();
  }
  return generation;
}

bool FakeGenerations::Remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return generations_.erase(name) > 0;
}

}  // namespace easel::fakes
