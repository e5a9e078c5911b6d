#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "easel/v1/image_service.pb.h"
#include "generation/ports/image_store.h"
#include "generation/watcher.h"
#include "rpc/call.h"
#include "rpc/stream_call.h"

namespace easel::rpc {

inline constexpr std::int64_t kChunkBytes = 64 * 1024;

// The next piece of an image: not empty. DATA_LOSS if the bytes end too early.
boost::asio::awaitable<absl::StatusOr<absl::Cord>> ReadPiece(generation::ImageReader& reader, std::int64_t offset,
                                                             std::int64_t max_bytes);

// A message whose field number `field` is this chunk with this data, which is not copied.
grpc::ByteBuffer EncodeChunk(int field, const v1::ImageChunk& chunk, absl::Cord data);

// The reply of a call that wants the image in it, as one message. The bytes are taken over from the reader piece by piece
// and copied no more. IMAGE_TOO_LARGE, before anything is read, if the message would not fit `limit_bytes`;
// REPLY_MEMORY_FULL if there was no room for it in time.
boost::asio::awaitable<absl::StatusOr<grpc::ByteBuffer>> ReplyWithImage(Call& call, generation::Snapshot snapshot,
                                                                       std::int64_t limit_bytes);

// Writes an image from `offset` on, in pieces; the first one tells size and digest.
template <class Response>
boost::asio::awaitable<absl::Status> WriteImage(generation::ImageReader& reader, const generation::Record& record,
                                                std::int64_t offset, Writer<Response>& writer) {
  bool first = true;
  while (offset < reader.size()) {
    absl::StatusOr<absl::Cord> piece = co_await ReadPiece(reader, offset, kChunkBytes);
    if (!piece.ok()) co_return piece.status();
    v1::ImageChunk chunk;
    chunk.set_offset(offset);
    offset += static_cast<std::int64_t>(piece->size());
    if (std::exchange(first, false)) {
      chunk.set_size_bytes(reader.size());
      chunk.set_sha256(record.generation().image().sha256());
    }
    grpc::ByteBuffer message = EncodeChunk(Response::kImageChunkFieldNumber, chunk, *std::move(piece));
    const bool peer_is_there = co_await writer.WriteAhead(std::move(message));
    if (!peer_is_there) break;
  }
  co_return absl::OkStatus();
}

}  // namespace easel::rpc
