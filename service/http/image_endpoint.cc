#include "http/image_endpoint.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "http/byte_range.h"
#include "http/plain_text.h"

namespace easel::http {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kPieceBytes = 64 * 1024;

asio::awaitable<void> RefuseLink(SignedImageLinks::Verdict verdict, Responder& responder) {
  if (verdict == SignedImageLinks::Verdict::kExpired) {
    co_await SendText(responder, 403,
                      "This link has expired. GetGeneration returns a fresh one for as long as the image is kept.");
  } else {
    co_await SendText(responder, 403,
                      "This link's signature does not fit. Use image.url of the Generation exactly as it is, with both "
                      "parameters (expires, signature).");
  }
}

asio::awaitable<void> SendMissing(const absl::Status& status, Responder& responder) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kDataLoss:
      co_await SendText(responder, 410, "This image was removed and is not kept any more.");
      break;
    case absl::StatusCode::kFailedPrecondition:
      co_await SendText(responder, 404, "This generation has no image.");
      break;
    default:
      co_await SendText(responder, 503, "The image cannot be read at the moment. Try again in a few seconds.",
                        OneHeader("Retry-After", "5"));
  }
}

std::string Quoted(const std::string& digest) { return absl::StrCat("\"", digest, "\""); }

HeaderList ImageHeaders(const v1::Image& image) {
  // The bytes never change under their name; how long a link may be used is in the link itself.
  return {{"ETag", Quoted(image.sha256())},
          {"Cache-Control", "private, max-age=3600, immutable"},
          {"Accept-Ranges", "bytes"},
          {"X-Content-Type-Options", "nosniff"}};
}

// The part to send: the whole body without a usable Range header, or if the copy to be completed is of other bytes.
std::optional<std::variant<ByteRange, Unsatisfiable>> RangeOf(const Request& request, const v1::Image& image,
                                                              std::int64_t size) {
  const auto header = request.Header("Range");
  if (!header) return std::nullopt;
  const auto condition = request.Header("If-Range");
  if (condition && *condition != Quoted(image.sha256())) return std::nullopt;
  return ParseRange(*header, size);
}

asio::awaitable<void> SendBytes(generation::ImageReader& reader, ByteRange range, Responder& responder) {
  std::int64_t offset = range.first;
  const std::int64_t end = range.first + range.length;
  while (offset < end) {
    const auto wanted = static_cast<std::size_t>(std::min(kPieceBytes, end - offset));
    auto piece = co_await reader.Read(offset, wanted);
    if (!piece.ok() || piece->empty()) {
      responder.Abort();
      co_return;
    }
    const absl::string_view flat = piece->Flatten();
    const std::string_view bytes(flat.data(), flat.size());
    const absl::Status written = co_await responder.Write(bytes);
    if (!written.ok()) co_return;
    offset += static_cast<std::int64_t>(piece->size());
  }
  co_await responder.Finish();
}

}  // namespace

asio::awaitable<void> ImageEndpoint::Serve(std::string id, const Request& request, Responder& responder) const {
  const auto verdict =
      links_.Check(id, request.Parameter("expires").value_or(""), request.Parameter("signature").value_or(""));
  if (verdict != SignedImageLinks::Verdict::kValid) {
    co_await RefuseLink(verdict, responder);
    co_return;
  }
  auto found = co_await source_.find("generations/" + id);
  if (!found.ok()) {
    co_await SendMissing(found.status(), responder);
  } else if (!(*found)->generation().has_image()) {
    co_await SendText(responder, 404, "This generation has no image.");
  } else {
    co_await SendImage(*std::move(found), request, responder);
  }
}

asio::awaitable<void> ImageEndpoint::SendImage(generation::Snapshot snapshot, const Request& request,
                                               Responder& responder) const {
  const v1::Image& image = snapshot->generation().image();
  ReplyHead head{.content_type = image.content_type(), .headers = ImageHeaders(image)};
  if (request.Header("If-None-Match") == Quoted(image.sha256())) {
    head.status = 304;
    co_await responder.Send(std::move(head), "");
    co_return;
  }
  auto reader = co_await source_.open(snapshot);
  if (!reader.ok()) {
    co_await SendMissing(reader.status(), responder);
    co_return;
  }
  const std::int64_t size = (*reader)->size();
  ByteRange part{0, size};
  if (const auto range = RangeOf(request, image, size)) {
    if (std::holds_alternative<Unsatisfiable>(*range)) {
      co_await SendText(responder, 416, absl::StrCat("The image has ", size, " bytes."),
                        OneHeader("Content-Range", absl::StrCat("bytes */", size)));
      co_return;
    }
    part = std::get<ByteRange>(*range);
    head.status = 206;
    head.headers.emplace_back("Content-Range",
                              absl::StrCat("bytes ", part.first, "-", part.first + part.length - 1, "/", size));
  }
  const absl::Status started = co_await responder.Start(std::move(head), static_cast<std::uint64_t>(part.length));
  if (!started.ok()) co_return;
  if (request.method == "HEAD") {
    co_await responder.Finish();
  } else {
    co_await SendBytes(**reader, part, responder);
  }
}

}  // namespace easel::http
