#include "rpc/image_chunks.h"

#include <vector>

#include <grpcpp/support/slice.h>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/generations.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "rpc/reply_room.h"

namespace easel::rpc {
namespace {

namespace asio = boost::asio;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::internal::WireFormatLite;

// Of an image that is wanted whole, and so is in memory whole.
constexpr std::int64_t kWholePieceBytes = 1024 * 1024;

// The piece's own memory, freed with the slice.
grpc::Slice SliceOf(absl::Cord piece) {
  auto* owned = new absl::Cord(std::move(piece));
  const absl::string_view bytes = owned->Flatten();
  return grpc::Slice(const_cast<char*>(bytes.data()), bytes.size(),
                     [](void* data) { delete static_cast<absl::Cord*>(data); }, owned);
}

// What stands before a field of bytes.
void AppendLength(int field, std::size_t length, std::string& head) {
  std::uint8_t buffer[20];
  const std::uint32_t tag = WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  std::uint8_t* end = CodedOutputStream::WriteVarint32ToArray(tag, buffer);
  end = CodedOutputStream::WriteVarint64ToArray(length, end);
  head.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(end - buffer));
}

// The reply up to the first byte of the image: the generation, then tag and length of image_data.
std::string ReplyHead(const v1::Generation& generation, std::int64_t image_bytes) {
  v1::GenerateImageResponse response;
  *response.mutable_generation() = generation;
  std::string head = response.SerializeAsString();
  AppendLength(v1::GenerateImageResponse::kImageDataFieldNumber, static_cast<std::size_t>(image_bytes), head);
  return head;
}

absl::Status TooLarge(const v1::Generation& generation, std::int64_t size, std::int64_t limit) {
  generation::Error error{
       .reason = v1::ERROR_REASON_IMAGE_TOO_LARGE,
       .message = absl::StrCat("The image has ", size, " bytes, and the reply would not fit the caller's limit of ", limit,
                               " bytes. The image is kept: read it with ReadImage of '", generation.name(),
                               "', fetch image.url, or raise the client's limit and tell it by the metadata "
                               "easel-max-receive-bytes."),
       .metadata = {{"generation", generation.name()},
                    {"size_bytes", absl::StrCat(size)},
                    {"limit_bytes", absl::StrCat(limit)}}};
  generation::DescribeCharge(generation.charge(), error.metadata);
  return generation::ToStatus(error);
}

absl::Status NoRoom(const v1::Generation& generation, absl::Duration patience) {
  generation::Error error{
      .reason = v1::ERROR_REASON_REPLY_MEMORY_FULL,
      .message = absl::StrCat("The image is there, but for ", absl::FormatDuration(patience), " there was no memory for another "
                              "reply that holds one: too many are on their way to slow readers. It is kept: read it with "
                              "ReadImage of '", generation.name(), "', or fetch image.url."),
      .metadata = {{"generation", generation.name()}}};
  generation::DescribeCharge(generation.charge(), error.metadata);
  return generation::ToStatus(error);
}

}  // namespace

asio::awaitable<absl::StatusOr<absl::Cord>> ReadPiece(generation::ImageReader& reader, std::int64_t offset,
                                                       std::int64_t max_bytes) {
  absl::StatusOr<absl::Cord> piece = co_await reader.Read(offset, static_cast<std::size_t>(max_bytes));
  if (piece.ok() && piece->empty()) {
    co_return generation::ToStatus({.reason = v1::ERROR_REASON_IMAGE_LOST,
                                    .message = absl::StrCat("The kept image ends at byte ", offset, " of ", reader.size(),
                                                            ": its bytes are damaged.")});
  }
  co_return piece;
}

asio::awaitable<absl::StatusOr<grpc::ByteBuffer>> ReplyWithImage(Call& call, generation::Snapshot snapshot,
                                                                std::int64_t limit_bytes) {
  const v1::Generation shown = call.generations().Show(*snapshot);
  auto reader = co_await call.generations().OpenImage(snapshot);
  if (!reader.ok()) co_return reader.status();
  const std::int64_t size = (*reader)->size();
  std::string head = ReplyHead(shown, size);
  if (static_cast<std::int64_t>(head.size()) + size > limit_bytes) co_return TooLarge(shown, size, limit_bytes);
  if (ReplyRoom* const room = call.environment().reply_room) {
    const absl::Duration patience = call.environment().reply_patience;
    std::shared_ptr<ReplyRoom::Share> share = co_await room->Take(call, size, patience);
    if (share == nullptr) co_return NoRoom(shown, patience);
    call.HoldUntilSent(std::move(share));
  }

  std::vector<grpc::Slice> slices;
  slices.emplace_back(head);
  for (std::int64_t offset = 0; offset < size;) {
    absl::StatusOr<absl::Cord> piece = co_await ReadPiece(**reader, offset, kWholePieceBytes);
    if (!piece.ok()) co_return piece.status();
    offset += static_cast<std::int64_t>(piece->size());
    slices.push_back(SliceOf(*std::move(piece)));
  }
  co_return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ByteBuffer EncodeChunk(int field, const v1::ImageChunk& chunk, absl::Cord data) {
  std::string inner = chunk.SerializeAsString();
  AppendLength(v1::ImageChunk::kDataFieldNumber, data.size(), inner);
  std::string head;
  AppendLength(field, inner.size() + data.size(), head);
  head += inner;
  const grpc::Slice slices[] = {grpc::Slice(head), SliceOf(std::move(data))};
  return grpc::ByteBuffer(slices, 2);
}

}  // namespace easel::rpc
