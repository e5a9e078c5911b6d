#include "easel/client.h"

#include <utility>

#include "easel/channel.h"
#include "easel/request_id.h"
#include "easel/unary.h"

namespace easel::client {
namespace {

using Stub = v1::ImageService::StubInterface;

template <typename Request, typename Response>
absl::StatusOr<Response> Call(const Core& core, Method<Request, Response> method, const Request& request,
                              const CallOptions& options) {
  return CallOnce(core, method, request, core.waiter.Now() + options.timeout, options);
}

template <typename Response>
absl::StatusOr<v1::Generation> GenerationOf(absl::StatusOr<Response> response) {
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_generation());
}

}  // namespace

Client::Client(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

absl::StatusOr<Client> Client::Connect(ConnectOptions options, Waiter& waiter) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  std::shared_ptr<grpc::Channel> channel = OpenChannel(options);
  auto stub = v1::ImageService::NewStub(channel);
  return Client(std::unique_ptr<Core>(new Core{std::move(options), waiter, std::move(channel), std::move(stub)}));
}

absl::StatusOr<v1::GenerateImageResponse> Client::GenerateImage(v1::GenerateImageRequest request,
                                                                const CallOptions& options) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return CallRepeatedly(*core_, &Stub::GenerateImage, request, options);
}

absl::StatusOr<v1::Generation> Client::StartGeneration(v1::StartGenerationRequest request, const CallOptions& options) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return GenerationOf(CallRepeatedly(*core_, &Stub::StartGeneration, request, options));
}

absl::StatusOr<v1::Generation> Client::GetGeneration(const std::string& name, const CallOptions& options) {
  v1::GetGenerationRequest request;
  request.set_name(name);
  return GenerationOf(Call(*core_, &Stub::GetGeneration, request, options));
}

absl::StatusOr<v1::ListGenerationsResponse> Client::ListGenerations(const v1::ListGenerationsRequest& request,
                                                                    const CallOptions& options) {
  return Call(*core_, &Stub::ListGenerations, request, options);
}

absl::Status Client::ForEachGeneration(v1::ListGenerationsRequest request, const Visit& visit, const CallOptions& options) {
  do {
    const absl::StatusOr<v1::ListGenerationsResponse> page = ListGenerations(request, options);
    if (!page.ok()) return page.status();
    for (const v1::Generation& generation : page->generations()) {
      if (!visit(generation)) return absl::OkStatus();
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::StatusOr<v1::Generation> Client::CancelGeneration(const v1::CancelGenerationRequest& request,
                                                        const CallOptions& options) {
  return GenerationOf(Call(*core_, &Stub::CancelGeneration, request, options));
}

absl::Status Client::DeleteGeneration(const std::string& name, const CallOptions& options) {
  v1::DeleteGenerationRequest request;
  request.set_name(name);
  return Call(*core_, &Stub::DeleteGeneration, request, options).status();
}

absl::StatusOr<v1::QuoteImageResponse> Client::QuoteImage(const v1::ImageSpec& spec, const CallOptions& options) {
  v1::QuoteImageRequest request;
  *request.mutable_spec() = spec;
  return Call(*core_, &Stub::QuoteImage, request, options);
}

absl::StatusOr<v1::ListModelsResponse> Client::ListModels(const CallOptions& options) {
  return Call(*core_, &Stub::ListModels, v1::ListModelsRequest(), options);
}

}  // namespace easel::client
