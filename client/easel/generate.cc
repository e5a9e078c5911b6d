#include "easel/call_context.h"
#include "easel/client.h"
#include "easel/outcome.h"
#include "easel/request_id.h"
#include "easel/retry.h"
#include "easel/stream_generate.h"
#include "easel/watch.h"

namespace easel::client {
namespace {

v1::StreamGenerateImageRequest ForStream(v1::GenerateImageRequest request) {
  v1::StreamGenerateImageRequest stream;
  stream.mutable_spec()->Swap(request.mutable_spec());
  stream.set_request_id(request.request_id().empty() ? NewRequestId() : request.request_id());
  stream.set_cancel_policy(request.cancel_policy());
  stream.set_allow_resubmission(request.allow_resubmission());
  stream.set_allow_fallback(request.allow_fallback());
  stream.set_image_delivery(v1::IMAGE_DELIVERY_URL);
  return stream;
}

class Waiting {
 public:
  Waiting(const Core& core, const v1::StreamGenerateImageRequest& request, const Observer& observer,
          const CallOptions& options)
      : core_(core), request_(request), options_(options), retry_(core.options.retry, options, core.waiter),
        sighting_(observer) {}

  absl::StatusOr<v1::Generation> Run() {
    while (true) {
      const int64_t seen = sighting_.last().revision();
      absl::Status status = Attempt();
      if (sighting_.last().state() == v1::GENERATION_STATE_SUCCEEDED) return sighting_.last();
      if (status.ok()) status = sighting_.ended() ? OutcomeOf(sighting_.last()) : EndedEarly();
      // A failure that cost nothing may be told to repeat; the same request_id then starts the same generation again.
      if (sighting_.last().revision() > seen && !sighting_.ended()) retry_.MadeProgress();
      if (!retry_.WaitAfter(status, AtWork())) return Named(status);
    }
  }

 private:
  bool AtWork() const { return !sighting_.name().empty() && !sighting_.ended(); }

  absl::Status Attempt() {
    if (!AtWork() || request_.cancel_policy() == v1::CANCEL_POLICY_ABORT) return StreamOnce();
    const int64_t seen = sighting_.last().revision();
    return WatchOnce(core_, sighting_.name(), seen > 0 ? seen + 1 : 0, retry_, options_, sighting_);
  }

  absl::Status StreamOnce() {
    return StreamGenerateOnce(core_, request_, retry_.deadline(), options_,
                              [this](const std::string& name) { sighting_.Accepted(name); },
                              [this](const v1::StreamGenerateImageResponse& event) {
                                if (event.has_generation()) sighting_.Saw(event.generation());
                              });
  }

  absl::Status Named(const absl::Status& status) const {
    return WithMetadata(WithMetadata(status, "generation", sighting_.name()), "request_id", request_.request_id());
  }

  const Core& core_;
  const v1::StreamGenerateImageRequest& request_;
  const CallOptions& options_;
  Retry retry_;
  Sighting sighting_;
};

}  // namespace

absl::StatusOr<v1::Generation> Client::Generate(v1::GenerateImageRequest request, const Observer& observer,
                                                const CallOptions& options) {
  const v1::StreamGenerateImageRequest stream = ForStream(std::move(request));
  return Waiting(*core_, stream, observer, options).Run();
}

}  // namespace easel::client
