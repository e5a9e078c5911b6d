#include "rpc/call.h"

#include <chrono>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "rpc/identify.h"
#include "rpc/status.h"

namespace easel::rpc {
namespace {

absl::Status FromException(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::exception& exception) {
    return absl::InternalError(absl::StrCat("exception: ", exception.what()));
  } catch (...) {
    return absl::InternalError("exception of an unknown type");
  }
}

// Made outside of this service's own vocabulary: callers get a general sentence, the operator the details.
bool IsFault(const absl::Status& status) {
  bool described = false;
  status.ForEachPayload([&described](absl::string_view, const absl::Cord&) { described = true; });
  return !status.ok() && !described;
}

}  // namespace

Call::Call(const Environment& environment, CallsInFlight& calls, std::string_view method,
           grpc::CallbackServerContext& context, boost::asio::any_io_executor loop)
    : environment_(environment),
      calls_(calls),
      method_(method),
      context_(context),
      arrival_(absl::Now()),
      identity_(Identify(environment.callers, context, arrival_)),
      interruption_(std::make_shared<Interruption>(std::move(loop))) {
  calls_.Add(interruption_);
}

std::optional<std::string_view> Call::Metadata(std::string_view key) const {
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find(grpc::string_ref(key.data(), key.size()));
  if (found == metadata.end()) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

std::optional<absl::Time> Call::deadline() const {
  const auto deadline = context_.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
  return absl::FromChrono(deadline);
}

void Call::Announce(const std::string& generation_name) {
  context_.AddInitialMetadata("easel-generation", generation_name);
}

grpc::Status Call::Conclude(std::string_view type, std::exception_ptr thrown, const absl::Status& status) {
  interruption_->Close();
  calls_.Remove(interruption_);
  const absl::Status end = thrown == nullptr ? status : FromException(std::move(thrown));
  if (!end.ok() && !repeatable_) context_.AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
  if (IsFault(end) && environment_.on_fault) environment_.on_fault(method_, end);
  grpc::Status answer = ToGrpcStatus(end);
  environment_.metrics.RpcHandled(type, method_, CodeName(answer.error_code()), absl::Now() - arrival_);
  return answer;
}

}  // namespace easel::rpc
