#include "generation/kept_image.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generation/error.h"
#include "generation/image_holds.h"

namespace easel::generation {

using boost::asio::awaitable;

namespace {

absl::Status About(const v1::Generation& generation, v1::ErrorReason reason, std::string_view what) {
  Error error{.reason = reason, .message = absl::StrCat("'", generation.name(), "' ", std::string(what))};
  error.metadata["generation"] = generation.name();
  DescribeCharge(generation.charge(), error.metadata);
  return ToStatus(error);
}

absl::Status Expired(const v1::Generation& generation) {
  return About(generation, v1::ERROR_REASON_IMAGE_EXPIRED,
               "had an image that is not kept any more: its time was over, or room was needed.");
}

// What the store says is for the operator.
absl::Status Unreadable(const World& world, const v1::Generation& generation, const absl::Status& fault) {
  world.on_fault(fault);
  return About(generation, v1::ERROR_REASON_STORAGE_UNAVAILABLE,
               "has an image that cannot be read at the moment; the service's log says why. Read it again a little later.");
}

// Keeps its image from being removed, and says what went wrong with it in this service's words.
class HeldReader final : public ImageReader {
 public:
  HeldReader(const World& world, Snapshot snapshot, std::unique_ptr<ImageReader> reader, ImageHolds::Held held)
      : world_(world), snapshot_(std::move(snapshot)), held_(std::move(held)), reader_(std::move(reader)) {}

  std::int64_t size() const override { return reader_->size(); }

  awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override {
    absl::StatusOr<absl::Cord> piece = co_await reader_->Read(offset, max_bytes);
    const v1::Generation& generation = snapshot_->generation();
    if (!piece.ok()) co_return Unreadable(world_, generation, piece.status());
    if (piece->empty() && offset < size() && max_bytes > 0) {
      co_return About(generation, v1::ERROR_REASON_IMAGE_LOST, "has an image whose kept bytes are damaged: they end too early.");
    }
    co_return piece;
  }

 private:
  const World& world_;
  const Snapshot snapshot_;
  const ImageHolds::Held held_;
  const std::unique_ptr<ImageReader> reader_;
};

// The record is older than this answer: it may have been removed, or its image, in between.
awaitable<absl::Status> WhyMissing(const World& world, const v1::Generation& generation) {
  const absl::StatusOr<Record> now = co_await world.store.Get(generation.name());
  if (absl::IsNotFound(now.status())) co_return NotFound(generation.name());
  if (now.ok() && !HasKeptImage(*now)) co_return Expired(generation);
  co_return About(generation, v1::ERROR_REASON_IMAGE_LOST, "has an image that is not in the store any more.");
}

}  // namespace

awaitable<absl::StatusOr<std::unique_ptr<ImageReader>>> OpenKeptImage(const World& world, Snapshot snapshot) {
  const v1::Generation& generation = snapshot->generation();
  if (!HasEnded(*snapshot)) {
    co_return About(generation, v1::ERROR_REASON_GENERATION_NOT_ENDED,
                    "is still running; WatchGeneration tells when its image is there.");
  }
  if (!generation.has_image()) {
    co_return About(generation, v1::ERROR_REASON_NO_IMAGE, "ended without an image; GetGeneration tells why.");
  }
  if (!HasKeptImage(*snapshot)) co_return Expired(generation);
  ImageHolds::Held held = co_await world.holds->Hold(generation.image().sha256());
  absl::StatusOr<std::unique_ptr<ImageReader>> reader = co_await world.images.Open(generation.image().sha256());
  if (reader.ok()) co_return std::make_unique<HeldReader>(world, snapshot, *std::move(reader), std::move(held));
  if (!absl::IsNotFound(reader.status())) co_return Unreadable(world, generation, reader.status());
  absl::Status why = co_await WhyMissing(world, generation);
  if (absl::IsDataLoss(why)) world.on_fault(reader.status());
  co_return why;
}

}  // namespace easel::generation
