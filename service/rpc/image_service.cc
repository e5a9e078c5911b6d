#include "rpc/image_service.h"

#include <atomic>
#include <string_view>
#include <utility>

#include "easel/v1/image_service.grpc.pb.h"
#include "rpc/cancel_generation_call.h"
#include "rpc/delete_generation_call.h"
#include "rpc/generate_image_call.h"
#include "rpc/get_generation_call.h"
#include "rpc/guarded.h"
#include "rpc/list_generations_call.h"
#include "rpc/list_models_call.h"
#include "rpc/quote_image_call.h"
#include "rpc/read_image_call.h"
#include "rpc/start_generation_call.h"
#include "rpc/stream_generate_image_call.h"
#include "rpc/watch_generation_call.h"
#include "rpc/stream_call.h"
#include "rpc/stream_reactor.h"
#include "rpc/unary_call.h"
#include "rpc/unary_reactor.h"

namespace easel::rpc {
namespace {

using Raw = v1::ImageService;
using Bytes = grpc::ByteBuffer;
using Context = grpc::CallbackServerContext;
using Stream = grpc::ServerWriteReactor<grpc::ByteBuffer>;

using RawImageService = Raw::WithRawCallbackMethod_GenerateImage<
    Raw::WithRawCallbackMethod_StreamGenerateImage<
    Raw::WithRawCallbackMethod_StartGeneration<
    Raw::WithRawCallbackMethod_GetGeneration<
    Raw::WithRawCallbackMethod_ListGenerations<
    Raw::WithRawCallbackMethod_CancelGeneration<
    Raw::WithRawCallbackMethod_DeleteGeneration<
    Raw::WithRawCallbackMethod_WatchGeneration<
    Raw::WithRawCallbackMethod_ReadImage<
    Raw::WithRawCallbackMethod_QuoteImage<
    Raw::WithRawCallbackMethod_ListModels<
    Raw::Service>>>>>>>>>>>;

class ImageService final : public RawImageService {
 public:
  ImageService(Environment environment, CallsInFlight& calls, std::vector<boost::asio::any_io_executor> loops)
      : environment_(std::move(environment)), calls_(calls), loops_(std::move(loops)) {}

  grpc::ServerUnaryReactor* GenerateImage(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::GenerateImage>("GenerateImage", *context, *request, *response);
  }
  Stream* StreamGenerateImage(Context* context, const Bytes* request) override {
    return Streaming<&rpc::StreamGenerateImage>("StreamGenerateImage", *context, *request);
  }
  grpc::ServerUnaryReactor* StartGeneration(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::StartGeneration>("StartGeneration", *context, *request, *response);
  }
  grpc::ServerUnaryReactor* GetGeneration(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::GetGeneration>("GetGeneration", *context, *request, *response);
  }
  grpc::ServerUnaryReactor* ListGenerations(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::ListGenerations>("ListGenerations", *context, *request, *response);
  }
  grpc::ServerUnaryReactor* CancelGeneration(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::CancelGeneration>("CancelGeneration", *context, *request, *response);
  }
  grpc::ServerUnaryReactor* DeleteGeneration(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::DeleteGeneration>("DeleteGeneration", *context, *request, *response);
  }
  Stream* WatchGeneration(Context* context, const Bytes* request) override {
    return Streaming<&rpc::WatchGeneration>("WatchGeneration", *context, *request);
  }
  Stream* ReadImage(Context* context, const Bytes* request) override {
    return Streaming<&rpc::ReadImage>("ReadImage", *context, *request);
  }
  grpc::ServerUnaryReactor* QuoteImage(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::QuoteImage>("QuoteImage", *context, *request, *response);
  }
  grpc::ServerUnaryReactor* ListModels(Context* context, const Bytes* request, Bytes* response) override {
    return Unary<&rpc::ListModels>("ListModels", *context, *request, *response);
  }

 private:
  template <auto kCall>
  grpc::ServerUnaryReactor* Unary(std::string_view method, Context& context, const Bytes& request, Bytes& response) {
    return UnaryReactor::Start(environment_, calls_, method, context, NextLoop(), &Guarded<UnaryCall<kCall>, Bytes>::Run,
                               request, response);
  }

  template <auto kCall>
  Stream* Streaming(std::string_view method, Context& context, const Bytes& request) {
    return StreamReactor::Start(environment_, calls_, method, context, NextLoop(),
                                &Guarded<StreamCall<kCall>, ByteWriter>::Run, request);
  }

  boost::asio::any_io_executor NextLoop() {
    return loops_[next_loop_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
  }

  const Environment environment_;
  CallsInFlight& calls_;
  const std::vector<boost::asio::any_io_executor> loops_;
  std::atomic<std::size_t> next_loop_ = 0;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeImageService(Environment environment, CallsInFlight& calls,
                                                std::vector<boost::asio::any_io_executor> loops) {
  return std::make_unique<ImageService>(std::move(environment), calls, std::move(loops));
}

}  // namespace easel::rpc
