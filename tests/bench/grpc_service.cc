#include "tests/bench/grpc_service.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include "absl/strings/str_cat.h"
#include "tests/bench/process.h"

namespace easel::bench {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

std::unique_ptr<grpc::Server> Serve(const ListenFlags& flags, grpc::Service& service) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(flags.listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) Refuse("cannot listen on " + flags.listen);
  WriteReadyFile(flags.ready_file, "grpc", absl::StrCat(flags.listen.substr(0, flags.listen.rfind(':')), ":", port));
  return server;
}

bool Decode(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  grpc::ByteBuffer shared(bytes);
  grpc::ProtoBufferReader reader(&shared);
  return message.ParseFromZeroCopyStream(&reader);
}

grpc::Slice Encode(const google::protobuf::Message& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return slice;
}

grpc::Slice EncodeBeforeBytes(const google::protobuf::Message& message, int field, std::size_t length) {
  constexpr std::size_t kMostTagAndLength = 20;
  std::string bytes(message.ByteSizeLong() + kMostTagAndLength, '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(bytes.data());
  std::uint8_t* end = message.SerializeWithCachedSizesToArray(begin);
  end = CodedOutputStream::WriteVarint32ToArray(
      WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), end);
  end = CodedOutputStream::WriteVarint64ToArray(length, end);
  return grpc::Slice(begin, static_cast<std::size_t>(end - begin));
}

}  // namespace easel::bench
