#include "tests/fakes/fake_image_service.h"

#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "tests/fakes/fake_image_errors.h"

namespace easel::fakes {
namespace {

grpc::Status NotFound(const std::string& name) {
  return ToGrpc(ErrorFor(v1::ERROR_REASON_GENERATION_NOT_FOUND, {{"generation", name}}));
}

grpc::Status EndOf(const v1::Generation& generation) {
  if (generation.state() == v1::GENERATION_STATE_CANCELLED) {
    return ToGrpc(ErrorFor(v1::ERROR_REASON_GENERATION_CANCELLED, {{"generation", generation.name()}}));
  }
  return ToGrpc(generation.error());
}

}  // namespace

FakeImageService::FakeImageService() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeImageService::~FakeImageService() {
  Release();
  server_->Shutdown(std::chrono::system_clock::now());
}

void FakeImageService::Plan(const std::string& rpc, const Fault& fault) {
  const std::lock_guard lock(mutex_);
  faults_[rpc].push_back(fault);
}

void FakeImageService::Release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  released_changed_.notify_all();
}

void FakeImageService::OnHang(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  on_hang_ = std::move(callback);
}

std::vector<SeenCall> FakeImageService::Seen(const std::string& rpc) const {
  const std::lock_guard lock(mutex_);
  std::vector<SeenCall> calls;
  for (const SeenCall& call : seen_) {
    if (call.rpc == rpc) calls.push_back(call);
  }
  return calls;
}

Fault FakeImageService::Begin(grpc::ServerContext* context, SeenCall call) {
  for (const auto& [key, value] : context->client_metadata()) {
    call.metadata[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
  }
  const std::lock_guard lock(mutex_);
  std::deque<Fault>& faults = faults_[call.rpc];
  seen_.push_back(std::move(call));
  Fault fault;
  fault.after_messages = -1;
  if (!faults.empty()) {
    fault = faults.front();
    faults.pop_front();
  }
  return fault;
}

// The synchronous server tells of a caller that went away only when asked.
void FakeImageService::Hang(grpc::ServerContext* context) {
  std::unique_lock lock(mutex_);
  if (on_hang_) on_hang_();
  while (!released_ && !context->IsCancelled()) released_changed_.wait_for(lock, std::chrono::milliseconds(5));
}

grpc::Status FakeImageService::Play(grpc::ServerContext* context, v1::Generation generation, const Fault& fault,
                                    int64_t from_revision, const std::function<void(const v1::Generation&)>& send) {
  for (int sent = 0;; ++sent) {
    if (sent == fault.after_messages) {
      if (fault.hang) Hang(context);
      return fault.status;
    }
    if (generation.revision() >= from_revision) send(generation);
    if (Ended(generation)) return grpc::Status::OK;
    const std::optional<v1::Generation> next = generations_.Advance(generation.name());
    if (!next) {
      Hang(context);
      return context->IsCancelled() ? grpc::Status::CANCELLED : grpc::Status(grpc::StatusCode::UNAVAILABLE, "released");
    }
    generation = *next;
  }
}

grpc::Status FakeImageService::GenerateImage(grpc::ServerContext* context, const v1::GenerateImageRequest* request,
                                             v1::GenerateImageResponse* response) {
  const Fault fault = Begin(context, {.rpc = "GenerateImage", .request_id = request->request_id()});
  if (fault.after_messages == 0 && !fault.hang) return fault.status;
  const v1::Generation generation = generations_.Reserve(request->request_id(), request->spec());
  context->AddInitialMetadata("easel-generation", generation.name());
  const grpc::Status status = Play(context, generation, fault, 0, [&](const v1::Generation& now) {
    *response->mutable_generation() = now;
  });
  if (!status.ok()) return status;
  if (request->image_delivery() == v1::IMAGE_DELIVERY_INLINE) {
    response->set_image_data(FakeGenerations::Bytes(response->generation()));
  }
  return EndOf(response->generation());
}

grpc::Status FakeImageService::StreamGenerateImage(grpc::ServerContext* context,
                                                   const v1::StreamGenerateImageRequest* request,
                                                   grpc::ServerWriter<v1::StreamGenerateImageResponse>* writer) {
  const Fault fault = Begin(context, {.rpc = "StreamGenerateImage", .request_id = request->request_id()});
  if (fault.after_messages == 0 && !fault.hang) return fault.status;
  const v1::Generation generation = generations_.Reserve(request->request_id(), request->spec());
  context->AddInitialMetadata("easel-generation", generation.name());
  writer->SendInitialMetadata();
  v1::StreamGenerateImageResponse response;
  const grpc::Status status = Play(context, generation, fault, 0, [&](const v1::Generation& now) {
    *response.mutable_generation() = now;
    writer->Write(response);
  });
  if (context->IsCancelled() && request->cancel_policy() == v1::CANCEL_POLICY_ABORT) generations_.Cancel(generation.name());
  return status.ok() ? EndOf(response.generation()) : status;
}

grpc::Status FakeImageService::StartGeneration(grpc::ServerContext* context, const v1::StartGenerationRequest* request,
                                               v1::StartGenerationResponse* response) {
  const Fault fault = Begin(context, {.rpc = "StartGeneration", .request_id = request->request_id()});
  if (!fault.status.ok()) return fault.status;
  *response->mutable_generation() = generations_.Reserve(request->request_id(), request->spec());
  return grpc::Status::OK;
}

grpc::Status FakeImageService::GetGeneration(grpc::ServerContext* context, const v1::GetGenerationRequest* request,
                                             v1::GetGenerationResponse* response) {
  const Fault fault = Begin(context, {.rpc = "GetGeneration"});
  if (!fault.status.ok()) return fault.status;
  const auto generation = generations_.Find(request->name());
  if (!generation) return NotFound(request->name());
  *response->mutable_generation() = *generation;
  return grpc::Status::OK;
}

grpc::Status FakeImageService::ListGenerations(grpc::ServerContext* context, const v1::ListGenerationsRequest* request,
                                               v1::ListGenerationsResponse* response) {
  const Fault fault = Begin(context, {.rpc = "ListGenerations"});
  if (!fault.status.ok()) return fault.status;
  std::vector<v1::Generation> matching;
  for (const v1::Generation& generation : generations_.All()) {
    bool state = request->states().empty();
    for (const int wanted : request->states()) state = state || wanted == generation.state();
    const bool id = request->request_id().empty() || request->request_id() == generation.request_id();
    if (state && id) matching.push_back(generation);
  }
  const size_t size = request->page_size() == 0 ? 50 : static_cast<size_t>(request->page_size());
  const size_t begin = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  for (size_t i = begin; i < matching.size() && i < begin + size; ++i) *response->add_generations() = matching[i];
  if (begin + size < matching.size()) response->set_next_page_token(std::to_string(begin + size));
  return grpc::Status::OK;
}

grpc::Status FakeImageService::CancelGeneration(grpc::ServerContext* context, const v1::CancelGenerationRequest* request,
                                                v1::CancelGenerationResponse* response) {
  const Fault fault = Begin(context, {.rpc = "CancelGeneration"});
  if (!fault.status.ok()) return fault.status;
  if (!generations_.Find(request->name())) return NotFound(request->name());
  *response->mutable_generation() = generations_.Cancel(request->name());
  return grpc::Status::OK;
}

grpc::Status FakeImageService::DeleteGeneration(grpc::ServerContext* context, const v1::DeleteGenerationRequest* request,
                                                v1::DeleteGenerationResponse*) {
  const Fault fault = Begin(context, {.rpc = "DeleteGeneration"});
  if (!fault.status.ok()) return fault.status;
  return generations_.Remove(request->name()) ? grpc::Status::OK : NotFound(request->name());
}

grpc::Status FakeImageService::WatchGeneration(grpc::ServerContext* context, const v1::WatchGenerationRequest* request,
                                               grpc::ServerWriter<v1::WatchGenerationResponse>* writer) {
  const Fault fault = Begin(context, {.rpc = "WatchGeneration", .revision = request->revision()});
  const auto generation = generations_.Find(request->name());
  if (!generation) return NotFound(request->name());
  return Play(context, *generation, fault, request->revision(), [&](const v1::Generation& now) {
    v1::WatchGenerationResponse response;
    *response.mutable_generation() = now;
    writer->Write(response);
  });
}

grpc::Status FakeImageService::ReadImage(grpc::ServerContext* context, const v1::ReadImageRequest* request,
                                         grpc::ServerWriter<v1::ReadImageResponse>* writer) {
  const Fault fault = Begin(context, {.rpc = "ReadImage", .read_offset = request->read_offset()});
  const auto generation = generations_.Find(request->name());
  if (!generation) return NotFound(request->name());
  if (!Ended(*generation)) return ToGrpc(ErrorFor(v1::ERROR_REASON_GENERATION_NOT_ENDED));
  if (!generation->has_image()) return ToGrpc(ErrorFor(v1::ERROR_REASON_NO_IMAGE));
  std::string bytes = FakeGenerations::Bytes(*generation);
  if (fault.corrupt) bytes.back() = '!';
  auto offset = static_cast<size_t>(request->read_offset());
  if (offset > bytes.size()) return ToGrpc(ErrorFor(v1::ERROR_REASON_OFFSET_OUT_OF_RANGE));
  for (int sent = 0; offset < bytes.size(); ++sent) {
    if (sent == fault.after_messages && !fault.corrupt) {
      if (fault.hang) Hang(context);
      return fault.status;
    }
    v1::ReadImageResponse response;
    v1::ImageChunk& chunk = *response.mutable_image_chunk();
    chunk.set_offset(static_cast<int64_t>(offset));
    chunk.set_data(bytes.substr(offset, 65536));
    if (sent == 0) {
      chunk.set_size_bytes(generation->image().size_bytes());
      chunk.set_sha256(generation->image().sha256());
    }
    offset += chunk.data().size();
    writer->Write(response);
  }
  return grpc::Status::OK;
}

grpc::Status FakeImageService::QuoteImage(grpc::ServerContext* context, const v1::QuoteImageRequest* request,
                                          v1::QuoteImageResponse* response) {
  const Fault fault = Begin(context, {.rpc = "QuoteImage"});
  if (!fault.status.ok()) return fault.status;
  *response->mutable_spec() = request->spec();
  response->set_cost_micros(15000);
  response->set_currency("USD");
  response->mutable_expected_duration()->set_seconds(20);
  response->add_notes("an estimate");
  return grpc::Status::OK;
}

grpc::Status FakeImageService::ListModels(grpc::ServerContext* context, const v1::ListModelsRequest*,
                                          v1::ListModelsResponse* response) {
  const Fault fault = Begin(context, {.rpc = "ListModels"});
  if (!fault.status.ok()) return fault.status;
  v1::Model& model = *response->add_models();
  model.set_model("glm-image");
  model.set_is_default(true);
  model.set_default_quality(v1::QUALITY_HD);
  v1::QualityOption& quality = *model.add_qualities();
  quality.set_quality(v1::QUALITY_HD);
  quality.set_cost_micros(15000);
  quality.set_currency("USD");
  quality.mutable_typical_duration()->set_seconds(20);
  model.mutable_size_rules()->set_min_side(512);
  model.mutable_size_rules()->set_max_side(2048);
  model.mutable_size_rules()->set_side_multiple(32);
  model.mutable_size_rules()->mutable_default_size()->set_width(1280);
  model.mutable_size_rules()->mutable_default_size()->set_height(1280);
  return grpc::Status::OK;
}

}  // namespace easel::fakes
