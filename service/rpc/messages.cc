#include "rpc/messages.h"

#include <string>

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include "absl/strings/str_cat.h"
#include "rpc/text_fields.h"

namespace easel::rpc {
namespace {

bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  grpc::ByteBuffer shared(bytes);
  grpc::ProtoBufferReader reader(&shared);
  return message.ParseFromZeroCopyStream(&reader) && reader.status().ok();
}

std::string Flatten(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string flat;
  if (!bytes.Dump(&slices).ok()) return flat;
  for (const grpc::Slice& slice : slices) flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return flat;
}

}  // namespace

absl::Status Decode(const grpc::ByteBuffer& bytes, google::protobuf::Message& message,
                    std::vector<generation::Violation>& violations) {
  if (Parse(bytes, message)) return absl::OkStatus();
  std::string flat = Flatten(bytes);
  violations = RepairText(*message.GetDescriptor(), flat);
  if (!violations.empty() && message.ParseFromString(flat)) return absl::OkStatus();
  return generation::InvalidRequest(
      {{"request", absl::StrCat("is not a valid ", message.GetDescriptor()->full_name(),
                                " in protobuf's binary format; generate the client from easel/v1/image_service.proto")}});
}

grpc::ByteBuffer Encode(const google::protobuf::Message& message) {
  const std::size_t size = message.ByteSizeLong();
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace easel::rpc
