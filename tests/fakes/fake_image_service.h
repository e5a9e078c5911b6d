#pragma once

#include <grpcpp/server.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "easel/v1/image_service.grpc.pb.h"
#include "tests/fakes/fake_generations.h"

namespace easel::fakes {

// What one call does instead of the ordinary.
struct Fault {
  // The ordinary events, or pieces of the image, that are sent before it strikes.
  int after_messages = 0;
  // Waits there until the caller goes away or Release is called.
  bool hang = false;
  // Then ends the call with this. A status without details is how a client sees a broken connection.
  grpc::Status status = {};
  // ReadImage only: the bytes are other ones than the digest says.
  bool corrupt = false;
};

// One call as it arrived.
struct SeenCall {
  std::string rpc = {};
  std::string request_id = {};
  int64_t read_offset = 0;
  int64_t revision = 0;
  std::map<std::string, std::string> metadata = {};
};

// ImageService on a real gRPC server at a free port of 127.0.0.1, whose generations take no time: a call that makes or
// watches one moves it from state to state. Prompts direct single generations (FakeGenerations), faults direct single
// calls. Thread-safe.
class FakeImageService final : public v1::ImageService::Service {
 public:
  FakeImageService();
  // Ends running calls.
  ~FakeImageService() override;

  // "127.0.0.1:port".
  const std::string& address() const { return address_; }
  FakeGenerations& generations() { return generations_; }

  // The next call of `rpc` ("GenerateImage") that has no fault yet gets this one.
  void Plan(const std::string& rpc, const Fault& fault);
  // Lets every hanging call go on, now and later.
  void Release();
  // Called from the server's threads as each call begins to hang.
  void OnHang(std::function<void()> callback);

  std::vector<SeenCall> Seen(const std::string& rpc) const;

  grpc::Status GenerateImage(grpc::ServerContext*, const v1::GenerateImageRequest*, v1::GenerateImageResponse*) override;
  grpc::Status StreamGenerateImage(grpc::ServerContext*, const v1::StreamGenerateImageRequest*,
                                   grpc::ServerWriter<v1::StreamGenerateImageResponse>*) override;
  grpc::Status StartGeneration(grpc::ServerContext*, const v1::StartGenerationRequest*,
                               v1::StartGenerationResponse*) override;
  grpc::Status GetGeneration(grpc::ServerContext*, const v1::GetGenerationRequest*, v1::GetGenerationResponse*) override;
  grpc::Status ListGenerations(grpc::ServerContext*, const v1::ListGenerationsRequest*,
                               v1::ListGenerationsResponse*) override;
  grpc::Status CancelGeneration(grpc::ServerContext*, const v1::CancelGenerationRequest*,
                                v1::CancelGenerationResponse*) override;
  grpc::Status DeleteGeneration(grpc::ServerContext*, const v1::DeleteGenerationRequest*,
                                v1::DeleteGenerationResponse*) override;
  grpc::Status WatchGeneration(grpc::ServerContext*, const v1::WatchGenerationRequest*,
                               grpc::ServerWriter<v1::WatchGenerationResponse>*) override;
  grpc::Status ReadImage(grpc::ServerContext*, const v1::ReadImageRequest*,
                         grpc::ServerWriter<v1::ReadImageResponse>*) override;
  grpc::Status QuoteImage(grpc::ServerContext*, const v1::QuoteImageRequest*, v1::QuoteImageResponse*) override;
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*, v1::ListModelsResponse*) override;

 private:
  // Writes down the call and takes its fault.
  Fault Begin(grpc::ServerContext* context, SeenCall call);
  void Hang(grpc::ServerContext* context);
  // Moves the generation, telling `send` of each state from the present one on, until it ended or `fault` strikes.
  grpc::Status Play(grpc::ServerContext* context, v1::Generation generation, const Fault& fault, int64_t from_revision,
                    const std::function<void(const v1::Generation&)>& send);

  FakeGenerations generations_;
  mutable std::mutex mutex_;
  std::condition_variable released_changed_;
  bool released_ = false;
  std::function<void()> on_hang_;
  std::map<std::string, std::deque<Fault>> faults_;
  std::vector<SeenCall> seen_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace easel::fakes
