// Image bytes: whatever comes is judged without a crash, and the same however it is cut into pieces.
#include <algorithm>

#include "imaging/image_inspector.h"
#include "tests/fuzz/fuzz.h"

namespace easel::fuzz {
namespace {

using imaging::ImageFacts;

absl::StatusOr<ImageFacts> Whole(std::string_view bytes) {
  imaging::ImageInspector inspector;
  inspector.Append(bytes);
  return inspector.Finish();
}

// The bytes themselves say how long the pieces are: inputs are plain images.
absl::StatusOr<ImageFacts> InPieces(std::string_view bytes, std::size_t longest) {
  imaging::ImageInspector inspector;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t wanted = static_cast<unsigned char>(bytes[bytes.size() - 1 - at]) % longest + 1;
    const std::string_view piece = bytes.substr(at, wanted);
    inspector.Append(piece);
    at += piece.size();
  }
  return inspector.Finish();
}

bool Same(const absl::StatusOr<ImageFacts>& a, const absl::StatusOr<ImageFacts>& b) {
  if (!a.ok() || !b.ok()) return a.status() == b.status();
  return a->format == b->format && a->content_type == b->content_type && a->width == b->width && a->height == b->height &&
         a->sha256 == b->sha256 && a->size_bytes == b->size_bytes && a->trailing_bytes == b->trailing_bytes;
}

void CheckFacts(const ImageFacts& facts, std::string_view bytes) {
  Require(facts.width > 0 && facts.height > 0, "an image has a size");
  Require(facts.size_bytes == static_cast<std::int64_t>(bytes.size()), "every byte is counted");
  Require(facts.trailing_bytes >= 0 && facts.trailing_bytes < facts.size_bytes, "what follows an image is a part of it");
  const std::size_t own = bytes.size() - static_cast<std::size_t>(facts.trailing_bytes);
  const auto alone = Whole(bytes.substr(0, own));
  Require(alone.ok() && alone->trailing_bytes == 0 && alone->width == facts.width, "an image is whole without what follows");
  Require(!Whole(bytes.substr(0, own - 1)).ok(), "an image that lacks its last byte is not whole");
}

}  // namespace
}  // namespace easel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace easel::fuzz;
  const std::string_view bytes = View(data, size);
  const auto whole = Whole(bytes);
  for (const std::size_t longest : {1, 7, 200}) Require(Same(whole, InPieces(bytes, longest)), "pieces change nothing");
  if (whole.ok()) {
    CheckFacts(*whole, bytes);
  } else {
    const std::string_view message(whole.status().message().data(), whole.status().message().size());
    Require(absl::IsInvalidArgument(whole.status()) && message.size() < 300, "a refusal is a short sentence", message);
    Require(IsUtf8(message) && !HasControl(message), "a refusal can be printed", message);
  }
  return 0;
}
