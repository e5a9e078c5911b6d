#include "sandbox/digest.h"

#include <openssl/sha.h>

#include <array>

#include "absl/strings/escaping.h"

namespace easel::sandbox {
namespace {

std::string Sha256(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return std::string(digest.begin(), digest.end());
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) { return absl::BytesToHexString(Sha256(bytes)); }

std::string Fingerprint(std::string_view key) { return Sha256Hex(key).substr(0, 12); }

std::uint64_t Seed(std::string_view bytes) {
  std::uint64_t seed = 0;
  for (const char byte : Sha256(bytes).substr(0, 8)) seed = seed << 8 | static_cast<unsigned char>(byte);
  return seed;
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size())); }

}  // namespace easel::sandbox
