#include "tests/simulation/simulated_images.h"

#include <utility>

#include "imaging/sha256.h"

namespace easel::simulation {

using boost::asio::awaitable;

namespace {

absl::Status Full() { return absl::ResourceExhaustedError("no space left for images"); }

}  // namespace

class SimulatedImages::Writer final : public generation::ImageWriter {
 public:
  explicit Writer(SimulatedImages& images) : images_(images) {}

  awaitable<absl::Status> Append(std::string_view chunk) override {
    co_await images_.Pass();
    if (images_.Fails()) co_return Full();
    bytes_.append(chunk);
    co_return absl::OkStatus();
  }

  awaitable<absl::Status> Keep(std::string_view digest) override {
    const std::string wanted(digest);
    const bool fails = images_.Fails();
    const bool effect = !fails || images_.dice_.Chance(0.5);
    co_await images_.Pass();
    imaging::Sha256 sha256;
    sha256.Append(bytes_);
    if (const auto right = sha256.Finish(); !right.ok() || *right != wanted) {
      images_.promises_.Break("bytes are kept under another digest than theirs");
    }
    if (effect) {
      images_.kept_[wanted] = std::move(bytes_);
      images_.promises_.Kept(wanted);
    }
    co_await images_.Pass();
    co_return fails ? Full() : absl::OkStatus();
  }

 private:
  SimulatedImages& images_;
  std::string bytes_;
};

class SimulatedImages::Reader final : public generation::ImageReader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }

  awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override {
    co_return absl::Cord(bytes_.substr(static_cast<std::size_t>(offset), max_bytes));
  }

 private:
  const std::string bytes_;
};

awaitable<void> SimulatedImages::Pass() {
  const absl::Duration most = dice_.Chance(0.05) ? absl::Seconds(2) : absl::Milliseconds(3);
  co_await schedule_.Pause(dice_.Between(absl::ZeroDuration(), most));
}

awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> SimulatedImages::Create() {
  co_await Pass();
  if (Fails()) co_return Full();
  co_return std::make_unique<Writer>(*this);
}

awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> SimulatedImages::Open(std::string_view digest) {
  const std::string wanted(digest);
  co_await Pass();
  if (Fails()) co_return absl::UnavailableError("the directory does not answer");
  const auto it = kept_.find(wanted);
  if (it == kept_.end()) co_return absl::NotFoundError("there is no such image");
  co_return std::make_unique<Reader>(it->second);
}

awaitable<absl::Status> SimulatedImages::Remove(std::string_view digest) {
  const std::string wanted(digest);
  co_await Pass();
  if (Fails()) co_return absl::UnavailableError("the directory does not answer");
  if (kept_.erase(wanted) > 0) promises_.ImageRemoved(wanted);
  co_await Pass();
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<std::vector<std::string>>> SimulatedImages::List(std::string_view after, int limit) {
  const std::string from(after);
  co_await Pass();
  if (Fails()) co_return absl::UnavailableError("the directory does not answer");
  std::vector<std::string> digests;
  for (auto it = kept_.upper_bound(from); it != kept_.end() && limit-- > 0; ++it) digests.push_back(it->first);
  co_return digests;
}

awaitable<absl::Status> SimulatedImages::Check() {
  co_await Pass();
  co_return Fails() ? Full() : absl::OkStatus();
}

}  // namespace easel::simulation
