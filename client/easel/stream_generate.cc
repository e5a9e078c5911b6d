#include "easel/stream_generate.h"

#include "easel/call_context.h"
#include "easel/client.h"
#include "easel/request_id.h"
#include "easel/retry.h"

namespace easel::client {

absl::Status StreamGenerateOnce(const Core& core, const v1::StreamGenerateImageRequest& request, absl::Time deadline,
                                const CallOptions& options, const std::function<void(const std::string&)>& on_name,
                                const std::function<void(const v1::StreamGenerateImageResponse&)>& on_event) {
  CallContext context(core, deadline, options.cancellation);
  const auto reader = core.stub->StreamGenerateImage(context.get(), request);
  reader->WaitForInitialMetadata();
  on_name(context.Generation());
  v1::StreamGenerateImageResponse event;
  while (reader->Read(&event)) on_event(event);
  return context.Result(reader->Finish());
}

absl::Status Client::StreamGenerateImage(v1::StreamGenerateImageRequest request, const OnEvent& on_event,
                                         const CallOptions& options) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  Retry retry(core_->options.retry, options, core_->waiter);
  bool handed_over_bytes = false;
  int64_t revision = 0;
  const auto forward = [&](const v1::StreamGenerateImageResponse& event) {
    if (event.has_generation() && event.generation().revision() < revision) return;
    if (event.has_generation()) revision = event.generation().revision();
    handed_over_bytes = handed_over_bytes || event.has_image_chunk();
    on_event(event);
  };
  while (true) {
    const absl::Status status =
        StreamGenerateOnce(*core_, request, retry.deadline(), options, [](const std::string&) {}, forward);
    if (status.ok()) return status;
    if (handed_over_bytes || !retry.WaitAfter(status)) return WithMetadata(status, "request_id", request.request_id());
  }
}

}  // namespace easel::client
