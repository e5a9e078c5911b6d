#include "easel/call_context.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "easel/error.h"

namespace easel::client {

CallContext::CallContext(const Core& core, absl::Time deadline, Cancellation* cancellation)
    : cancellation_(cancellation) {
  if (!core.options.caller.empty()) context_.AddMetadata("easel-caller", core.options.caller);
  if (!core.options.api_key.empty()) context_.AddMetadata("authorization", "Bearer " + core.options.api_key);
  context_.AddMetadata("easel-max-receive-bytes", absl::StrCat(core.options.max_receive_bytes));
  if (deadline != absl::InfiniteFuture()) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + (deadline - core.waiter.Now())));
  }
  if (cancellation_ != nullptr) cancellation_->Attach(&context_);
}

CallContext::~CallContext() {
  if (cancellation_ != nullptr) cancellation_->Detach(&context_);
}

std::string CallContext::Generation() const {
  const auto& metadata = context_.GetServerInitialMetadata();
  const auto entry = metadata.find("easel-generation");
  return entry == metadata.end() ? "" : std::string(entry->second.data(), entry->second.size());
}

absl::Status CallContext::Result(const grpc::Status& status) const {
  // A server that is stopped cancels its calls; that is no wish of the caller's.
  const bool ours = cancellation_ != nullptr && cancellation_->cancelled();
  if (status.error_code() == grpc::StatusCode::CANCELLED && status.error_details().empty() && !ours) {
    return Result({grpc::StatusCode::UNAVAILABLE, "the service ended the call: " + status.error_message()});
  }
  return WithMetadata(FromGrpc(status), "generation", Generation());
}

}  // namespace easel::client
