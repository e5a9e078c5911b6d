#include "http/signed_image_links.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace easel::http {
namespace {

constexpr std::string_view kNamePrefix = "generations/";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

SignedImageLinks::Options WithoutSlash(SignedImageLinks::Options options) {
  while (options.public_url.ends_with('/')) options.public_url.pop_back();
  return options;
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

struct SignedImageLinks::Signer {
  explicit Signer(const std::string& secret) {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
    context.reset(EVP_MAC_CTX_new(hmac.get()));
    char sha256[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", sha256, 0), OSSL_PARAM_construct_end()};
    EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), parameters);
  }

  std::mutex mutex;
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context{nullptr, &EVP_MAC_CTX_free};
};

SignedImageLinks::SignedImageLinks(Options options)
    : options_(WithoutSlash(std::move(options))), signer_(std::make_unique<Signer>(options_.secret)) {}

SignedImageLinks::~SignedImageLinks() = default;

generation::ImageLinks::Link SignedImageLinks::LinkTo(const record::v1::Record& record) const {
  std::string_view id = record.generation().name();
  if (id.starts_with(kNamePrefix)) id.remove_prefix(kNamePrefix.size());
  absl::Time until = absl::UnixEpoch() + absl::Ceil(options_.now() + options_.ttl - absl::UnixEpoch(), absl::Minutes(1));
  if (record.generation().has_expire_time()) until = std::min(until, ToTime(record.generation().expire_time()));
  const std::int64_t seconds = absl::ToUnixSeconds(until);
  const std::string expires = absl::StrCat(seconds);
  return {.url = absl::StrCat(options_.public_url, "/images/", View(id), "?expires=", expires,
                              "&signature=", Sign(id, expires)),
          .expire_time = absl::FromUnixSeconds(seconds)};
}

SignedImageLinks::Verdict SignedImageLinks::Check(std::string_view id, std::string_view expires,
                                                  std::string_view signature) const {
  const std::string expected = Sign(id, expires);
  if (signature.size() != expected.size() ||
      CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0) {
    return Verdict::kForged;
  }
  std::int64_t seconds = 0;
  if (!absl::SimpleAtoi(View(expires), &seconds)) return Verdict::kForged;
  return options_.now() < absl::FromUnixSeconds(seconds) ? Verdict::kValid : Verdict::kExpired;
}

std::string SignedImageLinks::Sign(std::string_view id, std::string_view expires) const {
  // The newline is part of no id, so no two pairs sign alike.
  const std::string text = absl::StrCat("images/", View(id), "\n", View(expires));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  const std::lock_guard lock(signer_->mutex);
  EVP_MAC_CTX* const context = signer_->context.get();
  EVP_MAC_init(context, nullptr, 0, nullptr);  // begins anew with the same key
  EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MAC_final(context, digest.data(), &size, digest.size());
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace easel::http
