#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/grpc_service.h"

namespace easel::bench {

// gRPC alone: every answer is ready before its request comes, and of the size and in the pieces that Easel sends. Names are
// taken for known, whatever they are.
class RawService final : public RawImageService {
 public:
  // Images have so many bytes.
  explicit RawService(std::size_t image_bytes);

  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  using Stream = grpc::ServerWriteReactor<grpc::ByteBuffer>;

  grpc::ServerUnaryReactor* GenerateImage(Context* context, const Bytes* request, Bytes* response) override;
  grpc::ServerUnaryReactor* StartGeneration(Context* context, const Bytes* request, Bytes* response) override;
  grpc::ServerUnaryReactor* GetGeneration(Context* context, const Bytes* request, Bytes* response) override;
  grpc::ServerUnaryReactor* ListGenerations(Context* context, const Bytes* request, Bytes* response) override;
  Stream* StreamGenerateImage(Context* context, const Bytes* request) override;
  Stream* ReadImage(Context* context, const Bytes* request) override;
  Stream* WatchGeneration(Context* context, const Bytes* request) override;

 private:
  v1::Generation Made(const std::string& request_id) const;

  const std::size_t image_bytes_;
  const grpc::Slice image_;
};

}  // namespace easel::bench
