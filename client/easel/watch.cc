#include "easel/watch.h"

#include "easel/call_context.h"
#include "easel/client.h"

namespace easel::client {

void Sighting::Accepted(const std::string& name) {
  if (name.empty() || !name_.empty()) return;
  name_ = name;
  if (observer_.on_accepted) observer_.on_accepted(name_);
}

void Sighting::Saw(const v1::Generation& generation) {
  Accepted(generation.name());
  if (generation.revision() < last_.revision()) return;
  last_ = generation;
  if (observer_.on_change) observer_.on_change(last_);
}

absl::Status WatchOnce(const Core& core, const std::string& name, int64_t revision, const Retry& retry,
                       const CallOptions& options, Sighting& sighting) {
  v1::WatchGenerationRequest request;
  request.set_name(name);
  request.set_revision(revision);
  CallContext context(core, retry.deadline(), options.cancellation);
  const auto reader = core.stub->WatchGeneration(context.get(), request);
  v1::WatchGenerationResponse response;
  while (reader->Read(&response)) sighting.Saw(response.generation());
  return WithMetadata(context.Result(reader->Finish()), "generation", name);
}

absl::Status EndedEarly() {
  return ClientError(absl::StatusCode::kUnavailable, kUnreachable, "the service ended the stream before the end");
}

absl::StatusOr<v1::Generation> Client::Watch(const std::string& name, const Observer& observer,
                                             const CallOptions& options, int64_t revision) {
  Retry retry(core_->options.retry, options, core_->waiter);
  Sighting sighting(observer);
  while (true) {
    const int64_t seen = sighting.last().revision();
    absl::Status status = WatchOnce(*core_, name, seen > 0 ? seen + 1 : revision, retry, options, sighting);
    if (sighting.ended()) return sighting.last();
    if (status.ok()) status = WithMetadata(EndedEarly(), "generation", name);
    if (sighting.last().revision() > seen) retry.MadeProgress();
    if (!retry.WaitAfter(status, sighting.last().revision() > 0)) return status;
  }
}

}  // namespace easel::client
