#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "generation/ports/image_model.h"
#include "generation/ports/image_store.h"
#include "imaging/image_inspector.h"

namespace easel::generation {

// One attempt to take an image: its bytes go into the store as they come, and are looked at on the way. Nothing is kept
// until Keep.
class Download : public ByteSink {
 public:
  explicit Download(ImageStore& images) : images_(images) {}

  boost::asio::awaitable<absl::Status> Begin(std::optional<std::int64_t> size_bytes) override;
  boost::asio::awaitable<absl::Status> Append(std::string_view chunk) override;

  // Once, after the last byte: what the bytes are, or why they are no image.
  absl::StatusOr<imaging::ImageFacts> Inspect() { return inspector_.Finish(); }

  boost::asio::awaitable<absl::Status> Keep(std::string digest);

 private:
  ImageStore& images_;
  std::unique_ptr<ImageWriter> writer_;
  imaging::ImageInspector inspector_;
};

}  // namespace easel::generation
