#include "tests/fakes/fake_image_store.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace easel::fakes {

using boost::asio::awaitable;

namespace {

absl::Status Full() { return absl::ResourceExhaustedError("/var/lib/secret/path: no space left on device"); }

bool Fails(int& failing) { return failing > 0 && failing-- > 0; }

}  // namespace

class FakeImageStore::Writer final : public generation::ImageWriter {
 public:
  explicit Writer(FakeImageStore& store) : store_(store) {}

  awaitable<absl::Status> Append(std::string_view chunk) override {
    if (Fails(store_.failing_appends_)) co_return Full();
    bytes_.append(chunk);
    co_return absl::OkStatus();
  }

  awaitable<absl::Status> Keep(std::string_view digest) override {
    if (Fails(store_.failing_keeps_)) co_return Full();
    store_.kept_[std::string(digest)] = std::move(bytes_);
    co_return absl::OkStatus();
  }

 private:
  FakeImageStore& store_;
  std::string bytes_;
};

class FakeImageStore::Reader final : public generation::ImageReader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }

  awaitable<absl::StatusOr<absl::Cord>> Read(std::int64_t offset, std::size_t max_bytes) override {
    co_return absl::Cord(bytes_.substr(static_cast<std::size_t>(offset), max_bytes));
  }

 private:
  const std::string bytes_;
};

awaitable<absl::StatusOr<std::unique_ptr<generation::ImageWriter>>> FakeImageStore::Create() {
  if (Fails(failing_creates_)) co_return Full();
  co_return std::make_unique<Writer>(*this);
}

awaitable<absl::StatusOr<std::unique_ptr<generation::ImageReader>>> FakeImageStore::Open(std::string_view digest) {
  const std::string wanted(digest);
  co_await boost::asio::post(boost::asio::use_awaitable);
  const auto it = kept_.find(wanted);
  if (it == kept_.end()) co_return absl::NotFoundError("no such digest");
  co_return std::make_unique<Reader>(it->second);
}

awaitable<absl::Status> FakeImageStore::Remove(std::string_view digest) {
  const std::string wanted(digest);
  co_await boost::asio::post(boost::asio::use_awaitable);
  co_await remove_hold_.Pass();
  if (Fails(failing_removes_)) co_return absl::UnavailableError("/var/lib/secret/path: read-only file system");
  kept_.erase(wanted);
  co_return absl::OkStatus();
}

awaitable<absl::StatusOr<std::vector<std::string>>> FakeImageStore::List(std::string_view after, int limit) {
  std::vector<std::string> digests;
  for (auto it = kept_.upper_bound(after); it != kept_.end() && static_cast<int>(digests.size()) < limit; ++it) {
    digests.push_back(it->first);
  }
  co_return digests;
}

awaitable<absl::Status> FakeImageStore::Check() { co_return Fails(failing_checks_) ? Full() : absl::OkStatus(); }

}  // namespace easel::fakes
