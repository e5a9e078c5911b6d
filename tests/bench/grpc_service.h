#pragma once

#include <memory>
#include <string>

#include <grpcpp/server.h>

#include "easel/v1/image_service.grpc.pb.h"

namespace easel::bench {

// The service with every method given as bytes to a callback handler; what is not overridden is UNIMPLEMENTED.
using RawImageService = v1::ImageService::WithRawCallbackMethod_GenerateImage<
    v1::ImageService::WithRawCallbackMethod_StreamGenerateImage<v1::ImageService::WithRawCallbackMethod_StartGeneration<
        v1::ImageService::WithRawCallbackMethod_GetGeneration<v1::ImageService::WithRawCallbackMethod_ListGenerations<
            v1::ImageService::WithRawCallbackMethod_CancelGeneration<v1::ImageService::WithRawCallbackMethod_DeleteGeneration<
                v1::ImageService::WithRawCallbackMethod_WatchGeneration<v1::ImageService::WithRawCallbackMethod_ReadImage<
                    v1::ImageService::WithRawCallbackMethod_QuoteImage<
                        v1::ImageService::WithRawCallbackMethod_ListModels<v1::ImageService::Service>>>>>>>>>>>;

struct ListenFlags {
  std::string listen = "127.0.0.1:0";
  std::string ready_file;
};

// Starts the server and writes its ready file, or ends the process with a sentence.
std::unique_ptr<grpc::Server> Serve(const ListenFlags& flags, grpc::Service& service);

bool Decode(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);
grpc::Slice Encode(const google::protobuf::Message& message);

// The beginning of a message that has bytes as its last field: `message`, then tag and length of that field.
grpc::Slice EncodeBeforeBytes(const google::protobuf::Message& message, int field, std::size_t length);

}  // namespace easel::bench
