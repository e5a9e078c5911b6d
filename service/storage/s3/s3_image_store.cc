#include "storage/s3/s3_image_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/completion.h"
#include "storage/digest.h"
#include "storage/s3/s3_image_reader.h"
#include "storage/s3/uncancelled.h"

namespace easel::storage {
namespace {

namespace asio = boost::asio;
using generation::ImageReader;
using generation::ImageWriter;
using Readers = absl::StatusOr<std::unique_ptr<ImageReader>>;
using Digests = absl::StatusOr<std::vector<std::string>>;

constexpr int kMostListed = 1000;

class S3ImageWriter : public ImageWriter {
 public:
  explicit S3ImageWriter(S3Bucket& bucket) : bucket_(bucket) {}

  asio::awaitable<absl::Status> Append(std::string_view chunk) override {
    bytes_.append(chunk);
    return Ready(absl::OkStatus());
  }

  asio::awaitable<absl::Status> Keep(std::string_view digest) override {
    if (!IsDigest(digest)) return Ready(NotADigest());
    return Uncancelled(bucket_.Put(S3ImageStore::KeyOf(digest), std::move(bytes_)));
  }

 private:
  S3Bucket& bucket_;
  std::string bytes_;
};

std::optional<std::int64_t> LengthOf(const upstream::HttpHead& head) {
  const auto text = head.Find("Content-Length");
  std::int64_t length = 0;
  if (!text || !absl::SimpleAtoi(absl::string_view(text->data(), text->size()), &length) || length < 0) return std::nullopt;
  return length;
}

// A key of ours, back to its digest.
std::optional<std::string> DigestOf(std::string_view key) {
  const std::string_view digest = key.substr(std::min<std::size_t>(3, key.size()));
  if (!IsDigest(digest) || S3ImageStore::KeyOf(digest) != key) return std::nullopt;
  return std::string(digest);
}

}  // namespace

std::string S3ImageStore::KeyOf(std::string_view digest) {
  return std::string(digest.substr(0, 2)) + "/" + std::string(digest);
}

asio::awaitable<absl::StatusOr<std::unique_ptr<ImageWriter>>> S3ImageStore::Create() {
  return Ready<absl::StatusOr<std::unique_ptr<ImageWriter>>>(std::make_unique<S3ImageWriter>(bucket_));
}

asio::awaitable<Readers> S3ImageStore::Open(std::string_view digest) {
  if (!IsDigest(digest)) return Ready<Readers>(NoSuchImage(digest));
  return Uncancelled(OpenNow(std::string(digest)));
}

asio::awaitable<Readers> S3ImageStore::OpenNow(std::string digest) {
  std::string key = KeyOf(digest);
  auto stream = co_await bucket_.Get(key, 0);
  if (absl::IsNotFound(stream.status())) co_return NoSuchImage(digest);
  if (!stream.ok()) co_return stream.status();
  const auto size = LengthOf((*stream)->head());
  if (!size) co_return absl::UnavailableError(absl::StrCat("cannot read ", key, ": the answer does not say its length"));
  co_return std::make_unique<S3ImageReader>(bucket_, std::move(key), *size, *std::move(stream));
}

asio::awaitable<absl::Status> S3ImageStore::Remove(std::string_view digest) {
  if (!IsDigest(digest)) return Ready(absl::OkStatus());
  return Uncancelled(bucket_.Delete(KeyOf(digest)));
}

asio::awaitable<Digests> S3ImageStore::List(std::string_view after, int limit) {
  return Uncancelled(ListNow(std::string(after), limit));
}

asio::awaitable<Digests> S3ImageStore::ListNow(std::string after, int limit) {
  std::vector<std::string> digests;
  std::string last = after.empty() ? "" : KeyOf(after);
  while (static_cast<int>(digests.size()) < limit) {
    const int wanted = std::min(kMostListed, limit - static_cast<int>(digests.size()));
    auto keys = co_await bucket_.List(last, wanted);
    if (!keys.ok()) co_return keys.status();
    for (const std::string& key : *keys) {
      if (auto digest = DigestOf(key)) digests.push_back(*std::move(digest));
    }
    if (static_cast<int>(keys->size()) < wanted) break;
    last = keys->back();
  }
  co_return digests;
}

asio::awaitable<absl::Status> S3ImageStore::Check() { return Uncancelled(bucket_.Put(".check", "")); }

}  // namespace easel::storage
