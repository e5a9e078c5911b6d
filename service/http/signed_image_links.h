#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "generation/ports/image_links.h"

namespace easel::http {

// Links to this service's own GET /images/{id}: whoever has one may read that image until it expires, and nobody else can
// make one. The signature is an HMAC-SHA256 over id and expiry. Thread-safe.
class SignedImageLinks final : public generation::ImageLinks {
 public:
  static constexpr std::size_t kSecretBytes = 32;

  struct Options {
    // As "https://images.example.com" or "http://127.0.0.1:8080"; a trailing '/' is dropped.
    std::string public_url;
    // kSecretBytes random bytes, the same for every process that serves the same images.
    std::string secret;
    // How long a link works; never longer than the image is kept.
    absl::Duration ttl = absl::Hours(24);
    std::function<absl::Time()> now;
  };
  explicit SignedImageLinks(Options options);
  ~SignedImageLinks() override;

  // Links made within a minute are the same, so that caches have a use for them.
  Link LinkTo(const record::v1::Record& record) const override;

  enum class Verdict { kValid, kExpired, kForged };
  // Whether `expires` and `signature` are what LinkTo wrote for `id`, and still good.
  Verdict Check(std::string_view id, std::string_view expires, std::string_view signature) const;

 private:
  std::string Sign(std::string_view id, std::string_view expires) const;

  struct Signer;

  const Options options_;
  const std::unique_ptr<Signer> signer_;
};

}  // namespace easel::http
