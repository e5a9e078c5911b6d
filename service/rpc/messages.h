#pragma once

#include <utility>
#include <vector>

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "generation/error.h"
#include "google/protobuf/message.h"

namespace easel::rpc {

// A request, and what is wrong with its text: where `violations` is not empty, the message holds replacements, and is only
// good for finding further violations.
template <class Message>
struct Received {
  Message message;
  std::vector<generation::Violation> violations;
};

// Parses a request. Bytes that are no UTF-8 are named by field and place, instead of gRPC's "failed to parse"; what is no
// message at all becomes an error.
absl::Status Decode(const grpc::ByteBuffer& bytes, google::protobuf::Message& message,
                    std::vector<generation::Violation>& violations);

grpc::ByteBuffer Encode(const google::protobuf::Message& message);
// Bytes that are a message already.
inline grpc::ByteBuffer Encode(grpc::ByteBuffer bytes) { return bytes; }

}  // namespace easel::rpc
