#include "rpc/page_token.h"

#include <algorithm>
#include <array>

#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace easel::rpc {
namespace {

constexpr std::size_t kDigestBytes = 8;

std::string FilterDigest(v1::ListGenerationsRequest request) {
  request.clear_page_size();
  request.clear_page_token();
  auto* states = request.mutable_states();
  std::sort(states->begin(), states->end());
  const std::string text = request.SerializeAsString();
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), kDigestBytes};
}

}  // namespace

std::string MakePageToken(const v1::ListGenerationsRequest& request, std::string_view after_name) {
  return absl::WebSafeBase64Escape(FilterDigest(request).append(after_name));
}

std::optional<std::string> ReadPageToken(const v1::ListGenerationsRequest& request) {
  std::string token;
  if (!absl::WebSafeBase64Unescape(request.page_token(), &token)) return std::nullopt;
  if (!token.starts_with(FilterDigest(request))) return std::nullopt;
  return token.substr(kDigestBytes);
}

}  // namespace easel::rpc
