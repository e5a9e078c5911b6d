#include "storage/s3/s3_image_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "storage/completion.h"
#include "storage/s3/uncancelled.h"

namespace easel::storage {
namespace {

using upstream::HttpFailure;

constexpr int kMostReads = 3;
// Cheaper to read than to ask anew.
constexpr std::int64_t kMostSkipped = 1 << 20;

}  // namespace

boost::asio::awaitable<absl::StatusOr<absl::Cord>> S3ImageReader::Read(std::int64_t offset, std::size_t max_bytes) {
  using Result = absl::StatusOr<absl::Cord>;
  if (offset < 0) return Ready<Result>(absl::InvalidArgumentError("an offset is negative"));
  if (offset >= size_ || max_bytes == 0) return Ready<Result>(absl::Cord());
  return Uncancelled(ReadNow(offset, max_bytes));
}

boost::asio::awaitable<absl::StatusOr<absl::Cord>> S3ImageReader::ReadNow(std::int64_t offset, std::size_t max_bytes) {
  if (offset < position_ || offset - position_ > kMostSkipped) {
    stream_.reset();
    arrived_.clear();
    position_ = offset;
  }
  while (position_ < offset) {
    const absl::Status status = co_await Await(position_);
    if (!status.ok()) co_return status;
    const auto skipped = std::min(arrived_.size(), static_cast<std::size_t>(offset - position_));
    arrived_.erase(0, skipped);
    position_ += static_cast<std::int64_t>(skipped);
  }
  const absl::Status status = co_await Await(offset);
  if (!status.ok()) co_return status;
  std::string piece = std::exchange(arrived_, {});
  if (piece.size() > max_bytes) {
    arrived_ = piece.substr(max_bytes);
    piece.resize(max_bytes);
  }
  position_ += static_cast<std::int64_t>(piece.size());
  co_return absl::Cord(std::move(piece));
}

boost::asio::awaitable<absl::Status> S3ImageReader::Await(std::int64_t offset) {
  if (!arrived_.empty()) co_return absl::OkStatus();
  absl::Status last;
  for (int tried = 0; tried < kMostReads; ++tried) {
    if (stream_ == nullptr) {
      auto opened = co_await bucket_.Get(key_, offset);
      if (!opened.ok()) co_return opened.status();
      stream_ = *std::move(opened);
    }
    auto read = co_await stream_->Read();
    if (auto* bytes = std::get_if<std::string>(&read); bytes != nullptr && !bytes->empty()) {
      arrived_ = std::move(*bytes);
      co_return absl::OkStatus();
    }
    const auto* failure = std::get_if<HttpFailure>(&read);
    last = absl::UnavailableError(absl::StrCat("cannot read ", key_, " past byte ", offset, " of ", size_, ": ",
                                               failure != nullptr ? failure->message : "it ends there"));
    stream_.reset();
  }
  co_return last;
}

}  // namespace easel::storage
