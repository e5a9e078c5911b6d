#include "tests/bench/raw_service.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace easel::bench {
namespace {

// As Easel's.
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr char kDigest[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext& context, grpc::Status status) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext& context, grpc::ByteBuffer& response, grpc::Slice answer) {
  grpc::ByteBuffer bytes(&answer, 1);
  response.Swap(&bytes);
  return Answer(context, grpc::Status::OK);
}

grpc::Status NotReadable() { return {grpc::StatusCode::INVALID_ARGUMENT, "not the request of this method"}; }

// Fills the next message; false: there is none.
using NextMessage = std::function<bool(grpc::ByteBuffer&)>;

class Writing final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Writing(NextMessage next) : next_(std::move(next)) { WriteNext(); }

  void OnWriteDone(bool ok) override { ok ? WriteNext() : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (next_(message_)) {
      StartWrite(&message_);
    } else {
      Finish(grpc::Status::OK);
    }
  }

  NextMessage next_;
  grpc::ByteBuffer message_;
};

// One piece of the image: what is around it, encoded, and the bytes themselves, which are shared and never copied.
template <class Response>
grpc::ByteBuffer Piece(const grpc::Slice& image, std::size_t offset, std::size_t size) {
  v1::ImageChunk chunk;
  chunk.set_offset(static_cast<std::int64_t>(offset));
  if (offset == 0) {
    chunk.set_size_bytes(static_cast<std::int64_t>(image.size()));
    chunk.set_sha256(kDigest);
  }
  const grpc::Slice head = EncodeBeforeBytes(chunk, v1::ImageChunk::kDataFieldNumber, size);
  // The chunk is a message inside the response, and all of it.
  const grpc::Slice outer = EncodeBeforeBytes(Response(), Response::kImageChunkFieldNumber, head.size() + size);
  const grpc::Slice parts[] = {outer, head, image.sub(offset, offset + size)};
  return grpc::ByteBuffer(parts, 3);
}

template <class Response>
NextMessage Pieces(const grpc::Slice& image) {
  return [&image, offset = std::size_t{0}](grpc::ByteBuffer& message) mutable {
    const std::size_t size = std::min(kChunkBytes, image.size() - offset);
    if (size == 0) return false;
    message = Piece<Response>(image, offset, size);
    offset += size;
    return true;
  };
}

}  // namespace

RawService::RawService(std::size_t image_bytes)
    : image_bytes_(image_bytes), image_(std::string(image_bytes, '\x5a')) {}

v1::Generation RawService::Made(const std::string& request_id) const {
  v1::Generation generation;
  generation.set_name("generations/01hz3v9k2qm4x8c7t5r6w1y0ab");
  generation.set_request_id(request_id);
  v1::ImageSpec& spec = *generation.mutable_spec();
  spec.set_model("cogview-4-250304");
  spec.set_prompt("a kitten on a windowsill");
  spec.set_quality(v1::QUALITY_STANDARD);
  spec.mutable_size()->set_width(1024);
  spec.mutable_size()->set_height(1024);
  generation.set_state(v1::GENERATION_STATE_SUCCEEDED);
  generation.set_revision(3);
  for (auto* time : {generation.mutable_create_time(), generation.mutable_update_time(), generation.mutable_end_time(),
                     generation.mutable_expire_time(), generation.mutable_image()->mutable_url_expire_time()}) {
    time->set_seconds(1'790'000'000);
    time->set_nanos(123'456'789);
  }
  v1::Image& image = *generation.mutable_image();
  image.set_url(absl::StrCat("http://127.0.0.1:8080/images/01hz3v9k2qm4x8c7t5r6w1y0ab?expires=1790000000&signature=", kDigest));
  image.set_upstream_url("http://127.0.0.1:8081/i/1790000000000000000-1024x1024-4096.png");
  image.set_content_type("image/png");
  image.set_width(1024);
  image.set_height(1024);
  image.set_size_bytes(static_cast<std::int64_t>(image_bytes_));
  image.set_sha256(kDigest);
  for (v1::Charge* charge : {generation.mutable_charge(), generation.add_attempts()->mutable_charge()}) {
    charge->set_state(v1::CHARGE_STATE_MADE);
    charge->set_cost_micros(10'000);
    charge->set_currency("USD");
  }
  v1::Attempt& attempt = *generation.mutable_attempts(0);
  attempt.set_upstream("http://127.0.0.1:8081/api/paas/v4");
  attempt.set_key_fingerprint("0123abcd");
  *attempt.mutable_start_time() = generation.create_time();
  *attempt.mutable_end_time() = generation.end_time();
  attempt.set_model("cogview-4-250304");
  return generation;
}

grpc::ServerUnaryReactor* RawService::GenerateImage(Context* context, const Bytes* bytes, Bytes* response) {
  v1::GenerateImageRequest request;
  if (!Decode(*bytes, request)) return Answer(*context, NotReadable());
  v1::GenerateImageResponse answer;
  *answer.mutable_generation() = Made(request.request_id());
  if (request.image_delivery() != v1::IMAGE_DELIVERY_INLINE) return Answer(*context, *response, Encode(answer));
  const grpc::Slice parts[] = {
      EncodeBeforeBytes(answer, v1::GenerateImageResponse::kImageDataFieldNumber, image_bytes_), image_};
  Bytes whole(parts, 2);
  response->Swap(&whole);
  return Answer(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* RawService::StartGeneration(Context* context, const Bytes* bytes, Bytes* response) {
  v1::StartGenerationRequest request;
  if (!Decode(*bytes, request)) return Answer(*context, NotReadable());
  v1::StartGenerationResponse answer;
  *answer.mutable_generation() = Made(request.request_id());
  return Answer(*context, *response, Encode(answer));
}

grpc::ServerUnaryReactor* RawService::GetGeneration(Context* context, const Bytes* bytes, Bytes* response) {
  v1::GetGenerationRequest request;
  if (!Decode(*bytes, request)) return Answer(*context, NotReadable());
  v1::GetGenerationResponse answer;
  *answer.mutable_generation() = Made(request.name());
  return Answer(*context, *response, Encode(answer));
}

grpc::ServerUnaryReactor* RawService::ListGenerations(Context* context, const Bytes* bytes, Bytes* response) {
  v1::ListGenerationsRequest request;
  if (!Decode(*bytes, request)) return Answer(*context, NotReadable());
  v1::ListGenerationsResponse answer;
  const v1::Generation made = Made("bench");
  for (int i = 0; i < request.page_size(); ++i) *answer.add_generations() = made;
  return Answer(*context, *response, Encode(answer));
}

RawService::Stream* RawService::StreamGenerateImage(Context* /*context*/, const Bytes* bytes) {
  v1::StreamGenerateImageRequest request;
  Decode(*bytes, request);
  v1::StreamGenerateImageResponse first;
  *first.mutable_generation() = Made(request.request_id());
  return new Writing([first = Encode(first), begun = false,
                      pieces = Pieces<v1::StreamGenerateImageResponse>(image_)](grpc::ByteBuffer& message) mutable {
    if (std::exchange(begun, true)) return pieces(message);
    message = grpc::ByteBuffer(&first, 1);
    return true;
  });
}

RawService::Stream* RawService::ReadImage(Context* /*context*/, const Bytes* /*bytes*/) {
  return new Writing(Pieces<v1::ReadImageResponse>(image_));
}

RawService::Stream* RawService::WatchGeneration(Context* /*context*/, const Bytes* bytes) {
  v1::WatchGenerationRequest request;
  Decode(*bytes, request);
  v1::WatchGenerationResponse only;
  *only.mutable_generation() = Made(request.name());
  return new Writing([only = Encode(only), begun = false](grpc::ByteBuffer& message) mutable {
    if (std::exchange(begun, true)) return false;
    message = grpc::ByteBuffer(&only, 1);
    return true;
  });
}

}  // namespace easel::bench
