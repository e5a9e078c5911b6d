#include "tests/bench/watchers.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "easel/v1/image_service.pb.h"
#include "tests/bench/report.h"

namespace easel::bench {
namespace {

using SystemTime = std::chrono::system_clock::time_point;

double Seconds(SystemTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

std::chrono::nanoseconds SinceRecorded(const v1::Generation& generation, SystemTime now) {
  const auto recorded = std::chrono::seconds(generation.update_time().seconds()) +
                        std::chrono::nanoseconds(generation.update_time().nanos());
  return now.time_since_epoch() - recorded;
}

}  // namespace

Watchers::Watchers(const Names& names, std::size_t watchers)
    : watches_(watchers), begun_at_(Seconds(std::chrono::system_clock::now())) {
  for (const std::string& name : names) {
    v1::WatchGenerationRequest request;
    request.set_name(name);
    const std::string bytes = request.SerializeAsString();
    requests_.push_back(grpc_slice_from_copied_buffer(bytes.data(), bytes.size()));
  }
}

Watchers::~Watchers() {
  for (const grpc_slice& request : requests_) grpc_slice_unref(request);
}

grpc_slice Watchers::Next(std::size_t slot) { return grpc_slice_ref(requests_[slot % requests_.size()]); }

bool Watchers::Check(std::size_t slot, std::string_view message) {
  const SystemTime now = std::chrono::system_clock::now();
  v1::WatchGenerationResponse response;
  if (!response.ParseFromArray(message.data(), static_cast<int>(message.size()))) return false;
  const v1::Generation& generation = response.generation();
  Watch& watch = watches_[slot];
  ++messages_;
  watch.ended = generation.has_end_time();
  if (watch.seen == 0) {
    watch.first = watch.last = generation.revision();
    watch.seen = 1;
    TellOnceAllAreOpen();
    return true;
  }
  if (generation.revision() <= watch.last) {
    ++repeats_;
    if (generation.revision() < watch.last) ++went_back_;
    return generation.revision() == watch.last;
  }
  watch.last = generation.revision();
  ++watch.seen;
  latency_.Add(SinceRecorded(generation, now));
  last_change_at_ = Seconds(now);
  if (!first_change_at_) first_change_at_ = last_change_at_;
  return true;
}

void Watchers::TellOnceAllAreOpen() {
  if (++open_ < watches_.size()) return;
  open_at_ = Seconds(std::chrono::system_clock::now());
  std::fputs("watching\n", stderr);
}

std::string Watchers::Report(const Tally& tally) const {
  std::int64_t missed = 0;
  for (const Watch& watch : watches_) missed += watch.last - watch.first + 1 - watch.seen;
  const auto ended = std::count_if(watches_.begin(), watches_.end(), [](const Watch& watch) { return watch.ended; });
  return absl::StrFormat(
      R"({"case": "watchers", "generations": %d, "watchers": %d, "ended": %d, "messages": %d, "changes": %d, )"
      R"("missed": %d, "went_back": %d, "repeats": %d, "errors": %s, "first_error": %s, "opening_seconds": %.3f, )"
      R"("open_at": %.3f, "first_change_at": %.3f, "last_change_at": %.3f, "seconds": %.3f, "latency_ms": %s, )"
      R"("cpu_seconds": %.3f})",
      requests_.size(), watches_.size(), ended, messages_, latency_.count(), missed, went_back_, repeats_,
      ErrorsJson(tally.errors), JsonText(tally.first_error), open_at_.value_or(begun_at_) - begun_at_, open_at_.value_or(0),
      first_change_at_.value_or(0), last_change_at_, tally.seconds, LatencyJson(latency_), tally.cpu_seconds);
}

}  // namespace easel::bench
